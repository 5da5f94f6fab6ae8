import type { CallTrace } from '../call/execute.ts';
import type { CacheEvent } from '../call/middleware/cache.ts';
import type { CallResult } from '../call/types.ts';
import { unreachable } from '../errors.ts';
import type { Tool } from '../tool/types.ts';

/** A call that is over; `CallOutcome` of the bridge is one. */
export interface ObservedCall {
  readonly tool: Tool;
  readonly result: CallResult;
  readonly trace: CallTrace;
  readonly ms: number;
}

/** Told of everything that is measured. Labels come from documents and config only: never from arguments or answers. */
export interface Observer {
  observeCall(call: ObservedCall): void;
  observeRetry(event: { readonly api: string; readonly tool: string }): void;
  /** `limit`: for the rate limiter; `concurrency`: for a free place. */
  observeWait(event: {
    readonly api: string;
    readonly tool: string;
    readonly kind: 'limit' | 'concurrency';
    readonly ms: number;
  }): void;
  observeCache(event: { readonly api: string; readonly tool: string; readonly event: CacheEvent }): void;
  observeBreaker(event: {
    readonly api: string;
    readonly origin: string;
    readonly safe: boolean;
    readonly change: 'opened' | 'half-open' | 'closed';
  }): void;
  observeAuditFailure(): void;
}

/** One observer for several. */
export function observeAll(observers: readonly Observer[]): Observer {
  if (observers.length === 1) return observers[0]!;
  const each = (tell: (observer: Observer) => void) => {
    for (const observer of observers) tell(observer);
  };
  return {
    observeCall: (call) => each((observer) => observer.observeCall(call)),
    observeRetry: (event) => each((observer) => observer.observeRetry(event)),
    observeWait: (event) => each((observer) => observer.observeWait(event)),
    observeCache: (event) => each((observer) => observer.observeCache(event)),
    observeBreaker: (event) => each((observer) => observer.observeBreaker(event)),
    observeAuditFailure: () => each((observer) => observer.observeAuditFailure()),
  };
}

/** What kind of error a result is, for labels and `error.type`: undefined for none, `http_4xx`, `invalid`, or a code such as `breaker_open`. */
export function errorKindOf(result: CallResult): string | undefined {
  switch (result.kind) {
    case 'ok':
      return undefined;
    case 'refused':
      return result.status >= 500 ? 'http_5xx' : 'http_4xx';
    case 'invalid':
      return 'invalid';
    case 'failed':
      return result.error.code.toLowerCase();
    case 'unknown':
      return 'outcome_unknown';
    default:
      return unreachable(result);
  }
}
