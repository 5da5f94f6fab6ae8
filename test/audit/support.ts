import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { AuditEntry, AuditRecord } from '../../src/audit/record.ts';

/** A folder per test, gone afterwards. */
export function useFolder(): () => string {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
  return () => {
    const folder = mkdtempSync(join(tmpdir(), 'audit-'));
    folders.push(folder);
    return folder;
  };
}

export function makeEntry(parts: Partial<AuditEntry> = {}): AuditEntry {
  return {
    event: 'started',
    request_id: 'r-1',
    call: 'c-1',
    attempt: 1,
    surface: 'mcp',
    principal: null,
    api: 'shop',
    tool: 'getThing',
    tool_version: 'abc',
    method: 'GET',
    origin: 'http://shop.test',
    path_template: '/things/{id}',
    arguments: { shape: {}, hash: 'x' },
    status: null,
    result: null,
    bytes_in: null,
    bytes_out: 0,
    ms: null,
    response: null,
    ...parts,
  };
}

export function readRecords(path: string): AuditRecord[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as AuditRecord);
}
