import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../../clock.ts';
import { NetError } from '../../net/errors.ts';
import { originOf } from '../../net/origin.ts';
import type { Signal } from '../../signal.ts';
import { isSafeMethod } from '../../tool/hints.ts';
import type { RequestTemplate } from '../../tool/types.ts';
import type { Exchange, WireMiddleware } from '../execute.ts';
import type { PolicyOf, RetryPolicy } from '../policy.ts';
import { parseRetryAfter } from '../retry-after.ts';
import type { RawResponse, RequestPlan } from '../types.ts';
import { endedWhileWaiting } from '../waiting.ts';
import { createRetryBudget, type RetryBudget } from './retry-budget.ts';

export interface RetryOptions {
  readonly policyOf: PolicyOf;
  /** Milliseconds since the epoch; waits that would end later are not begun. */
  readonly deadlineAt: (exchange: Exchange) => number;
  readonly clock?: Clock;
  /** From 0 up to 1. */
  readonly random?: () => number;
  readonly newKey?: () => string;
  readonly budget?: RetryBudget;
  readonly onRetry?: (exchange: Exchange) => void;
}

/** What one try brought. `refused`: something on our side said no, and nothing was sent. */
type Attempt =
  | { readonly kind: 'answer'; readonly response: RawResponse }
  | { readonly kind: 'broken'; readonly error: NetError }
  | { readonly kind: 'refused'; readonly error: unknown };

/**
 * Tries again by the method matrix of SECURITY.md: what never left is tried again whatever the method; what may have had an
 * effect only when repeating it has none. `Retry-After` that does not fit the deadline ends the call at once with that
 * answer. What is thrown or returned in the end is what the last request brought.
 */
export function retry(options: RetryOptions): WireMiddleware {
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  const budget = options.budget ?? createRetryBudget(clock);
  const newKey = options.newKey ?? randomUUID;
  return (next) => async (given) => {
    const policy = options.policyOf(given.call.tool).retry;
    const exchange = withIdempotencyKey(given, policy, newKey);
    const origin = originOf(exchange.plan.url);
    budget.countCall(origin);
    let lost = false;
    let previous: Attempt | undefined;
    for (let tries = 1; ; tries++) {
      let attempt: Attempt;
      try {
        attempt = { kind: 'answer', response: await next(exchange) };
      } catch (error) {
        attempt = failed(error);
      }
      if (attempt.kind === 'refused' && previous) return conclude(previous, lost);
      lost ||= attempt.kind === 'broken' && attempt.error.sent;
      previous = attempt;
      if (tries >= policy.tries || exchange.signal.aborted) return conclude(attempt, lost);
      if (!mayRepeat(attempt, exchange.plan.method, exchange.call.tool.request, policy)) return conclude(attempt, lost);
      const wait = waitAfter(attempt, tries, policy, { now: clock.now(), random });
      if (clock.now() + wait >= options.deadlineAt(exchange) || !budget.take(origin)) return conclude(attempt, lost);
      await pause(clock, wait, exchange.signal, lost || attempt.kind === 'answer');
      options.onRetry?.(exchange);
    }
  };
}

function failed(error: unknown): Attempt {
  return error instanceof NetError ? { kind: 'broken', error } : { kind: 'refused', error };
}

/** Once a request was lost, a later one that could not leave does not make the whole call "nothing was sent". */
function conclude(attempt: Attempt, lost: boolean): RawResponse {
  if (attempt.kind === 'answer') return attempt.response;
  if (attempt.kind === 'broken' && lost && !attempt.error.sent)
    throw new NetError(attempt.error.kind, true, attempt.error.message, attempt.error);
  throw attempt.error;
}

const STATUSES = new Set([408, 429, 500, 502, 503, 504]);

/** The row of the matrix (SECURITY.md, "what may be retried") that a request stands in. */
type Row = 'safe' | 'idempotent' | 'keyed' | 'never';

function mayRepeat(attempt: Attempt, method: string, request: RequestTemplate, policy: RetryPolicy): boolean {
  if (attempt.kind === 'refused') return false;
  if (attempt.kind === 'broken' && attempt.error.kind === 'connect' && !attempt.error.sent)
    return !isCertificateError(attempt.error);
  const row = rowOf(method, request, policy);
  if (row === 'never') return false;
  if (attempt.kind === 'answer') return STATUSES.has(attempt.response.status);
  const { kind } = attempt.error;
  return kind === 'reset' || (kind === 'timeout' && row !== 'idempotent');
}

function rowOf(method: string, request: RequestTemplate, policy: RetryPolicy): Row {
  if (policy.idempotencyKey && !isSafeMethod(method)) return 'keyed';
  if (request.consequential === true) return 'never';
  if (isSafeMethod(method)) return 'safe';
  return method === 'PUT' || method === 'DELETE' ? 'idempotent' : 'never';
}

function isCertificateError({ cause }: NetError): boolean {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return /CERT|SELF_SIGNED|ERR_TLS|ERR_SSL/.test(code);
}

/** `Retry-After`, else full jitter: anywhere between 0 and the back-off of this try. */
function waitAfter(
  attempt: Attempt,
  tries: number,
  policy: RetryPolicy,
  { now, random }: { now: number; random: () => number },
): number {
  if (attempt.kind === 'answer') {
    const asked = parseRetryAfter(attempt.response.headers['retry-after'], now);
    if (asked !== undefined) return asked;
  }
  const backoff = policy.backoffMs[tries - 1] ?? policy.backoffMs.at(-1) ?? 0;
  return random() * Math.min(backoff, policy.capMs);
}

async function pause(clock: Clock, ms: number, signal: Signal, sent: boolean): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (reason) {
    throw endedWhileWaiting(reason, sent);
  }
}

/** One key per call, the same on every try; a key that is there already stands. */
function withIdempotencyKey(exchange: Exchange, policy: RetryPolicy, newKey: () => string): Exchange {
  const { plan } = exchange;
  if (!policy.idempotencyKey || isSafeMethod(plan.method)) return exchange;
  const { header } = policy.idempotencyKey;
  if (plan.headers.some(([name]) => name.toLowerCase() === header.toLowerCase())) return exchange;
  const keyed: RequestPlan = {
    ...plan,
    headers: [...plan.headers, [header, exchange.call.context.idempotencyKey ?? newKey()]],
  };
  return { ...exchange, plan: keyed };
}
