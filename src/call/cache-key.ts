import { createHash } from 'node:crypto';
import { originOf } from '../net/origin.ts';
import type { Exchange } from './execute.ts';

/** Headers that do not change an answer, and differ from call to call. */
const PASSING = new Set(['traceparent', 'tracestate', 'baggage']);

/**
 * Where an answer is kept: a hash over whose it is, and everything of the request that may shape it. Stricter than RFC 9111
 * §2 asks: API, principal, credential and every header count, so that an answer made for one is found by no other (undici's
 * interceptor served user A's body to user B).
 */
export function cacheKeyOf({ call, plan }: Exchange, identity: string): string {
  const origin = originOf(plan.url);
  const [path = '', query = ''] = plan.url.slice(origin.length).split('?', 2);
  const headers = plan.headers
    .map(([name, value]) => [name.toLowerCase(), value])
    .filter(([name]) => !PASSING.has(name!))
    .sort(compare);
  const parts = [
    identity,
    call.tool.api,
    call.context.principal ?? null,
    origin,
    plan.method,
    path,
    normal(query),
    headers,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

/** The order of differently named parameters says nothing; that of equally named ones may. */
function normal(query: string): string {
  const named = query.split('&').map((pair) => [pair.split('=', 1)[0]!, pair]);
  return named
    .sort(([a], [b]) => (a! < b! ? -1 : a! > b! ? 1 : 0))
    .map(([, pair]) => pair)
    .join('&');
}

function compare(a: readonly (string | undefined)[], b: readonly (string | undefined)[]): number {
  const [left, right] = [a.join(' '), b.join(' ')];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** What an answer can be dropped by: its template, and each template that it lies below. */
export function tagsOfRead(exchange: Exchange): string[] {
  const { prefix, template, ancestors } = placeOf(exchange);
  return [`${prefix}=${template}`, ...[...ancestors, template].map((above) => `${prefix}<${above}`)];
}

/**
 * What a write drops: answers of the same path template (RFC 9111 §4.4 by template, since ids are written in more than one
 * way), of those below it, and of the collections above it, which may list what was written.
 */
export function tagsOfWrite(exchange: Exchange): string[] {
  const { prefix, template, ancestors } = placeOf(exchange);
  const { remote } = exchange.call.tool;
  // What a tool of an MCP server changes, nobody knows but the server.
  if (remote) return [`${prefix}</${remote.server}`];
  return [`${prefix}<${template}`, ...ancestors.map((above) => `${prefix}=${above}`)];
}

function placeOf({ call, plan }: Exchange): { prefix: string; template: string; ancestors: string[] } {
  const template = call.tool.request.path;
  const segments = template.split('/');
  const ancestors = segments.slice(2).map((_, index) => segments.slice(0, index + 2).join('/'));
  return { prefix: `${originOf(plan.url)} `, template, ancestors };
}
