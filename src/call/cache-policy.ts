import HttpCacheSemantics from 'http-cache-semantics';
import type { Clock } from '../clock.ts';
import type { CachingPolicy } from './policy.ts';
import type { RawResponse, RequestPlan } from './types.ts';

type Headers = { readonly [name: string]: string | readonly string[] };

/** RFC 9111 as `http-cache-semantics` reads it, for a private cache, by an injected clock. */
export interface Freshness {
  /** Milliseconds an answer is worth keeping; 0: it is not to be kept. */
  keepFor(
    plan: RequestPlan,
    response: RawResponse,
    caching: CachingPolicy,
  ): { readonly ttlMs: number; readonly policy: object };
  /** Whether a kept answer may be used as it is; else the headers that ask whether it still holds (none: it is of no use). */
  judge(
    plan: RequestPlan,
    policy: object,
  ): { readonly fresh: boolean; readonly ageSeconds: number; readonly conditions: Conditions };
  /** After a 304: the policy to keep from now on, or nothing when the 304 was about another answer. */
  renewed(plan: RequestPlan, policy: object, response: RawResponse): object | undefined;
}

export type Conditions = readonly (readonly [name: string, value: string])[];

/** No guess from Last-Modified: what the API does not say, the operator does. */
const PRIVATE = { shared: false, cacheHeuristic: 0 };

export function createFreshness(clock: Clock): Freshness {
  class Policy extends HttpCacheSemantics {
    now(): number {
      return clock.now();
    }
  }
  const revive = (policy: object) => Policy.fromObject(policy as HttpCacheSemantics.CachePolicyObject);
  return {
    keepFor(plan, response, caching) {
      const headers = withDefault(flat(response.headers), response.status, caching);
      const policy = new Policy(requestOf(plan), { status: response.status, headers }, PRIVATE);
      const validated = 'etag' in headers || 'last-modified' in headers;
      const lifeMs = validated ? caching.maxSeconds * 1000 : Math.min(policy.timeToLive(), caching.maxSeconds * 1000);
      return { ttlMs: policy.storable() && headers['vary'] !== '*' ? lifeMs : 0, policy: policy.toObject() };
    },
    judge(plan, kept) {
      const policy = revive(kept);
      const request = requestOf(plan);
      const asked = policy.revalidationHeaders(request);
      const conditions = ['if-none-match', 'if-modified-since'].flatMap((name): Conditions => {
        const value = asked[name];
        return typeof value === 'string' ? [[name, value]] : [];
      });
      return { fresh: policy.satisfiesWithoutRevalidation(request), ageSeconds: Math.floor(policy.age()), conditions };
    },
    renewed(plan, kept, response) {
      const { policy, modified } = revive(kept).revalidatedPolicy(requestOf(plan), {
        status: response.status,
        headers: flat(response.headers),
      });
      return modified ? undefined : policy.toObject();
    },
  };
}

/** An answer about which the API says nothing is fresh for as long as the operator said. */
function withDefault(headers: { [name: string]: string }, status: number, caching: CachingPolicy) {
  const says = ['cache-control', 'expires', 'pragma'].some((name) => name in headers);
  if (says || caching.silentSeconds <= 0 || status !== 200) return headers;
  return { ...headers, 'cache-control': `max-age=${caching.silentSeconds}` };
}

/** Without the URL: the key has it, in a normal form. */
function requestOf(plan: RequestPlan) {
  const headers: { [name: string]: string } = {};
  for (const [name, value] of plan.headers) headers[name.toLowerCase()] = value;
  return { method: plan.method, headers };
}

function flat(headers: Headers): { [name: string]: string } {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : value.join(', ')]),
  );
}
