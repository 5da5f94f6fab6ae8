import { createHash } from 'node:crypto';
import { parseRetryAfter } from '../call/retry-after.ts';
import type { Clock } from '../clock.ts';
import type { HttpClient, OpenResponse } from '../net/client.ts';
import { NetError } from '../net/errors.ts';
import { type Json, recordOf } from './lenient.ts';
import { RequestFailed } from './openai-error.ts';
import { type ProviderLimit, parseDuration } from './provider-limit.ts';
import { errorIn, UpstreamRefused } from './upstream-error.ts';

export interface UpstreamOptions {
  /** With `{model}` where the model's name belongs into the path (Azure's deployments). */
  readonly baseUrl: string;
  readonly query: { readonly [name: string]: string };
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The header of the key; `authorization` sends it as a bearer token. */
  readonly keyHeader: string;
  readonly retries: number;
  readonly client: HttpClient;
  readonly limit: ProviderLimit;
  readonly clock: Clock;
}

export interface UpstreamRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly model: string;
  readonly body?: Json;
  readonly key: string | undefined;
  /** Of the client's, as far as they are its to send. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly signal: AbortSignal;
}

export interface UpstreamAnswer {
  readonly headers: { readonly [name: string]: string };
  readonly body: AsyncIterable<Uint8Array>;
}

/** The model provider. */
export interface Upstream {
  /** Resolves with a good answer. Throws UpstreamRefused for any other, RequestFailed when there is none. */
  send(request: UpstreamRequest): Promise<UpstreamAnswer>;
}

const MAX_ANSWER_BYTES = 64 * 2 ** 20;
/** OpenAI's 429 is two things; these are about money, and waiting does not help. */
const MONEY =
  /insufficient_quota|credit_balance_exhausted|spend_limit_exceeded|usage_limit_exceeded|billing_hard_limit/;
const BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 8_000;

export function createUpstream(options: UpstreamOptions): Upstream {
  const { limit, clock, retries } = options;

  async function once(request: UpstreamRequest): Promise<UpstreamAnswer> {
    await limit.admit(request.model, request.signal);
    const answer = await open(request, options);
    const headers = plainHeaders(answer.headers);
    limit.note(request.model, headers);
    if (answer.status >= 200 && answer.status < 300)
      return { headers, body: tellingFaults(answer.body, options.baseUrl) };
    // A redirect is not followed: the key is for the address that the operator named.
    const isError = answer.status >= 400 && answer.status < 600;
    throw new UpstreamRefused(isError ? answer.status : 502, await readRefusal(answer), headers);
  }

  return {
    async send(request) {
      for (let tries = 0; ; tries++) {
        try {
          return await once(request);
        } catch (error) {
          const wait = waitBefore(error, tries, clock);
          if (error instanceof UpstreamRefused && error.status === 429 && !isAboutMoney(error) && wait !== undefined)
            limit.close(request.model, wait);
          if (wait === undefined || tries >= retries || wait > MAX_BACKOFF_MS * 2)
            throw told(error, tries, options.baseUrl);
          await clock.sleep(wait, request.signal);
        }
      }
    },
  };
}

/** Milliseconds before the same request may be sent again; undefined: it must not be. */
function waitBefore(error: unknown, tries: number, clock: Clock): number | undefined {
  const backoff = Math.min(BACKOFF_MS * 2 ** tries, MAX_BACKOFF_MS) * (0.75 + Math.random() / 4);
  if (error instanceof NetError) return error.kind === 'connect' || error.kind === 'reset' ? backoff : undefined;
  if (!(error instanceof UpstreamRefused) || isAboutMoney(error)) return undefined;
  const { status, headers } = error;
  const should = headers['x-should-retry'];
  const retryable = status === 408 || status === 409 || status === 429 || status >= 500;
  if (should === 'false' || (should !== 'true' && !retryable)) return undefined;
  const milliseconds = Number(headers['retry-after-ms'] ?? 'NaN');
  if (Number.isFinite(milliseconds)) return milliseconds;
  return parseRetryAfter(headers['retry-after'], clock.now()) ?? parseDuration(headers['retry-after']) ?? backoff;
}

