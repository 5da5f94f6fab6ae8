import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { gzipSync } from 'node:zlib';

/** What an attack's upstream does for a route. */
export interface Script {
  readonly status?: number;
  readonly statuses?: readonly number[];
  readonly headers?: { readonly [name: string]: string };
  readonly json?: unknown;
  readonly body?: string;
  readonly delayMs?: number;
  readonly reset?: true;
  readonly resetFirst?: number;
  readonly processThenReset?: true;
  readonly contentLength?: number;
  readonly sendBytes?: number;
  readonly thenReset?: true;
  readonly dripBytesPerSec?: number;
  readonly gzipBomb?: number;
  readonly streamBytes?: number;
  readonly sseForever?: true;
  readonly eventsPerSec?: number;
  readonly echoCredential?: true;
  readonly echoHeaders?: true;
  readonly thenUnsolicitedResponseAfterMs?: number;
}

export interface Hit {
  readonly method: string;
  readonly target: string;
  /** Names and values in turn, as they were sent. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly at: number;
  /** Milliseconds on the clock of `performance` when the connection ended before the answer did. */
  readonly abandoned: Promise<number>;
}

export interface Recorder {
  readonly origin: string;
  readonly port: number;
  readonly hits: readonly Hit[];
  /** Connections that were made. */
  connections(): number;
  /** Bytes of bodies that were written. */
  written(): number;
  goDown(): Promise<void>;
  comeUp(): Promise<void>;
  close(): Promise<void>;
}

/** An HTTP server that records everything and answers by the script of the route. */
export async function startRecorder(routes: { readonly [route: string]: Script } = {}): Promise<Recorder> {
  const hits: Hit[] = [];
  const sockets = new Set<Socket>();
  let made = 0;
  let written = 0;
  const server = createServer((request, response) => {
    void record(request, response).then(
      (hit) => {
        hits.push(hit);
        const key = `${hit.method} ${hit.target.split('?')[0]}`;
        const script = routes[key] ?? {};
        const number = hits.filter(({ method, target }) => `${method} ${target.split('?')[0]}` === key).length;
        setTimeout(
          () =>
            answer({
              response,
              hit,
              script,
              number,
              count: (bytes) => {
                written += bytes;
              },
            }),
          script.delayMs ?? 0,
        );
      },
      () => undefined,
    );
  });
  server.on('connection', (socket) => {
    made++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
  });
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;
  const goDown = () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.resetAndDestroy();
    return server.listening || sockets.size > 0 ? closed : Promise.resolve();
  };
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    hits,
    connections: () => made,
    written: () => written,
    goDown,
    comeUp: () => listen(server, port),
    close: async () => {
      if (server.listening) await goDown();
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
}

async function record(request: IncomingMessage, response: ServerResponse): Promise<Hit> {
  const abandoned = new Promise<number>((resolve) =>
    response.once('close', () => response.writableFinished || resolve(performance.now())),
  );
  const at = performance.now();
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return {
    method: request.method!,
    target: request.url!,
    rawHeaders: request.rawHeaders,
    body: Buffer.concat(chunks).toString(),
    at,
    abandoned,
  };
}

interface Turn {
  readonly response: ServerResponse;
  readonly hit: Hit;
  readonly script: Script;
  /** How many requests this route has seen. */
  readonly number: number;
  readonly count: (bytes: number) => void;
}

function answer(turn: Turn): void {
  const { response, script, number } = turn;
  const { socket } = response;
  if (response.destroyed || !socket) return;
  if (script.reset || script.processThenReset || number <= (script.resetFirst ?? 0))
    return void socket.resetAndDestroy();
  if (script.thenUnsolicitedResponseAfterMs !== undefined) return unsolicited(turn);
  const status = script.statuses?.[Math.min(number, script.statuses.length) - 1] ?? script.status ?? 200;
  const type = script.sseForever ? 'text/event-stream' : 'application/json';
  const head = { 'content-type': type, ...script.headers };
  if (script.thenReset) {
    response.writeHead(status, { ...head, 'content-length': script.contentLength });
    response.write(`{"cut":"${'x'.repeat(script.sendBytes! - 8)}`, () => socket.resetAndDestroy());
    return;
  }
  if (script.gzipBomb !== undefined) {
    response.writeHead(status, { ...head, 'content-encoding': 'gzip' });
    return void response.end(bombOf(script.gzipBomb));
  }
  if (script.dripBytesPerSec !== undefined || script.sseForever || script.streamBytes !== undefined) {
    response.writeHead(status, head);
    return stream(turn);
  }
  response.writeHead(status, head);
  response.end(bodyOf(turn));
}

function bodyOf({ script, hit }: Turn): string {
  if (script.echoHeaders)
    return JSON.stringify({
      seen: pairsOf(hit.rawHeaders),
      percent: encodeURIComponent(JSON.stringify(pairsOf(hit.rawHeaders))),
    });
  if (script.echoCredential) return JSON.stringify({ credential: fingerprintOf(credentialOf(hit)) });
  return script.body ?? JSON.stringify(script.json ?? { ok: true });
}

/** What of a request says who asks. */
export function credentialOf({ rawHeaders }: Hit): string {
  return pairsOf(rawHeaders)
    .filter(([name]) => /^(authorization|x-api-key|cookie)$/i.test(name))
    .map(([, value]) => value.replace(/^Bearer /, ''))
    .join(' ');
}

/** What an upstream says of a credential it saw: results never hold one. */
export function fingerprintOf(credential: string): string {
  return createHash('sha256').update(credential).digest('hex').slice(0, 16);
}

export function pairsOf(raw: readonly string[]): readonly (readonly [string, string])[] {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1]!] as const] : []));
}

/** Each answer names the connection's first credential, and so does the one too many that follows. */
function unsolicited({ response, hit, script }: Turn): void {
  const socket = response.socket!;
  const body = JSON.stringify({ credential: fingerprintOf(credentialOf(hit)) });
  const text = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  socket.write(text);
  setTimeout(() => socket.destroyed || socket.write(text), script.thenUnsolicitedResponseAfterMs);
}

const bombs = new Map<number, Buffer>();

function bombOf(bytes: number): Buffer {
  const member = bombs.get(0) ?? gzipSync(Buffer.alloc(10_000_000), { level: 9 });
  bombs.set(0, member);
  // Members of gzip in a row decode to their contents in a row (RFC 1952 §2.2).
  const bomb = bombs.get(bytes) ?? Buffer.concat(Array(Math.ceil(bytes / 10_000_000)).fill(member));
  bombs.set(bytes, bomb);
  return bomb;
}

function stream({ response, script, count }: Turn): void {
  const send = (text: string) => {
    count(text.length);
    return response.write(text);
  };
  if (script.streamBytes !== undefined) {
    const chunk = ' '.repeat(65_536);
    let left = script.streamBytes;
    const pump = () => {
      while (left > 0 && !response.destroyed) {
        left -= chunk.length;
        if (!send(chunk)) return void response.once('drain', pump);
      }
      response.end();
    };
    return pump();
  }
  const every = 1000 / (script.dripBytesPerSec ?? script.eventsPerSec ?? 10);
  const piece = script.sseForever ? 'data: {"n":1}\n\n' : ' ';
  send(piece);
  const timer = setInterval(() => send(piece), every);
  response.once('close', () => clearInterval(timer));
}
