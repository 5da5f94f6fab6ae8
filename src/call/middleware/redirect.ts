import { originOf } from '../../net/origin.ts';
import type { Exchange, WireMiddleware } from '../execute.ts';
import type { RawResponse } from '../types.ts';

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MAX_HOPS = 3;

/**
 * Follows redirects of GET and HEAD within the origin, at most three (SECURITY.md, trap 4: a credential never leaves the
 * origin it was configured for). Any other redirect is the answer it is; nothing is thrown.
 */
export function redirect(): WireMiddleware {
  return (next) => async (exchange) => {
    let current = exchange;
    let response = await next(current);
    for (let hop = 0; hop < MAX_HOPS; hop++) {
      const url = targetOf(current, response);
      if (url === undefined) return response;
      current = { ...current, plan: { ...current.plan, url } };
      response = await next(current);
    }
    return response;
  };
}

function targetOf({ plan }: Exchange, { status, headers }: RawResponse): string | undefined {
  const location = headers['location'];
  if (!REDIRECTS.has(status) || typeof location !== 'string') return undefined;
  if ((plan.method !== 'GET' && plan.method !== 'HEAD') || plan.body !== undefined) return undefined;
  if (!URL.canParse(location, plan.url)) return undefined;
  const target = new URL(location, plan.url);
  target.hash = '';
  if (target.origin !== originOf(plan.url) || target.username !== '' || target.password !== '') return undefined;
  return target.href;
}
