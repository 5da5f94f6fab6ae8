import { Agent, type RequestInit as UndiciInit, fetch as undiciFetch } from 'undici';
import type { AddressPolicy } from './address.ts';
import { classify, NetError } from './errors.ts';
import { createRoutes, type RouteOptions } from './routes.ts';

export interface GuardedFetchOptions extends Pick<RouteOptions, 'proxyOf' | 'ca'> {
  readonly policy: AddressPolicy;
  readonly connectTimeoutMs?: number;
  /** Decoded bytes of an answer that is no event stream; default 10 MiB. */
  readonly maxBytes?: number;
  /** An answer that had begun broke off. */
  readonly onBroken?: (error: NetError) => void;
}

export interface GuardedFetch {
  readonly fetch: (url: string | URL, init?: RequestInit) => Promise<Response>;
  close(): Promise<void>;
}

const MAX_BYTES = 10 * 2 ** 20;

/**
 * `fetch` for protocols that stream (MCP over HTTP), on sockets that only go where the policy allows, by the roads that requests
 * to APIs take. How long it may take is the caller's to say, with a signal. Rejects with NetError.
 */
export function createGuardedFetch(options: GuardedFetchOptions): GuardedFetch {
  const routeTo = createRoutes({ ...options, timeoutMs: options.connectTimeoutMs ?? 5_000 });
  const dispatcher = new Agent({
    connect: (target, done) => routeTo(`${target.protocol}//${target.host}`)(target, done),
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    async fetch(url, init) {
      const signal = init?.signal ?? undefined;
      const answer = await undiciFetch(url, { ...(init as unknown as UndiciInit), dispatcher }).catch(
        (error: unknown) => {
          throw netErrorOf(error, signal);
        },
      );
      const response = answer as unknown as Response;
      return response.body === null ? response : watched(response, { ...options, signal });
    },
    close: () => dispatcher.destroy(),
  };
}

/** undici's fetch says what happened in the cause. */
function netErrorOf(error: unknown, signal: AbortSignal | undefined): NetError {
  let inner = error;
  for (let depth = 0; depth < 5 && inner instanceof Error && !(inner instanceof NetError); depth++) {
    if ('code' in inner || !(inner.cause instanceof Error)) break;
    inner = inner.cause;
  }
  return classify(inner, signal);
}

interface Watching extends GuardedFetchOptions {
  readonly signal: AbortSignal | undefined;
}

/** The same answer, its bytes counted and its end observed. */
function watched(response: Response, { maxBytes = MAX_BYTES, onBroken, signal }: Watching): Response {
  const streams = response.headers.get('content-type')?.toLowerCase().startsWith('text/event-stream') ?? false;
  const reader = response.body!.getReader();
  let size = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        size += value.length;
        if (!streams && size > maxBytes)
          throw new NetError('too-large', true, `The answer is larger than ${maxBytes} bytes`);
        controller.enqueue(value);
      } catch (error) {
        const broken = netErrorOf(error, signal);
        controller.error(broken);
        if (broken.kind === 'too-large') void reader.cancel().catch(() => undefined);
        else if (!signal?.aborted) onBroken?.(broken);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}
