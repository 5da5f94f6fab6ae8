import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What to answer; `hang`: nothing, ever; `reset`: the connection breaks. */
export type Answer =
  | {
      readonly status?: number;
      readonly headers?: { [name: string]: string };
      readonly json?: unknown;
      readonly text?: string;
    }
  | 'hang'
  | 'reset';

export interface ScriptedServer {
  readonly origin: string;
  readonly seen: Seen[];
  /** From now on; a function is asked for each request. */
  answer(next: Answer | ((request: Seen) => Answer)): void;
  close(): Promise<void>;
}

/** A server on this machine that answers what it is told to. */
export async function startScripted(): Promise<ScriptedServer> {
  let script: (request: Seen) => Answer = () => ({ status: 404 });
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      const one = { method, path, headers, body: Buffer.concat(chunks).toString() };
      seen.push(one);
      const answer = script(one);
      if (answer === 'hang') return;
      if (answer === 'reset') return request.socket.destroy();
      const { status = 200, json, text } = answer;
      response.writeHead(status, {
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...answer.headers,
      });
      response.end(json === undefined ? text : JSON.stringify(json));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    answer(next) {
      script = typeof next === 'function' ? next : () => next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
