import type { IncomingMessage } from 'node:http';
import type { Caller } from '../config/http-types.ts';
import { type JsonBody, readJsonBody } from './body.ts';
import { createHostCheck, type HostRules } from './host-check.ts';
import type { TokenVerifier } from './oauth-resource.ts';
import type { PublicUrlOf } from './public-url.ts';
import { type Refusal, RequestRefused } from './refusal.ts';
import type { TokenTable } from './tokens.ts';

export interface GuardOptions extends HostRules {
  /** Bearer tokens; absent: nobody is asked for one. */
  readonly tokens?: TokenTable;
  readonly oauth?: { readonly verifier: TokenVerifier; readonly scopes: readonly string[] };
  readonly publicUrl: PublicUrlOf;
}

/** A request that may be served. */
export interface Admitted {
  readonly caller: Caller;
  /** Without the query. */
  readonly path: string;
  readonly query: string;
  /** Of POST requests. */
  readonly body?: JsonBody;
}

export type Guard = (request: IncomingMessage) => Promise<Admitted>;

/** What a probe or a person's first look may have without a token: none of it tells anything about the tools. Files are signed for. */
const OPEN = /^\/(?:healthz|readyz|favicon\.ico|files\/[\w-]+|\.well-known\/oauth-protected-resource(?:\/mcp)?)?$/;
/** Asked by address, so they have no name that could be allowed. */
const PROBES = ['/healthz', '/readyz'];
export const METADATA_PATH = '/.well-known/oauth-protected-resource';

/**
 * Everything that is checked before a request is routed, in this order: target, Host, Origin, token, method, media type,
 * bytes, JSON. Throws RequestRefused; without a token every path is 401, so that nobody learns which ones there are.
 */
export function createGuard(options: GuardOptions): Guard {
  const hosts = createHostCheck(options);
  const authenticate = createAuthenticator(options);
  return async (request) => {
    const target = request.url ?? '';
    if (!target.startsWith('/')) throw refuse(400, 'BAD_TARGET', 'The request target must be a path');
    const mark = target.indexOf('?');
    const path = mark < 0 ? target : target.slice(0, mark);
    const query = mark < 0 ? '' : target.slice(mark + 1);
    const { host, origin } = request.headers;
    const method = request.method ?? 'GET';
    if (!PROBES.includes(path) && !hosts.isOurHost(host, request.socket))
      throw refuse(403, 'HOST_REFUSED', 'This Host is not served here; the operator may allow it with --allowed-host');
    if (origin !== undefined && !hosts.isOurOrigin(origin, host ?? ''))
      throw refuse(403, 'ORIGIN_REFUSED', 'Requests from this web origin are not served');
    const isOpen = OPEN.test(path) && (method === 'GET' || method === 'HEAD');
    const asked = isOpen ? ANYBODY : authenticate(request);
    const caller = asked instanceof Promise ? await asked : asked;
    if (method === 'GET' || method === 'HEAD' || method === 'DELETE') return { caller, path, query };
    if (method !== 'POST')
      throw refuse(405, 'METHOD', `${method} is not served`, { headers: { allow: 'GET, POST, DELETE' } });
    return { caller, path, query, body: await readJsonBody(request) };
  };
}

const ANYBODY: Caller = { principal: 'anybody', tools: [] };
const OPERATOR: Caller = {};

function createAuthenticator({ tokens, oauth, publicUrl }: GuardOptions) {
  const challenge = (request: IncomingMessage, error?: string, description?: string) => ({
    'www-authenticate': challengeText([
      ['realm', 'actionbridge'],
      ['error', error],
      ['error_description', description],
      ['scope', oauth && oauth.scopes.length > 0 ? oauth.scopes.join(' ') : undefined],
      ['resource_metadata', oauth && `${publicUrl(request)}${METADATA_PATH}/mcp`],
    ]),
  });

  async function askIssuer(request: IncomingMessage, token: string): Promise<Caller> {
    const verdict = await oauth!.verifier.verify(token);
    if (verdict.kind === 'ok') return verdict.caller;
    if (verdict.kind === 'unavailable')
      throw refuse(503, 'AUTH_UNAVAILABLE', verdict.message, { headers: { 'retry-after': '5' } });
    const [status, error] = verdict.kind === 'insufficient' ? [403, 'insufficient_scope'] : [401, 'invalid_token'];
    throw refuse(status as number, 'UNAUTHORIZED', verdict.message, {
      headers: challenge(request, error as string, verdict.message),
    });
  }

  return (request: IncomingMessage): Caller | Promise<Caller> => {
    if (!tokens && !oauth) return OPERATOR;
    const [, token] = /^bearer +([^ ]+) *$/i.exec(request.headers.authorization ?? '') ?? [];
    if (token === undefined)
      throw refuse(401, 'UNAUTHORIZED', 'A bearer token is needed', { headers: challenge(request) });
    const caller = tokens?.find(token);
    if (caller) return caller;
    if (oauth && token.split('.').length === 3) return askIssuer(request, token);
    throw refuse(401, 'UNAUTHORIZED', 'This token is not valid', {
      headers: challenge(request, 'invalid_token', 'This token is not valid'),
    });
  };
}

/** RFC 9110 §11.6.1: parameters in quotes, nothing in them that would end the quotes. */
function challengeText(parameters: readonly (readonly [name: string, value: string | undefined])[]): string {
  const written = parameters
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}="${value!.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, ' ')}"`);
  return `Bearer ${written.join(', ')}`;
}

function refuse(status: number, code: string, message: string, more: Partial<Refusal> = {}): RequestRefused {
  return new RequestRefused({ status, code, message, ...more });
}
