import type { Tool } from '../tool/types.ts';

/** Everything configurable about how a tool is called, resolved. `false`: switched off. */
export interface CallPolicy {
  /** Of the whole call: queue, retries and body in it. */
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  readonly breaker: BreakerPolicy | false;
  readonly rateLimit: RatePolicy | false;
  readonly concurrency: ConcurrencyPolicy;
  readonly cache: CachingPolicy | false;
}

export interface RetryPolicy {
  /** In all; 1 switches retries off. */
  readonly tries: number;
  /** Upper ends of the waits before the second, third … try; the last one repeats. */
  readonly backoffMs: readonly number[];
  /** No wait is longer, save one that `Retry-After` asks for. */
  readonly capMs: number;
  /** The API deduplicates by this header: the bridge fills it in, and any method may be retried. */
  readonly idempotencyKey?: { readonly header: string };
}

export interface BreakerPolicy {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** Part (0 to 1) of the last `window` requests that opens it. */
  readonly share: number;
  readonly window: number;
  readonly openMs: number;
  /** Failed probes double `openMs` up to this. */
  readonly maxOpenMs: number;
}

export interface RatePolicy {
  readonly calls: number;
  readonly windowMs: number;
  /** `refuse` answers at once; `queue` waits in the deadline. */
  readonly when: 'refuse' | 'queue';
  /** `tool`: a window of its own; `api`: shared by all tools that do not have one. */
  readonly per: 'api' | 'tool';
}

export interface ConcurrencyPolicy {
  /** Requests under way to one origin. */
  readonly upstream: number;
  /** Requests waiting for one origin; more are refused. */
  readonly queue: number;
}

export interface CachingPolicy {
  /** Nothing is kept longer, whatever the API says. */
  readonly maxSeconds: number;
  /** Freshness of answers about which the API says nothing; 0: they are not kept. */
  readonly silentSeconds: number;
}

/** The policy of a tool. */
export type PolicyOf = (tool: Tool) => CallPolicy;

/** The table "Defaults" of SECURITY.md. */
export const DEFAULT_POLICY: CallPolicy = {
  timeoutMs: 45_000,
  retry: { tries: 3, backoffMs: [1_000, 2_000, 4_000], capMs: 8_000 },
  breaker: { failures: 5, share: 0.5, window: 20, openMs: 60_000, maxOpenMs: 300_000 },
  rateLimit: { calls: 60, windowMs: 60_000, when: 'refuse', per: 'api' },
  concurrency: { upstream: 10, queue: 50 },
  cache: false,
};

/** What an operator wrote for the whole bridge, one API or one tool; what is absent is inherited. */
export interface PolicyOverrides {
  readonly timeoutMs?: number;
  readonly retry?: Partial<RetryPolicy>;
  readonly breaker?: Partial<BreakerPolicy> | false;
  readonly rateLimit?: Partial<Omit<RatePolicy, 'per'>> | false;
  readonly concurrency?: Partial<ConcurrencyPolicy>;
  readonly cache?: Partial<CachingPolicy> | false;
}

const CACHING: CachingPolicy = { maxSeconds: 300, silentSeconds: 0 };

/**
 * Policies by tool: the overrides of the tool over those of its API over those of the bridge over `DEFAULT_POLICY`. Each
 * is worked out once per tool. A rate limit written for a tool gives that tool a window of its own.
 */
export function createPolicyOf(overrides: {
  readonly bridge?: PolicyOverrides;
  readonly api?: (api: string) => PolicyOverrides | undefined;
  readonly tool?: (tool: Tool) => PolicyOverrides | undefined;
}): PolicyOf {
  const known = new WeakMap<Tool, CallPolicy>();
  return (tool) => {
    let policy = known.get(tool);
    if (!policy) {
      const shared = overridden(overridden(DEFAULT_POLICY, overrides.bridge), overrides.api?.(tool.api));
      policy = overridden(shared, overrides.tool?.(tool), 'tool');
      known.set(tool, policy);
    }
    return policy;
  };
}

function overridden(base: CallPolicy, over: PolicyOverrides | undefined, per: RatePolicy['per'] = 'api'): CallPolicy {
  if (!over) return base;
  const rate = over.rateLimit;
  return {
    timeoutMs: over.timeoutMs ?? base.timeoutMs,
    retry: { ...base.retry, ...over.retry },
    breaker: part(base.breaker, over.breaker, DEFAULT_POLICY.breaker as BreakerPolicy),
    rateLimit: rate
      ? { ...(base.rateLimit || (DEFAULT_POLICY.rateLimit as RatePolicy)), ...rate, per }
      : (rate ?? base.rateLimit),
    concurrency: { ...base.concurrency, ...over.concurrency },
    cache: part(base.cache, over.cache, CACHING),
  };
}

function part<T extends object>(base: T | false, over: Partial<T> | false | undefined, fallback: T): T | false {
  if (over === undefined) return base;
  return over === false ? false : { ...(base || fallback), ...over };
}
