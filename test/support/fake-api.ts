import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it came off the wire. */
export interface RecordedRequest {
  readonly method: string;
  /** The request target, byte for byte. */
  readonly target: string;
  /** In order, with the names as they were sent. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  /** Resolves when the connection is closed before the answer was complete. */
  readonly abandoned: Promise<void>;
}

/** What to answer. Without anything: 200 with an empty JSON object. */
export interface Reply {
  readonly status?: number;
  readonly reason?: string;
  readonly headers?: { readonly [name: string]: string | readonly string[] };
  readonly body?: string | Uint8Array;
  /** A body of JSON, with its content type. */
  readonly json?: unknown;
  /** The answer begins when this resolves. */
  readonly after?: Promise<unknown>;
  /** `reset` closes the connection instead of answering; `truncated` after head and body, short of the length announced. */
  readonly end?: 'reset' | 'truncated';
  /** Written to the socket as it stands, in the place of an HTTP answer; then the connection is closed. */
  readonly raw?: string | Uint8Array;
}

export interface FakeApi {
  readonly url: string;
  /** `host:port` */
  readonly host: string;
  readonly requests: readonly RecordedRequest[];
  /** The request after those that this was already asked for; waits for it if need be. */
  nextRequest(): Promise<RecordedRequest>;
  /** From now on. */
  answer(script: Script): void;
  close(): Promise<void>;
}

export type Script = Reply | ((request: RecordedRequest) => Reply);

/** An HTTP server on a free loopback port that records what it is sent and answers what it is told to. */
export async function startFakeApi(script: Script = {}): Promise<FakeApi> {
  let current = script;
  const requests: RecordedRequest[] = [];
  const waiting: ((request: RecordedRequest) => void)[] = [];
  let taken = 0;
  const server = createServer((message, response) => {
    record(message, response).then(
      (request) => {
        requests.push(request);
        waiting.shift()?.(request);
        return send(response, typeof current === 'function' ? current(request) : current);
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    host,
    requests,
    nextRequest() {
      const known = requests[taken++];
      return known ? Promise.resolve(known) : new Promise((resolve) => waiting.push(resolve));
    },
    answer(next) {
      current = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The value of a header, or nothing; several of one name are joined as HTTP says. */
export function headerOf(request: RecordedRequest, name: string): string | undefined {
  const values = request.headers.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(', ');
}

async function record(message: IncomingMessage, response: ServerResponse): Promise<RecordedRequest> {
  const abandoned = new Promise<void>((resolve) =>
    response.once('close', () => response.writableFinished || resolve()),
  );
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const { rawHeaders } = message;
  const headers = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1]!] as const] : [],
  );
  return { method: message.method!, target: message.url!, headers, body: Buffer.concat(chunks), abandoned };
}

async function send(response: ServerResponse, reply: Reply): Promise<void> {
  await reply.after;
  if (response.destroyed) return;
  if (reply.end === 'reset') return void response.socket?.resetAndDestroy();
  if (reply.raw !== undefined) return void response.socket?.end(reply.raw);
  const body = Buffer.from(reply.body ?? JSON.stringify(reply.json ?? {}));
  const type = reply.body === undefined ? { 'content-type': 'application/json' } : {};
  const length = body.length + (reply.end === 'truncated' ? 1 : 0);
  const status = reply.status ?? 200;
  response.writeHead(status, reply.reason ?? '', {
    ...type,
    ...(status === 204 ? {} : { 'content-length': length }),
    ...copy(reply.headers),
  });
  if (reply.end !== 'truncated') return void response.end(status === 204 ? undefined : body);
  response.write(body, () => response.socket?.destroy());
}

function copy(headers: Reply['headers'] = {}): { [name: string]: string | string[] } {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
  );
}
