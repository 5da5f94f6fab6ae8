import { hash } from 'node:crypto';

export type AuditEvent = 'started' | 'finished' | 'refused';

export const AUDIT_RESULTS = [
  'ok',
  'upstream_error',
  'refused',
  'invalid',
  'cancelled',
  'timeout',
  'unknown',
  'breaker_open',
  'rate_limited',
] as const;

export type AuditResult = (typeof AUDIT_RESULTS)[number];

/** What a record says, before it takes its place in the log. `null`: not known, or it does not apply. */
export interface AuditEntry {
  readonly event: AuditEvent;
  /** The surface's id of the request; the same in every log line about it. */
  readonly request_id: string;
  /** One per call of a tool. */
  readonly call: string;
  /** Requests of the call, from 1; 0: answered or refused without one. */
  readonly attempt: number;
  readonly surface: string;
  readonly principal: string | null;
  readonly api: string;
  readonly tool: string;
  readonly tool_version: string;
  readonly method: string;
  readonly origin: string | null;
  readonly path_template: string;
  /** Whole, or `{ shape, hash }`; `null` in `finished`. */
  readonly arguments: unknown;
  readonly status: number | null;
  readonly result: AuditResult | null;
  /** Of the answer's body, decoded. */
  readonly bytes_in: number | null;
  /** Of the request's body. */
  readonly bytes_out: number | null;
  readonly ms: number | null;
  /** Whole, or `{ shape, hash }`; `null` in `started` and `refused`. */
  readonly response: unknown;
  /** What the client says about its user and the conversation; only where it does. */
  readonly client_subject?: string;
  readonly client_session?: string;
  /** What came of asking a person; only in records of calls that are asked about. */
  readonly confirmation?: string;
}

/** One line of the audit log (CONTRACT.md, "Audit record"). */
export interface AuditRecord extends AuditEntry {
  readonly v: 1;
  /** ISO 8601 in UTC, milliseconds. */
  readonly ts: string;
  readonly seq: number;
  /** `hashLine` of the line before; `FIRST` where there is none. */
  readonly prev: string;
}

export const FIRST = '0'.repeat(64);

/** sha-256 (hexadecimal) over the bytes of a line without its newline, torn lines included. */
export function hashLine(line: Uint8Array | string): string {
  return hash('sha256', line);
}

export interface Place {
  readonly ts: number;
  readonly seq: number;
  readonly prev: string;
}

/** The record as one line without newline. Its first members stand in a fixed order, so that `readHead` finds them. */
export function writeLine(entry: AuditEntry, { ts, seq, prev }: Place, mask: (text: string) => string): string {
  const head = { v: 1, ts: new Date(ts).toISOString(), seq };
  const line = JSON.stringify({ ...head, ...inOrder(entry), prev });
  return mask(line) === line ? line : JSON.stringify({ ...head, ...(masked(inOrder(entry), mask) as object), prev });
}

function inOrder(entry: AuditEntry): AuditEntry {
  const { event, request_id, call, attempt, ...rest } = entry;
  return { event, request_id, call, attempt, ...rest };
}

/** Every string masked where it stands, names of members too: the line stays JSON whatever a secret looks like. */
function masked(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === 'string') return mask(value);
  if (typeof value === 'number') {
    const written = mask(String(value));
    return written === String(value) ? value : written;
  }
  if (Array.isArray(value)) return value.map((item) => masked(item, mask));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [mask(name), masked(member, mask)]));
}

export interface Head {
  readonly seq: number;
  readonly event: AuditEvent;
  readonly call: string;
  readonly attempt: number;
}

const HEAD =
  /^\{"v":1,"ts":"[^"]*","seq":(\d+),"event":"(started|finished|refused)","request_id":"(?:[^"\\]|\\.)*","call":"((?:[^"\\]|\\.)*)","attempt":(\d+),/;

/** The first members of a line, without parsing the rest; undefined when it is no whole line of ours. */
export function readHead(line: string): Head | undefined {
  const match = line.endsWith('}') ? HEAD.exec(line) : null;
  if (!match) return undefined;
  return { seq: Number(match[1]), event: match[2] as AuditEvent, call: match[3]!, attempt: Number(match[4]) };
}
