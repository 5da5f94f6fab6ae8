import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BridgeError } from '../errors.ts';
import { escapeHtml, sendPage } from './page.ts';

/** A page on this machine on which a person types a secret, so that neither client nor model sees it. */
export interface SecretPage {
  readonly url: string;
  /** Resolves once with what was typed. Rejects with CREDENTIAL_MISSING when nobody comes in time, or it is closed. */
  readonly typed: Promise<TypedSecret>;
  close(): void;
}

export interface TypedSecret {
  /** `user:password` for a pair. */
  readonly value: string;
  /** Tells the person how it went, and closes the page. */
  answer(success: boolean, message: string): void;
}

export interface SecretPageOptions {
  /** `pair`: a user name and a password. */
  readonly ask: 'value' | 'pair';
  readonly title: string;
  readonly message: string;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 300_000;
const MAX_BODY = 64 * 1024;
const FIELDS = {
  value: '<p><label>Secret <input name="secret" type="password" autocomplete="off" required autofocus></label>',
  pair: '<p><label>User name <input name="user" autocomplete="off" required autofocus></label><p><label>Password <input name="secret" type="password" autocomplete="off"></label>',
};

/**
 * Listens on 127.0.0.1 under a path that cannot be guessed; another path, Host or Origin gets nothing. What was typed is taken
 * once. Throws CREDENTIAL_MISSING when it cannot listen.
 */
export async function openSecretPage(options: SecretPageOptions): Promise<SecretPage> {
  const path = `/${randomBytes(16).toString('hex')}`;
  let settle!: { resolve: (typed: TypedSecret) => void; reject: (error: BridgeError) => void };
  const typed = new Promise<TypedSecret>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Nobody may be waiting yet when it fails.
  typed.catch(() => undefined);
  let taken = false;
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  server.requestTimeout = 10_000;
  server.headersTimeout = 10_000;
  const origin = await listen(server);
  const timer = setTimeout(() => close('Nobody typed the credential in time'), options.timeoutMs ?? TIMEOUT_MS);
  return { url: `${origin}${path}`, typed, close: () => close('The page was closed') };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url, headers } = request;
    const own = headers.host === new URL(origin).host && (headers.origin ?? origin) === origin;
    if (!own || url !== path || (method !== 'GET' && method !== 'POST'))
      return sendPage(response, 404, { title: 'Not found', message: 'There is nothing here.' });
    if (taken) return sendPage(response, 410, { title: 'Already used', message: 'This page has been used once.' });
    if (method === 'GET') return showForm(response, 200, options.message);
    const value = typedIn(new URLSearchParams(await readBody(request)), options.ask);
    if (value === undefined) return showForm(response, 400, 'Nothing was typed, or the user name holds a colon.');
    taken = true;
    settle.resolve({
      value,
      answer(success, message) {
        sendPage(response, success ? 200 : 400, { title: success ? 'Stored' : 'Not stored', message });
        close('The page was closed');
      },
    });
  }

  function showForm(response: ServerResponse, status: number, message: string): void {
    const form = `<form method="post" action="${escapeHtml(path)}">${FIELDS[options.ask]}<p><button>Store</button></form>`;
    sendPage(response, status, { title: options.title, message, form });
  }

  function close(why: string): void {
    clearTimeout(timer);
    settle.reject(new BridgeError('CREDENTIAL_MISSING', why));
    server.close();
    setTimeout(() => server.closeAllConnections(), 500).unref();
  }
}

function listen(server: ReturnType<typeof createServer>): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new BridgeError('CREDENTIAL_MISSING', `No page can be shown on 127.0.0.1 (${error.code ?? 'error'})`)),
    );
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > MAX_BODY) throw new Error('too large');
  }
  return Buffer.concat(chunks).toString('utf8');
}

function typedIn(fields: URLSearchParams, ask: SecretPageOptions['ask']): string | undefined {
  const secret = (fields.get('secret') ?? '').trim();
  if (ask === 'value') return secret === '' ? undefined : secret;
  const user = (fields.get('user') ?? '').trim();
  return user === '' || user.includes(':') ? undefined : `${user}:${fields.get('secret') ?? ''}`;
}
