import type { HttpClient, HttpResponse } from '../net/client.ts';
import { NetError } from '../net/errors.ts';

/** What `oauth4webapi` asks of a fetch. Throws NetError. */
export type OAuthFetch = (url: string, init: OAuthRequest) => Promise<Response>;

export interface OAuthRequest {
  readonly method?: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: unknown;
  readonly signal?: AbortSignal | null | undefined;
}

export interface OAuthFetchOptions {
  /** Of one request; an authorization server that is slower counts as down. */
  readonly timeoutMs?: number;
  /** Whose sockets these are: clients share none. */
  readonly credentialKey: string;
}

const TIMEOUT_MS = 15_000;
const MAX_BYTES = 1 << 20;

/** OAuth's requests by the same guarded network layer as calls: address policy, byte limits, no redirect followed. */
export function createOAuthFetch(client: HttpClient, options: OAuthFetchOptions): OAuthFetch {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  return async (url, { method = 'GET', headers = {}, body, signal }) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const answer = await client
      .send({
        method,
        url,
        headers: [...Object.entries(headers), ['user-agent', 'actionbridge']],
        ...(body === undefined || body === null ? {} : { body: bodyText(body) }),
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        credentialKey: options.credentialKey,
        maxBytes: MAX_BYTES,
      })
      .catch((error: unknown) => {
        if (timeout.aborted && !signal?.aborted)
          throw new NetError('timeout', true, `no answer within ${timeoutMs / 1000} s`, error);
        throw error;
      });
    return responseOf(answer);
  };
}

/** The same fetch, its form bodies written as JSON: what a GPT Action record with `application/json` asks for. */
export function withJsonBodies(fetch: OAuthFetch): OAuthFetch {
  return (url, init) => {
    if (!(init.body instanceof URLSearchParams)) return fetch(url, init);
    const headers = Object.entries(init.headers ?? {}).filter(([name]) => name.toLowerCase() !== 'content-type');
    return fetch(url, {
      ...init,
      headers: { ...Object.fromEntries(headers), 'content-type': 'application/json' },
      body: JSON.stringify(Object.fromEntries(init.body)),
    });
  };
}

function bodyText(body: unknown): string {
  return body instanceof URLSearchParams ? body.toString() : String(body);
}

/** Statuses that may not have a body, by the Fetch standard. */
const BODILESS = new Set([204, 205, 304]);

function responseOf({ status, headers, body }: HttpResponse): Response {
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? (value as string[]) : [value as string]).map((each) => [name, each] as [string, string]),
  );
  const kept = pairs.filter(([name]) => name !== 'content-encoding' && name !== 'content-length');
  return new Response(BODILESS.has(status) ? null : new Uint8Array(body), { status, headers: kept });
}
