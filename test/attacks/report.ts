import type { CallOutcome } from '../../src/bridge.ts';
import type { Diagnostic } from '../../src/diagnostic.ts';
import type { Tool } from '../../src/tool/types.ts';
import type { Arena } from './arena.ts';

/** One call of a case, as its caller saw it. */
export interface CallReport {
  readonly principal: string | undefined;
  /** In the words of `attacks.json`. */
  readonly outcome: 'rejected_before_send' | 'sent' | 'tool_error' | 'partial';
  readonly text: string;
  readonly ms: number;
  readonly attempts: number;
  readonly result?: CallOutcome['result'];
}

/** All that was seen of a case. */
export interface Report {
  readonly arena: Arena;
  /** Why nothing was loaded. */
  readonly loadError?: Error;
  /** Of the case's own APIs. */
  readonly tools: readonly Tool[];
  readonly listed: string;
  readonly diagnostics: readonly Diagnostic[];
  readonly calls: readonly CallReport[];
  readonly logs: string;
  /** Of loading, or of the slowest call. */
  readonly ms: number;
  readonly rssMB: number;
  readonly loopDelayMs: number;
  readonly dnsLookups: number;
  /** Bytes that came in from the document's host. */
  readonly bytesRead: number;
  /** The harmless tool answered afterwards, in milliseconds; undefined: it did not. */
  readonly aliveMs: number | undefined;
  readonly unknownTool: (name: string) => Promise<string>;
}

/** Everything that anybody was shown or that was written down. */
export function outputOf(report: Report): string {
  return [
    report.loadError?.message ?? '',
    report.loadError && 'hint' in report.loadError ? String(report.loadError.hint) : '',
    report.listed,
    JSON.stringify(report.diagnostics),
    ...report.calls.map(({ text }) => text),
    report.logs,
    report.arena.audit(),
  ].join('\n');
}
