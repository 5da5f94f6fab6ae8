import { existsSync } from 'node:fs';
import { readAuditBytes } from './file.ts';
import type { AuditRecord } from './record.ts';

/** One line of a log, as it stands. `record` is absent when it is no record: torn, or not ours. */
export interface AuditLine {
  readonly file: string;
  /** From 1. */
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly record?: AuditRecord;
}

/** A log's files, oldest first: `path.9` … `path.1`, `path`. */
export function auditFilesOf(path: string): string[] {
  const rotated: string[] = [];
  for (let number = 1; existsSync(`${path}.${number}`); number++) rotated.unshift(`${path}.${number}`);
  return existsSync(path) ? [...rotated, path] : rotated;
}

/** Every line of a log over all its files, oldest first; empty lines left out. Throws AUDIT_FAILED when one cannot be read. */
export function* readAuditLines(path: string): Generator<AuditLine> {
  for (const file of auditFilesOf(path)) {
    const all = readAuditBytes(file);
    const buffer = Buffer.from(all.buffer, all.byteOffset, all.length);
    let number = 0;
    for (let start = 0; start < buffer.length; ) {
      const newline = buffer.indexOf(10, start);
      const end = newline < 0 ? buffer.length : newline;
      number++;
      const bytes = buffer.subarray(start, end);
      if (bytes.length > 0) yield { file, number, bytes, ...recordOf(bytes) };
      start = end + 1;
    }
  }
}

function recordOf(bytes: Buffer): { record?: AuditRecord } {
  try {
    const record = JSON.parse(bytes.toString('utf8')) as AuditRecord;
    return record?.v === 1 && Number.isInteger(record.seq) && typeof record.prev === 'string' ? { record } : {};
  } catch {
    return {};
  }
}

export interface AuditFilter {
  /** A glob over tool names. */
  readonly tool?: string;
  readonly api?: string;
  readonly result?: string;
  /** Milliseconds since the epoch. */
  readonly since?: number;
}

/** Whether a record is wanted. A filter by result leaves out `started` records: they have none. */
export function matches(filter: AuditFilter): (record: AuditRecord) => boolean {
  const tool = filter.tool === undefined ? undefined : globToPattern(filter.tool);
  return (record) =>
    (tool === undefined || tool.test(record.tool)) &&
    (filter.api === undefined || record.api === filter.api) &&
    (filter.result === undefined || record.result === filter.result) &&
    (filter.since === undefined || Date.parse(record.ts) >= filter.since);
}

function globToPattern(glob: string): RegExp {
  const escaped = glob.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replace(/\*+/g, '.*').replace(/\?/g, '.')}$`);
}

/** The last `count` that pass, in their order. */
export function tail(records: Iterable<AuditRecord>, count: number): AuditRecord[] {
  const last: AuditRecord[] = [];
  for (const record of records) {
    last.push(record);
    if (last.length > count * 2 + 1000) last.splice(0, last.length - count);
  }
  return count === 0 ? [] : last.slice(-count);
}

/** The records among the lines. */
export function* recordsOf(lines: Iterable<AuditLine>): Generator<AuditRecord> {
  for (const { record } of lines) if (record) yield record;
}
