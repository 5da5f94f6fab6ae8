import { type Clock, systemClock } from '../../clock.ts';
import { originOf } from '../../net/origin.ts';
import type { Exchange, WireMiddleware } from '../execute.ts';
import type { PolicyOf } from '../policy.ts';
import { createSlots, type Slots } from '../slots.ts';

export interface ConcurrencyOptions {
  readonly policyOf: PolicyOf;
  /** Requests under way in the whole process; default 100. */
  readonly total?: number;
  readonly slots?: Slots;
  readonly clock?: Clock;
  /** How long a request waited, in milliseconds; for metrics. */
  readonly onWait?: (exchange: Exchange, ms: number) => void;
}

/**
 * At most so many requests under way to one origin and in the process (SECURITY.md: 10, queue 50, 100 in all). The wait is
 * part of the call's deadline, and is added to `trace.timings.wait`. Throws BUSY, retryable, when the queue is full.
 */
export function concurrency(options: ConcurrencyOptions): WireMiddleware {
  const clock = options.clock ?? systemClock;
  const slots = options.slots ?? createSlots(options.total ?? 100);
  return (next) => async (exchange) => {
    const { tool, trace } = exchange.call;
    const started = clock.now();
    const place = slots.acquire(originOf(exchange.plan.url), options.policyOf(tool).concurrency, exchange.signal);
    const release = place instanceof Promise ? await place : place;
    const waited = clock.now() - started;
    if (waited > 0) trace.timings['wait'] = (trace.timings['wait'] ?? 0) + waited;
    options.onWait?.(exchange, waited);
    try {
      return await next(exchange);
    } finally {
      release();
    }
  };
}
