import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Signal } from '../signal.ts';
import { type BodyReader, createBodyReader } from './body.ts';
import { endedBy, NetError, netErrorOf } from './errors.ts';

export interface WireRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body: string | Uint8Array | null;
  readonly signal: Signal | undefined;
  /** Decoded bytes. */
  readonly maxBytes: number;
}

export interface HttpResponse {
  readonly status: number;
  readonly statusText: string;
  /** Lower-case names. */
  readonly headers: { readonly [name: string]: string | readonly string[] };
  readonly body: Uint8Array;
  /** The deadline came while a stream of events went on: these are the events so far. */
  readonly partial?: boolean;
  /** Milliseconds until there was a connection to send the request on. */
  readonly connectMs?: number;
}

/**
 * One request on a pool, its answer read to the end. Rejects with NetError, whose `sent` says whether the request had begun
 * to leave. When the signal aborts, the socket is closed at once.
 */
export function exchange(dispatcher: Dispatcher, request: WireRequest): Promise<HttpResponse> {
  const { signal } = request;
  if (signal?.aborted) return Promise.reject(endedBy(signal, false));
  return new Promise((resolve, reject) => {
    const handler = new AnswerHandler(request, (outcome) => {
      signal?.removeEventListener('abort', cancel);
      if (outcome instanceof NetError) reject(outcome);
      else resolve(outcome);
    });
    const cancel = () => handler.cancel(signal!);
    signal?.addEventListener('abort', cancel, { once: true });
    const { method, path, headers, body } = request;
    try {
      dispatcher.dispatch({ method: method as 'GET', path, headers, body }, handler);
    } catch (error) {
      handler.onResponseError(undefined, error as Error);
    }
  });
}

type Head = Pick<HttpResponse, 'status' | 'statusText' | 'headers'>;

class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #request: WireRequest;
  readonly #begun = performance.now();
  #settle: ((outcome: HttpResponse | NetError) => void) | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #connectMs = 0;
  #head: Head | undefined;
  #body: BodyReader | undefined;

  constructor(request: WireRequest, settle: (outcome: HttpResponse | NetError) => void) {
    this.#request = request;
    this.#settle = settle;
  }

  cancel(signal: Signal): void {
    const reason = endedBy(signal, this.#controller !== undefined);
    if (reason.kind === 'timeout' && this.#head && this.#body && isEventStream(this.#head))
      this.#end({ body: this.#body.soFar(), partial: true, connectMs: this.#connectMs, ...this.#head });
    this.#fail(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // It was given up while it waited for a connection: nothing is sent.
    if (!this.#settle) return controller.abort(new NetError('cancelled', false, 'The call was cancelled'));
    this.#controller = controller;
    this.#connectMs = performance.now() - this.#begun;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    statusText = '',
  ): void {
    if (status < 200 || !this.#settle) return;
    this.#head = { status, statusText, headers: { ...headers } as HttpResponse['headers'] };
    const coding = headers['content-encoding'];
    try {
      this.#body = createBodyReader({
        coding: Array.isArray(coding) ? coding.join(', ') : coding,
        limit: this.#request.maxBytes,
        onError: (error) => this.#fail(error),
      });
    } catch (error) {
      this.#fail(error);
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (!this.#settle) return;
    try {
      this.#body!.write(chunk);
    } catch (error) {
      this.#fail(error);
    }
  }

  onResponseEnd(): void {
    const head = this.#head!;
    const body = this.#body!.end();
    if (body instanceof Uint8Array) return this.#end({ body, connectMs: this.#connectMs, ...head });
    body.then(
      (body) => this.#end({ body, connectMs: this.#connectMs, ...head }),
      (error: unknown) => this.#fail(error),
    );
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#fail(netErrorOf(error, this.#controller !== undefined));
  }

  #fail(error: unknown): void {
    const fault = netErrorOf(error, this.#controller !== undefined);
    this.#end(fault);
    this.#body?.destroy();
    this.#controller?.abort(fault);
  }

  #end(outcome: HttpResponse | NetError): void {
    this.#settle?.(outcome);
    this.#settle = undefined;
  }
}

function isEventStream({ headers }: Head): boolean {
  const type = headers['content-type'];
  return typeof type === 'string' && /^\s*text\/event-stream\b/i.test(type);
}
