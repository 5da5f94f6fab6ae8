import { readAuditBytes } from './file.ts';
import { type AuditEntry, type AuditRecord, FIRST, hashLine, readHead } from './record.ts';

/** Where a log that is taken up again goes on. */
export interface Recovered {
  /** Of the last whole record; 0 when there is none. */
  readonly seq: number;
  /** `hashLine` of the last line, whole or torn. */
  readonly prev: string;
  /** The last line lacks its end: the process died while it wrote. */
  readonly torn: boolean;
  /** `started` without `finished`, oldest first. */
  readonly open: readonly AuditRecord[];
}

/** How much of the rotated file before the current one is looked through for open calls. */
const LOOK_BACK = 2 ** 20;

/** Reads what an earlier process left: the current file, and the end of the one rotated last. Throws AUDIT_FAILED. */
export function recoverAudit(path: string): Recovered {
  const current = readAuditBytes(path);
  const before = readAuditBytes(`${path}.1`);
  const open = new Map<string, string>();
  const last = { seq: 0, prev: FIRST };
  scan(before.subarray(Math.max(0, before.length - LOOK_BACK)), open, last);
  scan(current, open, last);
  const torn = current.length > 0 && current.at(-1) !== NEWLINE;
  return { ...last, torn, open: Array.from(open.values()).flatMap(parse) };
}

const NEWLINE = 10;

/** A line whose head is ours and whose rest was damaged is left to `audit --verify`. */
function parse(line: string): AuditRecord[] {
  try {
    return [JSON.parse(line) as AuditRecord];
  } catch {
    return [];
  }
}

function scan(bytes: Uint8Array, open: Map<string, string>, last: { seq: number; prev: string }): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let end: Uint8Array | undefined;
  for (let start = 0; start < buffer.length; ) {
    const newline = buffer.indexOf(NEWLINE, start);
    const line = buffer.subarray(start, newline < 0 ? buffer.length : newline);
    note(line.toString('utf8'), open, last);
    end = line;
    start = newline < 0 ? buffer.length : newline + 1;
  }
  if (end) last.prev = hashLine(end);
}

function note(line: string, open: Map<string, string>, last: { seq: number }): void {
  const head = readHead(line);
  if (!head) return;
  last.seq = Math.max(last.seq, head.seq);
  const key = `${head.call} ${head.attempt}`;
  if (head.event === 'started') open.set(key, line);
  else open.delete(key);
}

/** What is written about a call that was open when its process ended. */
export function asUnknown({ v: _v, ts: _ts, seq: _seq, prev: _prev, ...started }: AuditRecord): AuditEntry {
  return { ...started, event: 'finished', arguments: null, status: null, result: 'unknown', bytes_in: null, ms: null };
}
