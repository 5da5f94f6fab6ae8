import type { AuditRecord } from './record.ts';

export interface ToolSummary {
  readonly api: string;
  readonly tool: string;
  readonly calls: number;
  /** Calls whose last word was not `ok`, by result. */
  readonly errors: { readonly [result: string]: number };
  readonly failed: number;
  /** Requests that left for the API. */
  readonly requests: number;
  /** Milliseconds from the first `started` to the last `finished` of a call; null without one. */
  readonly p50: number | null;
  readonly p99: number | null;
}

interface CallSoFar {
  readonly api: string;
  readonly tool: string;
  started?: number;
  ended?: number;
  attempts: number;
  result: string | null;
}

/** Calls, errors and times per tool, most called first. A call is all records of one `call`; one still open counts as `open`. */
export function summarize(records: Iterable<AuditRecord>): ToolSummary[] {
  const calls = new Map<string, CallSoFar>();
  for (const record of records) note(calls, record);
  const tools = new Map<string, CallSoFar[]>();
  for (const call of calls.values()) {
    const key = JSON.stringify([call.api, call.tool]);
    const group = tools.get(key) ?? [];
    group.push(call);
    tools.set(key, group);
  }
  return Array.from(tools.values(), summaryOf).sort((a, b) => b.calls - a.calls || (a.tool < b.tool ? -1 : 1));
}

/** A question that went out to a person is no call yet: the call comes with the answer. */
const QUESTIONS: readonly (string | undefined)[] = ['asked', 'token_issued'];

function note(calls: Map<string, CallSoFar>, record: AuditRecord): void {
  if (record.event === 'refused' && QUESTIONS.includes(record.confirmation)) return;
  const call = calls.get(record.call) ?? { api: record.api, tool: record.tool, attempts: 0, result: null };
  calls.set(record.call, call);
  const at = Date.parse(record.ts);
  if (record.event === 'started') {
    call.started ??= at;
    call.result = 'open';
    if (record.attempt > 0) call.attempts++;
    return;
  }
  call.result = record.result;
  if (record.event === 'finished')
    call.ended = record.attempt === 0 && record.ms !== null ? (call.started ?? at) + record.ms : at;
}

function summaryOf(calls: readonly CallSoFar[]): ToolSummary {
  const errors: { [result: string]: number } = {};
  for (const { result } of calls) if (result !== null && result !== 'ok') errors[result] = (errors[result] ?? 0) + 1;
  const times = calls
    .flatMap(({ started, ended }) => (started === undefined || ended === undefined ? [] : [ended - started]))
    .sort((a, b) => a - b);
  const { api, tool } = calls[0]!;
  return {
    api,
    tool,
    calls: calls.length,
    errors,
    failed: Object.values(errors).reduce((sum, count) => sum + count, 0),
    requests: calls.reduce((sum, { attempts }) => sum + attempts, 0),
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
  };
}

/** Nearest rank. */
function percentile(sorted: readonly number[], part: number): number | null {
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? null;
}
