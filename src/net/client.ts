import { Pool } from 'undici';
import type { Signal } from '../signal.ts';
import { type AddressPolicy, createAddressPolicy } from './address.ts';
import type { Resolver } from './connector.ts';
import { exchange, type HttpResponse, type WireRequest } from './exchange.ts';
import { type OpenResponse, openStream } from './open-stream.ts';
import { originOf } from './origin.ts';
import { createPools, type OpenPool, type PoolKey } from './pools.ts';
import type { ProxyOf } from './proxy.ts';
import { createRoutes, type RouteTls } from './routes.ts';
import { withSpare } from './spare-socket.ts';

export type { HttpResponse } from './exchange.ts';
export type { OpenResponse } from './open-stream.ts';

export interface HttpRequest {
  readonly method: string;
  /** Absolute http(s) URL, already in WHATWG form. */
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: string | Uint8Array;
  readonly signal?: Signal;
  /** Whose connection this is: requests with different keys never share a socket. */
  readonly credentialKey?: string;
  /** The certificate to show; one object for each certificate. */
  readonly tls?: RouteTls;
  /** Decoded bytes; default 10 MiB. */
  readonly maxBytes?: number;
}

export interface HttpClientOptions {
  readonly policy?: AddressPolicy;
  readonly connectTimeoutMs?: number;
  readonly firstByteTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
  /** Sockets of a pool. */
  readonly connections?: number;
  readonly resolve?: Resolver;
  readonly proxyOf?: ProxyOf;
  /** Unix sockets that the operator named, by origin. */
  readonly socketOf?: (origin: string) => string | undefined;
  /** Certificates to trust: `readCertificates`. */
  readonly ca?: readonly string[];
  /**
   * Whether sockets may be used again. A response too many on one that is would be taken for the answer to the next request
   * of the same credential (SECURITY.md, trap 6); default: for origins that the operator named.
   */
  readonly reuses?: (origin: string) => boolean;
}

/** The only way to a socket. Redirects are answers here; whoever may follow one does so with a request of its own. */
export interface HttpClient {
  /** Rejects with NetError. */
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Resolves with the head of the answer; the body must be read, or its iteration ended. Rejects with NetError. */
  open(request: HttpRequest): Promise<OpenResponse>;
  close(): Promise<void>;
}

const MAX_BYTES = 10 * 2 ** 20;
const MAX_POOLS = 500;

export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const policy = options.policy ?? createAddressPolicy();
  const reuses = options.reuses ?? ((origin: string) => policy.isNamedOrigin(origin));
  const routeTo = createRoutes({
    policy,
    timeoutMs: options.connectTimeoutMs ?? 5_000,
    ...(options.resolve ? { resolve: options.resolve } : {}),
    ...(options.proxyOf ? { proxyOf: options.proxyOf } : {}),
    ...(options.socketOf ? { socketOf: options.socketOf } : {}),
    ...(options.ca ? { ca: options.ca } : {}),
  });
  const pools = createPools(createPool, MAX_POOLS);
  const split = createSplitter();

  function createPool({ origin, tls }: PoolKey): OpenPool {
    const route = routeTo(origin, tls);
    const reused = reuses(origin);
    const spare = reused ? undefined : withSpare(route);
    const pool = new Pool(origin, {
      connect: spare?.connect ?? route,
      connections: options.connections ?? 10,
      pipelining: reused ? 1 : 0,
      headersTimeout: options.firstByteTimeoutMs ?? 30_000,
      bodyTimeout: options.idleTimeoutMs ?? 15_000,
    });
    return { pool, release: () => spare?.close() };
  }

  function poolFor({ credentialKey = '', tls }: HttpRequest, origin: string): Pool {
    return pools.get({ origin, credentialKey, tls });
  }

  return {
    send(request) {
      const { origin, path } = split(request.url);
      return exchange(poolFor(request, origin), wireRequest(request, path));
    },
    async open(request) {
      const { origin, path } = split(request.url);
      return openStream(poolFor(request, origin), wireRequest(request, path));
    },
    close: () => pools.close(),
  };
}

/** Takes a URL apart; of those in WHATWG form, which most are, each origin is looked at closely once. */
function createSplitter(): (url: string) => { readonly origin: string; readonly path: string } {
  const known = new Set<string>();
  return (url) => {
    const origin = originOf(url);
    if (known.has(origin) && url[origin.length] === '/' && !url.includes('#'))
      return { origin, path: url.slice(origin.length) };
    const parsed = new URL(url);
    if (known.size >= MAX_POOLS) known.clear();
    if (parsed.origin === origin) known.add(origin);
    return { origin: parsed.origin, path: parsed.pathname + parsed.search };
  };
}

function wireRequest(request: HttpRequest, path: string): WireRequest {
  return {
    method: request.method,
    path,
    headers: flatHeaders(request),
    body: request.body ?? null,
    signal: request.signal,
    maxBytes: request.maxBytes ?? MAX_BYTES,
  };
}

function flatHeaders({ headers }: HttpRequest): string[] {
  const flat: string[] = [];
  for (const [name, value] of headers) flat.push(name, value);
  flat.push('accept-encoding', 'gzip, deflate, br');
  return flat;
}
