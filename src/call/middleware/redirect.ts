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
  return (next) => {
    const sendAndFollow = (exchange: Exchange, hops: number): Promise<RawResponse> =>
      next(exchange).then((response) => {
        const url = hops < MAX_HOPS ? targetOf(exchange, response) : undefined;
        if (url === undefined) return response;
        return sendAndFollow({ ...exchange, plan: { ...exchange.plan, url } }, hops + 1);
      });
    return (exchange) => sendAndFollow(exchange, 0);
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
