import type { ServerResponse } from 'node:http';
import { writeWithList } from './prepared-list.ts';
import { SAFE_HEADERS } from './refusal.ts';

type Message = object;

const KEEP_ALIVE_MS = 15_000;

/**
 * The answer to one posted request (MCP "Streamable HTTP"): plain JSON when the result is all there is to send, an event
 * stream from the moment something else is sent before it.
 */
export class McpReply {
  readonly #response: ServerResponse;
  readonly #headers: { readonly [name: string]: string };

  constructor(response: ServerResponse, headers: { readonly [name: string]: string } = {}) {
    this.#response = response;
    this.#headers = headers;
  }

  /** Calls back when the client hangs up before the end. */
  onDisconnect(listener: () => void): void {
    const response = this.#response;
    response.on('close', () => {
      if (!response.writableFinished) listener();
    });
  }

  /** Sends something that is not yet the result. */
  notify(message: Message): void {
    if (!this.#response.headersSent) this.#openStream();
    this.#write(message);
  }

  /** Sends the result; `list` is the text of its empty `tools` member, when that was left to be filled in here. */
  end(message: Message, status = 200, list?: () => Uint8Array): void {
    if (this.#response.headersSent) {
      this.#write(message);
      this.#response.end();
      return;
    }
    const parts = list ? writeWithList(message, list) : [JSON.stringify(message)];
    let length = 0;
    for (const part of parts) length += Buffer.byteLength(part);
    this.#response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': length,
      ...SAFE_HEADERS,
      ...this.#headers,
    });
    this.#writeAtOnce(parts);
  }

  /** Head and body in one write; `end(body)` would have the empty end of the body gathered with them, at a quarter more. */
  #writeAtOnce(parts: readonly (string | Uint8Array)[]): void {
    const { socket } = this.#response;
    socket?.cork();
    for (const part of parts) this.#response.write(part);
    socket?.uncork();
    this.#response.end();
  }

  /** Ends without a result: the call was cancelled, and nobody waits. */
  abandon(): void {
    if (!this.#response.headersSent) this.#response.writeHead(202, { 'content-length': 0, ...this.#headers });
    this.#response.end();
  }

  #openStream(): void {
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      ...this.#headers,
    });
    const keepAlive = setInterval(() => this.#response.write(': keepalive\n\n'), KEEP_ALIVE_MS);
    this.#response.once('close', () => clearInterval(keepAlive));
  }

  #write(message: Message): void {
    this.#response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  }
}