function isAboutMoney({ error }: UpstreamRefused): boolean {
  return MONEY.test(`${String(error['type'])} ${String(error['code'])}`);
}

/** What was tried already, or will not get better, must not be tried again by the client's SDK. */
function told(error: unknown, tries: number, baseUrl: string): unknown {
  if (error instanceof UpstreamRefused) {
    const final = tries > 0 || isAboutMoney(error) ? { 'x-should-retry': 'false' } : {};
    return new UpstreamRefused(error.status, error.body, { ...error.headers, ...final });
  }
  if (!(error instanceof NetError)) return error;
  const { host } = new URL(baseUrl.replaceAll('{model}', 'model'));
  const status = error.kind === 'timeout' ? 504 : error.kind === 'cancelled' ? 499 : 502;
  const message = `The model provider at ${host} cannot be reached: ${error.message}`;
  const code = error.kind === 'timeout' ? 'upstream_timeout' : 'upstream_unreachable';
  return new RequestFailed(status, { message, code }, tries > 0 ? { 'x-should-retry': 'false' } : {});
}

/** The body, its faults told as those of a request. */
async function* tellingFaults(body: AsyncIterable<Uint8Array>, baseUrl: string): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw told(error, 0, baseUrl);
  }
}

function open(request: UpstreamRequest, options: UpstreamOptions): Promise<OpenResponse> {
  const { key, body, method, signal } = request;
  const url = new URL(
    options.baseUrl.replaceAll('{model}', encodeURIComponent(request.model)).replace(/\/+$/, '') + request.path,
  );
  for (const [name, value] of Object.entries(options.query)) url.searchParams.set(name, value);
  const auth: [string, string][] =
    key === undefined
      ? []
      : [[options.keyHeader, options.keyHeader.toLowerCase() === 'authorization' ? `Bearer ${key}` : key]];
  return options.client.open({
    method,
    url: url.href,
    headers: [
      ...(body ? [['content-type', 'application/json'] as const] : []),
      ['accept', body?.['stream'] === true ? 'text/event-stream' : 'application/json'],
      ...request.headers,
      ...options.headers,
      ...auth,
    ],
    ...(body ? { body: JSON.stringify(body) } : {}),
    signal,
    maxBytes: MAX_ANSWER_BYTES,
    credentialKey: key === undefined ? 'anonymous' : createHash('sha256').update(key).digest('base64url'),
  });
}

function plainHeaders(headers: OpenResponse['headers']): { [name: string]: string } {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : value.join(', ')]),
  );
}

const MAX_REFUSAL_BYTES = 2 ** 20;

/** The error's own body; OpenAI's shape around it when it has none. */
async function readRefusal(answer: OpenResponse): Promise<Json> {
  const text = new TextDecoder().decode(await readAll(answer.body, MAX_REFUSAL_BYTES));
  try {
    const value: unknown = JSON.parse(text);
    const record = recordOf(Array.isArray(value) ? value[0] : value);
    if (typeof record['error'] === 'object' && record['error'] !== null) return record;
    const error = errorIn(record);
    if (typeof error['message'] === 'string')
      return { error: { type: 'upstream_error', param: null, code: null, ...error } };
  } catch {
    // A proxy's page: nothing in it is for the client.
  }
  const message = `The provider answered HTTP ${answer.status} without an error object`;
  return { error: { message, type: 'upstream_error', param: null, code: null } };
}

/** All bytes, at most `most`; the rest is left. */
export async function readAll(body: AsyncIterable<Uint8Array>, most = MAX_ANSWER_BYTES): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= most) break;
  }
  return Buffer.concat(chunks).subarray(0, most);
}
