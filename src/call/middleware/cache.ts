import { type Clock, systemClock } from '../../clock.ts';
import { NetError } from '../../net/errors.ts';
import { originOf } from '../../net/origin.ts';
import type { CacheEntry, CacheStore } from '../../store/types.ts';
import { isSafeMethod } from '../../tool/hints.ts';
import { cacheKeyOf, tagsOfRead, tagsOfWrite } from '../cache-key.ts';
import { type Conditions, createFreshness } from '../cache-policy.ts';
import type { Handler } from '../compose.ts';
import type { Exchange, WireMiddleware } from '../execute.ts';
import type { CachingPolicy, PolicyOf } from '../policy.ts';
import type { RawResponse } from '../types.ts';

export type CacheEvent = 'hit' | 'miss' | 'revalidated';

export interface CacheOptions {
  readonly policyOf: PolicyOf;
  readonly store: CacheStore;
  /**
   * Whose credential a request goes out with. It must differ wherever the answers may; it is hashed, never stored. Default:
   * `exchange.credentialKey`. The principal, the API and configured headers always count as well.
   */
  readonly identityOf?: (exchange: Exchange) => Promise<string> | string;
  readonly clock?: Clock;
  readonly onEvent?: (exchange: Exchange, event: CacheEvent) => void;
}

/** Where the answer to an exchange may be kept, and how many writes its origin had seen when it was asked for. */
interface Place {
  readonly exchange: Exchange;
  readonly key: string;
  readonly caching: CachingPolicy;
  readonly writesBefore: number;
}

/** Requests with these headers ask about a cache themselves, or for a part: they go past ours. */
const OWN_CONDITIONS = /^(if-|range$)/i;

/**
 * A private cache for GET (RFC 9111): one per principal and credential, fresh as the API says and never longer than the
 * policy allows; ETag and Last-Modified are asked about; a write drops what it may have changed. Answers from here set
 * `trace.cached` and carry `age`.
 */
export function cache(options: CacheOptions): WireMiddleware {
  const clock = options.clock ?? systemClock;
  const freshness = createFreshness(clock);
  const identityOf = options.identityOf ?? (({ credentialKey }: Exchange) => credentialKey ?? '');
  const writes = new Map<string, number>();

  /** Drops what a write may have changed, also when its outcome is not known. */
  async function write(exchange: Exchange, next: Handler<Exchange, RawResponse>): Promise<RawResponse> {
    let effect = true;
    try {
      const response = await next(exchange);
      effect = response.status < 400 || response.status >= 500;
      return response;
    } catch (error) {
      effect = error instanceof NetError && error.sent;
      throw error;
    } finally {
      if (effect) {
        writes.set(originOf(exchange.plan.url), writesTo(exchange) + 1);
        await options.store.dropTagged(tagsOfWrite(exchange));
      }
    }
  }

  async function read(exchange: Exchange, next: Handler<Exchange, RawResponse>, caching: CachingPolicy) {
    const key = cacheKeyOf(exchange, await identityOf(exchange));
    const place: Place = { exchange, key, caching, writesBefore: writesTo(exchange) };
    const entry = await options.store.get(key);
    const judged = entry && freshness.judge(exchange.plan, entry.policy);
    if (entry && judged?.fresh) {
      options.onEvent?.(exchange, 'hit');
      return answer(exchange, entry, judged.ageSeconds);
    }
    if (!entry || !judged || judged.conditions.length === 0) return keep(place, await next(exchange));
    const asked = await next(withConditions(exchange, judged.conditions));
    if (asked.status !== 304) return keep(place, asked);
    const policy = freshness.renewed(exchange.plan, entry.policy, asked);
    if (!policy) return keep(place, await next(exchange));
    return renew(place, { ...entry, headers: merged(entry.headers, asked.headers), policy });
  }

  async function renew(place: Place, entry: CacheEntry): Promise<RawResponse> {
    await store(place, entry, place.caching.maxSeconds * 1000);
    options.onEvent?.(place.exchange, 'revalidated');
    return answer(place.exchange, entry, 0);
  }

  async function keep(place: Place, response: RawResponse): Promise<RawResponse> {
    options.onEvent?.(place.exchange, 'miss');
    const { ttlMs, policy } = freshness.keepFor(place.exchange.plan, response, place.caching);
    await store(place, { ...response, policy }, ttlMs);
    return response;
  }

  /** An answer that a write has overtaken is used once and not kept. */
  async function store({ exchange, key, writesBefore }: Place, entry: CacheEntry, ttlMs: number): Promise<void> {
    if (ttlMs <= 0 || writesTo(exchange) !== writesBefore) await options.store.delete(key);
    else await options.store.set(key, entry, { ttlMs, tags: tagsOfRead(exchange) });
  }

  function writesTo({ plan }: Exchange): number {
    return writes.get(originOf(plan.url)) ?? 0;
  }

  return (next) => (exchange) => {
    const caching = options.policyOf(exchange.call.tool).cache;
    if (!isSafeMethod(exchange.plan.method)) return write(exchange, next);
    // What a server has asked is not in the request, and its answer is for this one alone.
    if (exchange.call.context.serverInput?.responses) return next(exchange);
    if (!caching || exchange.plan.method !== 'GET' || exchange.plan.body !== undefined) return next(exchange);
    if (exchange.plan.headers.some(([name]) => OWN_CONDITIONS.test(name))) return next(exchange);
    return read(exchange, next, caching);
  };
}

function answer({ call }: Exchange, { status, statusText, headers, body }: CacheEntry, age: number): RawResponse {
  call.trace.cached = true;
  return { status, statusText, headers: { ...headers, age: String(age) }, body };
}

function withConditions(exchange: Exchange, conditions: Conditions): Exchange {
  return { ...exchange, plan: { ...exchange.plan, headers: [...exchange.plan.headers, ...conditions] } };
}

const OF_THE_BODY = new Set([
  'content-length',
  'content-encoding',
  'content-type',
  'content-range',
  'transfer-encoding',
]);

/** Stored headers brought up to date by a 304 (RFC 9111 §3.2). */
function merged(stored: CacheEntry['headers'], fresh: RawResponse['headers']): CacheEntry['headers'] {
  return { ...stored, ...Object.fromEntries(Object.entries(fresh).filter(([name]) => !OF_THE_BODY.has(name))) };
}
