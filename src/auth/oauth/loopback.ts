import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BridgeError } from '../../errors.ts';
import { sendPage } from '../page.ts';

/** A server on this machine that waits for the browser to come back (RFC 8252 §7.3). */
export interface LoopbackCallback {
  readonly redirectUri: string;
  /** Resolves once: what the first callback brought. Rejects with OAUTH_FAILED when nobody comes in time, or it is closed. */
  readonly received: Promise<CallbackArrival>;
  close(): void;
}

export interface CallbackArrival {
  readonly parameters: URLSearchParams;
  /** Tells the person in the browser how it went, and closes the server. */
  answer(success: boolean, message: string): void;
}

export interface LoopbackOptions {
  /** 0: any free one. */
  readonly port?: number;
  readonly timeoutMs?: number;
}

const PATH = '/callback';
const TIMEOUT_MS = 300_000;
const NOT_FOUND = { title: 'Not found', message: 'There is nothing here.' };
const USED = { title: 'Already used', message: 'This login has already come back once. Start it again.' };

/**
 * Listens on 127.0.0.1 for one callback. A second one, another path, method or Host gets an error page and changes nothing.
 * Throws OAUTH_FAILED when the port is taken.
 */
export async function openLoopbackCallback(options: LoopbackOptions = {}): Promise<LoopbackCallback> {
  const { promise: received, resolve, reject } = withResolvers<CallbackArrival>();
  // Nobody may be waiting yet when it fails.
  received.catch(() => undefined);
  let arrived = false;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', redirectUri);
    if (!isCallback(request, url)) return sendPage(response, 404, NOT_FOUND);
    if (arrived) return sendPage(response, 410, USED);
    arrived = true;
    const answer = (success: boolean, message: string) => {
      sendPage(response, success ? 200 : 400, { title: success ? 'Signed in' : 'Not signed in', message });
      close();
    };
    resolve({ parameters: url.searchParams, answer });
  });
  server.requestTimeout = 10_000;
  server.headersTimeout = 10_000;
  const port = await listen(server, options.port ?? 0);
  const redirectUri = `http://127.0.0.1:${port}${PATH}`;
  const host = `127.0.0.1:${port}`;
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const timer = setTimeout(() => {
    reject(new BridgeError('OAUTH_FAILED', `Nobody signed in within ${Math.round(timeoutMs / 1000)} s`));
    close();
  }, timeoutMs);
  return { redirectUri, received, close };

  function isCallback(request: IncomingMessage, url: URL): boolean {
    return request.method === 'GET' && url.pathname === PATH && request.headers.host === host;
  }

  function close(): void {
    clearTimeout(timer);
    reject(new BridgeError('OAUTH_FAILED', 'The login was given up'));
    server.close();
    setTimeout(() => server.closeAllConnections(), 500).unref();
  }
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new BridgeError('OAUTH_FAILED', `The callback cannot listen on 127.0.0.1:${port} (${error.code ?? 'error'})`, {
          hint: 'Free the port, or choose another with "redirectPort".',
        }),
      ),
    );
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

/** `Promise.withResolvers` of Node 22. */
function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
