import type { Dispatcher } from 'undici';
import { type Signal, toAbortSignal } from '../signal.ts';
import { decodeStream } from './decode.ts';
import { classify } from './errors.ts';
import type { HttpResponse, WireRequest } from './exchange.ts';

/** An answer whose body is still coming. */
export interface OpenResponse extends Omit<HttpResponse, 'body'> {
  /** Decoded, as it comes; at most `maxBytes`. Throws NetError. Ending the iteration early closes the connection. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** One request on a pool; resolves with the head of its answer. Rejects with NetError. */
export async function openStream(dispatcher: Dispatcher, request: WireRequest): Promise<OpenResponse> {
  const { signal, method, maxBytes, ...rest } = request;
  try {
    const answer = await dispatcher.request({
      ...rest,
      method: method as 'GET',
      ...(signal ? { signal: toAbortSignal(signal) } : {}),
    });
    const { statusCode: status, statusText } = answer;
    const headers = answer.headers as HttpResponse['headers'];
    const coding = headers['content-encoding'];
    const body = decodeStream(answer.body, typeof coding === 'string' ? coding : coding?.join(', '), maxBytes);
    return { status, statusText, headers, body: classified(body, signal) };
  } catch (error) {
    throw classify(error, signal);
  }
}

async function* classified(body: AsyncIterable<Uint8Array>, signal?: Signal): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw classify(error, signal);
  }
}
