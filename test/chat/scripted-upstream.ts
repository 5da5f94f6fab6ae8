import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A request that the model provider got. */
export interface ModelRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it
  readonly body: any;
  /** Resolves when the connection is closed before the answer was complete. */
  readonly abandoned: Promise<void>;
}

export interface ModelReply {
  readonly status?: number;
  readonly headers?: { readonly [name: string]: string };
  readonly json?: unknown;
  readonly text?: string;
  /** Events of a stream: objects are written as JSON, strings as they stand. */
  readonly events?: readonly unknown[];
  /** Bytes of a stream's pieces; default: each event is a piece. */
  readonly pieceBytes?: number;
  /** The answer begins when this resolves. */
  readonly after?: Promise<unknown>;
  /** After so many events the stream waits for this. */
  readonly hold?: { readonly at: number; readonly until: Promise<unknown> };
  /** How the stream ends; default: as it should. */
  readonly end?: 'reset';
}

export type ModelScript = ModelReply | ((request: ModelRequest) => ModelReply);

export interface ScriptedUpstream {
  /** With `/v1`. */
  readonly url: string;
  readonly requests: readonly ModelRequest[];
  /** What is answered from now on, in order; the last one again and again. */
  play(...script: ModelScript[]): void;
  close(): Promise<void>;
}

/** A model provider on a free loopback port that says what it is told to say. */
export async function startScriptedUpstream(): Promise<ScriptedUpstream> {
  const requests: ModelRequest[] = [];
  let script: ModelScript[] = [];
  const server = createServer((message, response) => {
    void record(message, response).then((request) => {
      requests.push(request);
      const next = script.length > 1 ? script.shift()! : script[0]!;
      return reply(response, typeof next === 'function' ? next(request) : next);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    play(...next) {
      script = next;
      requests.length = 0;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function record(message: IncomingMessage, response: ServerResponse): Promise<ModelRequest> {
  const abandoned = new Promise<void>((resolve) =>
    response.once('close', () => response.writableFinished || resolve()),
  );
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return {
    method: message.method!,
    path: message.url!,
    headers: message.headers,
    body: text === '' ? undefined : JSON.parse(text),
    abandoned,
  };
}

async function reply(response: ServerResponse, { status = 200, headers = {}, ...what }: ModelReply): Promise<void> {
  await what.after;
  if (response.destroyed) return;
  if (!what.events) {
    const type = what.json === undefined ? 'text/html' : 'application/json';
    response.writeHead(status, { 'content-type': type, ...headers });
    return void response.end(what.text ?? JSON.stringify(what.json ?? {}));
  }
  response.writeHead(status, { 'content-type': 'text/event-stream', ...headers });
  const pieces = what.events.map((event) => (typeof event === 'string' ? event : writeEvent(event)));
  for (const [index, piece] of (what.pieceBytes ? cut(pieces.join(''), what.pieceBytes) : pieces).entries()) {
    if (what.hold?.at === index) await what.hold.until;
    if (response.destroyed) return;
    response.write(piece);
    if (what.pieceBytes) await pause(0);
  }
  if (what.end === 'reset') return void setImmediate(() => response.socket?.resetAndDestroy());
  response.end();
}

function writeEvent(event: unknown): string {
  const { type } = event as { type?: string };
  return `${type === undefined ? '' : `event: ${type}\n`}data: ${JSON.stringify(event)}\n\n`;
}

/** Pieces that end anywhere, in the middle of characters too. */
function cut(text: string, bytes: number): Buffer[] {
  const whole = Buffer.from(text);
  return Array.from({ length: Math.ceil(whole.length / bytes) }, (_, index) =>
    whole.subarray(index * bytes, (index + 1) * bytes),
  );
}
