import { Pool } from 'undici';
import { type AddressPolicy, createAddressPolicy } from './address.ts';
import { createConnector, type Resolver } from './connector.ts';
import { decodeStream, readDecoded } from './decode.ts';
import { NetError } from './errors.ts';

export interface HttpRequest {
  readonly method: string;
  /** Absolute http(s) URL, already in WHATWG form. */
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
  /** Whose connection this is: requests with different keys never share a socket. */
  readonly credentialKey?: string;
  /** Decoded bytes; default 10 MiB. */
  readonly maxBytes?: number;
}

export interface HttpResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: { readonly [name: string]: string | readonly string[] };
  readonly body: Uint8Array;
}

export interface HttpClientOptions {
  readonly policy?: AddressPolicy;
  readonly connectTimeoutMs?: number;
  readonly firstByteTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
  readonly connections?: number;
  readonly resolve?: Resolver;
}

/** An answer whose body is still coming. */
export interface OpenResponse extends Omit<HttpResponse, 'body'> {
  /** Decoded, as it comes; at most `maxBytes`. Throws NetError. Ending the iteration early closes the connection. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** The only way to a socket. Redirects are answers here; whoever may follow one does so with a request of its own. */
export interface HttpClient {
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Resolves with the head of the answer; the body must be read, or its iteration ended. */
  open(request: HttpRequest): Promise<OpenResponse>;
  close(): Promise<void>;
}

const MAX_BYTES = 10 * 2 ** 20;

export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const policy = options.policy ?? createAddressPolicy();
  const connect = createConnector(policy, {
    timeoutMs: options.connectTimeoutMs ?? 5_000,
    ...(options.resolve ? { resolve: options.resolve } : {}),
  });
  const pools = new Map<string, Pool>();
  return { send, open, close };

  async function send(request: HttpRequest): Promise<HttpResponse> {
    try {
      const { answer, head } = await dispatch(request);
      const coding = single(answer.headers['content-encoding']);
      return { ...head, body: await readDecoded(answer.body, coding, request.maxBytes ?? MAX_BYTES) };
    } catch (error) {
      throw classify(error, request.signal);
    }
  }

  async function open(request: HttpRequest): Promise<OpenResponse> {
    try {
      const { answer, head } = await dispatch(request);
      const coding = single(answer.headers['content-encoding']);
      const body = decodeStream(answer.body, coding, request.maxBytes ?? MAX_BYTES);
      return { ...head, body: classified(body, request.signal) };
    } catch (error) {
      throw classify(error, request.signal);
    }
  }

  async function dispatch(request: HttpRequest) {
    const url = new URL(request.url);
    const pool = poolFor(url.origin, request.credentialKey ?? '');
    const answer = await pool.request({
      path: url.pathname + url.search,
      method: request.method as 'GET',
      headers: flatHeaders(request),
      body: request.body ?? null,
      ...(request.signal ? { signal: request.signal } : {}),
    });
    const { statusCode: status, statusText } = answer;
    return { answer, head: { status, statusText, headers: answer.headers as HttpResponse['headers'] } };
  }

  function poolFor(origin: string, credentialKey: string): Pool {
    const key = `${origin} ${credentialKey}`;
    let pool = pools.get(key);
    if (!pool) {
      pool = new Pool(origin, {
        connect,
        connections: options.connections ?? 10,
        pipelining: 1,
        headersTimeout: options.firstByteTimeoutMs ?? 30_000,
        bodyTimeout: options.idleTimeoutMs ?? 15_000,
      });
      pools.set(key, pool);
    }
    return pool;
  }

  async function close(): Promise<void> {
    await Promise.all(Array.from(pools.values(), (pool) => pool.destroy()));
    pools.clear();
  }
}

/** The body with Node's and undici's errors as NetError. */
async function* classified(body: AsyncIterable<Uint8Array>, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw classify(error, signal);
  }
}

function flatHeaders(request: HttpRequest): string[] {
  const flat: string[] = [];
  for (const [name, value] of request.headers) flat.push(name, value);
  flat.push('accept-encoding', 'gzip, deflate, br');
  return flat;
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}

const CONNECT_CODES = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const RESET_CODES = new Set([
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_DESTROYED',
  'UND_ERR_CLOSED',
  'ETIMEDOUT',
]);

/** Node's and undici's errors as one kind each. */
export function classify(error: unknown, signal: AbortSignal | undefined): NetError {
  if (error instanceof NetError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : String(error);
  if (signal?.aborted) {
    const reason = signal.reason instanceof NetError ? signal.reason : undefined;
    return reason ?? new NetError('cancelled', true, 'The call was cancelled', error);
  }
  if (
    CONNECT_CODES.has(code) ||
    code.startsWith('CERT_') ||
    code.startsWith('ERR_TLS') ||
    /CERT|SELF_SIGNED/.test(code)
  ) {
    return new NetError(
      'connect',
      false,
      code === 'UND_ERR_CONNECT_TIMEOUT' ? 'The connection took too long' : `${code}: ${message}`,
      error,
    );
  }
  if (code === 'UND_ERR_HEADERS_TIMEOUT')
    return new NetError('timeout', true, 'The API did not begin to answer in time', error);
  if (code === 'UND_ERR_BODY_TIMEOUT')
    return new NetError('timeout', true, 'The API stopped in the middle of its answer', error);
  if (RESET_CODES.has(code)) return new NetError('reset', true, `The connection broke: ${message}`, error);
  return new NetError('protocol', true, `The answer breaks HTTP: ${message}`, error);
}
