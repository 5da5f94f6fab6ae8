import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type AuditOptions, openAuditLog } from '../../src/audit/log.ts';
import { createFakeClock } from '../policy/fake-clock.ts';
import { makeEntry, readRecords, useFolder } from './support.ts';

const folder = useFolder();

function setUp(options: Partial<AuditOptions> = {}, path = join(folder(), 'audit.jsonl')) {
  return { path, log: openAuditLog({ path, clock: createFakeClock(), ...options }) };
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('openAuditLog', () => {
  test('writes one JSON line per record, each with the hash of the line before', () => {
    const { path, log } = setUp();
    for (let i = 0; i < 3; i++) log.write(makeEntry({ call: `c-${i}` }));
    log.close();
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines.pop()).toBe('');
    const records = readRecords(path);
    expect(records.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(records.map(({ prev }) => prev)).toEqual(['0'.repeat(64), sha256(lines[0]!), sha256(lines[1]!)]);
    expect(records[0]).toMatchObject({ v: 1, ts: '2026-01-01T00:00:00.000Z', event: 'started', call: 'c-0' });
  });

  test('has every member of the contract', () => {
    const { path, log } = setUp();
    log.write(makeEntry());
    log.close();
    const names =
      'v ts seq event request_id call attempt surface principal api tool tool_version method origin path_template arguments status result bytes_in bytes_out ms prev';
    expect(Object.keys(readRecords(path)[0]!)).toEqual(expect.arrayContaining(names.split(' ')));
  });

  test('is readable by its owner only, and narrows a file that was not', () => {
    const { path, log } = setUp();
    log.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    chmodSync(path, 0o644);
    setUp({}, path).log.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test.each(['a symbolic link', 'a dangling symbolic link', 'a folder', 'a pipe'])('refuses %s', (what) => {
    const place = folder();
    const path = join(place, 'audit.jsonl');
    const target = join(place, 'target');
    if (what === 'a symbolic link') writeFileSync(target, '');
    if (what.endsWith('symbolic link')) symlinkSync(target, path);
    if (what === 'a folder') mkdirSync(path);
    if (what === 'a pipe') expect(spawnSync('mkfifo', [path]).status).toBe(0);
    expect(() => openAuditLog({ path })).toThrow(expect.objectContaining({ code: 'AUDIT_FAILED' }));
    expect(existsSync(`${path}.lock`)).toBe(false);
    if (what === 'a dangling symbolic link') expect(existsSync(target)).toBe(false);
  });

  test('refuses what it cannot write, stays whole, and goes on when there is room again', () => {
    let room = Number.POSITIVE_INFINITY;
    const write = (fd: number, bytes: Uint8Array) => {
      if (room <= 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      const written = writeSync(fd, bytes.subarray(0, Math.min(bytes.length, room)));
      room -= written;
      return written;
    };
    const { path, log } = setUp({ file: { write } });
    log.write(makeEntry({ call: 'a' }));
    const before = readFileSync(path, 'utf8');
    room = 100;
    expect(() => log.write(makeEntry({ call: 'b' }))).toThrow(
      expect.objectContaining({ code: 'AUDIT_FAILED', message: expect.stringContaining('no space') }),
    );
    expect(readFileSync(path, 'utf8')).toBe(before);
    room = Number.POSITIVE_INFINITY;
    log.write(makeEntry({ call: 'c' }));
    log.close();
    expect(readRecords(path).map(({ seq, call }) => [seq, call])).toEqual([
      [1, 'a'],
      [2, 'c'],
    ]);
    expect(readRecords(path)[1]!.prev).toBe(sha256(before.trimEnd()));
  });

  test('begins a new file when one is full, keeps so many, and the chain goes on', () => {
    const { path, log } = setUp({ file: { maxBytes: 1_500, files: 3 } });
    for (let i = 0; i < 30; i++) log.write(makeEntry({ call: `c-${i}` }));
    log.close();
    expect(readdirSync(join(path, '..')).sort()).toEqual(['audit.jsonl', 'audit.jsonl.1', 'audit.jsonl.2']);
    const lines = [`${path}.2`, `${path}.1`, path].flatMap((file) => readFileSync(file, 'utf8').trimEnd().split('\n'));
    const records = lines.map((line) => JSON.parse(line));
    for (let i = 1; i < records.length; i++) {
      expect(records[i].prev).toBe(sha256(lines[i - 1]!));
      expect(records[i].seq).toBe(records[i - 1].seq + 1);
    }
    expect(records.at(-1).seq).toBe(30);
    expect(statSync(`${path}.1`).mode & 0o777).toBe(0o600);
    expect(statSync(`${path}.1`).size).toBeLessThanOrEqual(1_500);
  });

  test('goes on with number and chain after a restart, also when the file was just rotated', () => {
    const { path, log } = setUp({ file: { maxBytes: 1_500, files: 3 } });
    log.write(makeEntry({ event: 'refused' }));
    log.close();
    const again = setUp({}, path);
    again.log.write(makeEntry({ event: 'refused' }));
    again.log.close();
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(JSON.parse(lines[1]!)).toMatchObject({ seq: 2, prev: sha256(lines[0]!) });
    spawnSync('mv', [path, `${path}.1`]);
    const third = setUp({}, path);
    third.log.write(makeEntry({ event: 'refused' }));
    third.log.close();
    expect(readRecords(path)).toMatchObject([{ seq: 3, prev: sha256(lines[1]!) }]);
  });

  test('puts calls that were open when the process ended on record as unknown', () => {
    const { path, log } = setUp();
    log.write(makeEntry({ call: 'a' }));
    log.write(makeEntry({ call: 'a', event: 'finished', result: 'ok' }));
    log.write(makeEntry({ call: 'b', arguments: { shape: { n: 'integer' }, hash: 'h' } }));
    log.write(makeEntry({ call: 'c', attempt: 1 }));
    log.write(makeEntry({ call: 'c', attempt: 1, event: 'finished', result: 'upstream_error' }));
    log.write(makeEntry({ call: 'c', attempt: 2 }));
    log.write(makeEntry({ call: 'd', event: 'refused' }));
    log.close();
    const again = setUp({}, path);
    again.log.close();
    expect(again.log.reported).toBe(2);
    expect(readRecords(path).slice(7)).toMatchObject([
      { seq: 8, call: 'b', attempt: 1, event: 'finished', result: 'unknown', arguments: null },
      { seq: 9, call: 'c', attempt: 2, event: 'finished', result: 'unknown' },
    ]);
    const third = setUp({}, path);
    third.log.close();
    expect(third.log.reported).toBe(0);
  });

  test('begins a new line after a torn one, and chains over it', () => {
    const { path, log } = setUp();
    log.write(makeEntry({ call: 'a' }));
    log.close();
    appendFileSync(path, '{"v":1,"ts":"2026');
    const again = setUp({}, path);
    again.log.close();
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines.length).toBe(3);
    expect(lines[1]).toBe('{"v":1,"ts":"2026');
    expect(JSON.parse(lines[2]!)).toMatchObject({ seq: 2, call: 'a', result: 'unknown', prev: sha256(lines[1]!) });
  });

  test('masks secrets wherever they stand, and the line stays JSON', () => {
    const mask = (text: string) =>
      text.replaceAll('hunter2', '***').replaceAll('"quoted', '***').replaceAll('4711', '***');
    const { path, log } = setUp({ mask });
    log.write(makeEntry({ request_id: 'x hunter2', arguments: { hunter2: ['hunter2', 4711], b: { c: '"quoted"' } } }));
    log.close();
    const text = readFileSync(path, 'utf8');
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain('4711');
    expect(readRecords(path)[0]).toMatchObject({ request_id: 'x ***', arguments: { '***': ['***', '***'] } });
  });

  test('stays one line per record whatever an argument holds', () => {
    const { path, log } = setUp();
    log.write(makeEntry({ arguments: { id: 'x"}\n{"event":"forged' }, request_id: 'a\r\nb"\u2028' }));
    log.close();
    expect(readFileSync(path, 'utf8').split('\n').length).toBe(2);
    expect(readRecords(path)[0]!.arguments).toEqual({ id: 'x"}\n{"event":"forged' });
    const again = setUp({}, path);
    again.log.close();
    expect(again.log.reported).toBe(1);
  });

  test('belongs to one process', () => {
    const { path, log } = setUp();
    expect(() => openAuditLog({ path })).toThrow(expect.objectContaining({ code: 'AUDIT_FAILED' }));
    log.close();
    expect(existsSync(`${path}.lock`)).toBe(false);
    const dead = spawnSync('true').pid;
    writeFileSync(`${path}.lock`, JSON.stringify({ pid: dead, started: 'then' }));
    setUp({}, path).log.close();
    writeFileSync(`${path}.lock`, JSON.stringify({ pid: process.pid, started: 'another boot' }));
    setUp({}, path).log.close();
    writeFileSync(`${path}.lock`, '{torn');
    setUp({}, path).log.close();
    writeFileSync(`${path}.lock`, JSON.stringify({ pid: process.ppid }));
    expect(() => openAuditLog({ path })).toThrow(String(process.ppid));
  });

  test('writes the number of the process where the path says {pid}', () => {
    const place = folder();
    openAuditLog({ path: join(place, 'audit-{pid}.jsonl') }).close();
    expect(readdirSync(place)).toEqual([`audit-${process.pid}.jsonl`]);
  });
});
