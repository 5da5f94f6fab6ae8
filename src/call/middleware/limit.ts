import { type Clock, systemClock } from '../../clock.ts';
import { BridgeError } from '../../errors.ts';
import type { Signal } from '../../signal.ts';
import type { WindowStore } from '../../store/types.ts';
import type { Handler } from '../compose.ts';
import type { Exchange, WireMiddleware } from '../execute.ts';
import type { PolicyOf, RatePolicy } from '../policy.ts';
import type { RawResponse } from '../types.ts';
import { endedWhileWaiting } from '../waiting.ts';

export interface LimitOptions {
  readonly policyOf: PolicyOf;
  readonly windows: WindowStore;
  /** Milliseconds since the epoch; a call does not queue for a place that comes later. */
  readonly deadlineAt: (exchange: Exchange) => number;
  readonly clock?: Clock;
  /** A principal that speaks for many (ChatGPT) has a window for each of the users that it tells apart. */
  readonly bySubject?: boolean;
  /** How long a call waited, in milliseconds; for metrics. */
  readonly onWait?: (exchange: Exchange, ms: number) => void;
}

/** Calls that queue for one window; more are refused. */
const MAX_QUEUE = 50;

interface Queue {
  length: number;
  tail: Promise<void>;
}

/**
 * At most so many calls per sliding window, for each principal × API (SECURITY.md: 60 in 60 s), or for a tool that has a
 * limit of its own. Over it a call is refused, or queues in its turn while its deadline allows; the wait is added to
 * `trace.timings.wait`. Throws RATE_LIMITED, retryable, with the seconds until there may be a place.
 */
export function limit(options: LimitOptions): WireMiddleware {
  const clock = options.clock ?? systemClock;
  const queues = new Map<string, Queue>();

  async function queued(key: string, rate: RatePolicy, exchange: Exchange): Promise<void> {
    const queue = queues.get(key) ?? { length: 0, tail: Promise.resolve() };
    if (queue.length >= MAX_QUEUE) throw refusal(exchange, rate, rate.windowMs);
    queues.set(key, queue);
    queue.length++;
    const turn = queue.tail;
    const mine = turn.then(() => takeWhenFree(key, rate, exchange));
    queue.tail = mine.catch(() => undefined);
    try {
      await untilAborted(mine, exchange.signal);
    } finally {
      queue.length--;
      if (queue.length === 0) queues.delete(key);
    }
  }

  async function takeWhenFree(key: string, rate: RatePolicy, exchange: Exchange): Promise<void> {
    for (;;) {
      if (exchange.signal.aborted) throw endedWhileWaiting(exchange.signal.reason);
      const taken = await options.windows.take(key, rate);
      if (taken.taken) return;
      if (clock.now() + taken.waitMs >= options.deadlineAt(exchange)) throw refusal(exchange, rate, taken.waitMs);
      try {
        await clock.sleep(taken.waitMs, exchange.signal);
      } catch (reason) {
        throw endedWhileWaiting(reason);
      }
    }
  }

  async function admit(key: string, rate: RatePolicy, exchange: Exchange): Promise<void> {
    if (rate.when === 'queue') return queued(key, rate, exchange);
    const taken = await options.windows.take(key, rate);
    if (!taken.taken) throw refusal(exchange, rate, taken.waitMs);
  }

  return (next) => (exchange) => {
    const rate = options.policyOf(exchange.call.tool).rateLimit;
    return rate ? limited(next, exchange, rate) : next(exchange);
  };

  async function limited(
    next: Handler<Exchange, RawResponse>,
    exchange: Exchange,
    rate: RatePolicy,
  ): Promise<RawResponse> {
    const started = clock.now();
    await admit(keyOf(exchange, rate, options.bySubject ?? false), rate, exchange);
    const waited = clock.now() - started;
    const { timings } = exchange.call.trace;
    if (waited > 0) timings['wait'] = (timings['wait'] ?? 0) + waited;
    options.onWait?.(exchange, waited);
    return next(exchange);
  }
}

function keyOf({ call }: Exchange, rate: RatePolicy, bySubject: boolean): string {
  const { tool, context } = call;
  const subject = bySubject ? context.client?.subject : undefined;
  const window = [context.principal ?? null, tool.api, rate.per === 'tool' ? tool.name : null];
  return JSON.stringify(subject === undefined ? window : [...window, subject]);
}

function refusal({ call }: Exchange, rate: RatePolicy, waitMs: number): BridgeError {
  const of = rate.per === 'tool' ? `the tool ${call.tool.name}` : `the API ${call.tool.api}`;
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new BridgeError(
    'RATE_LIMITED',
    `More than ${rate.calls} calls in ${rate.windowMs / 1000} s of ${of}; the next one may go in ${seconds} s`,
    { retryable: true, retryAfterSeconds: seconds },
  );
}

/** A caller that gives up does not wait for those before it. */
function untilAborted(work: Promise<void>, signal: Signal): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = () => reject(endedWhileWaiting(signal.reason));
    if (signal.aborted) cancel();
    else signal.addEventListener('abort', cancel, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', cancel));
  });
}
