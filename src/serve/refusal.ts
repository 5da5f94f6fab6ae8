import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request that is not served. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers?: { readonly [name: string]: string };
  /** JSON-RPC's code, for `/mcp`; default -32000. */
  readonly rpcCode?: number;
}

/** Thrown by what reads a request, caught where it is answered. */
export class RequestRefused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.name = 'RequestRefused';
    this.refusal = refusal;
  }
}

/** Headers of every answer: nothing of this listener is for another page, a frame or a cache. */
export const SAFE_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

const LINGER_MS = 500;
/** So much of a refused body is read, so that the connection can be used again; before more it is closed. */
const DRAINED_BYTES = 64 * 1024;

/** Answers a refused request: a JSON-RPC error on `/mcp`, an error object elsewhere. */
export function sendRefusal(response: ServerResponse, refusal: Refusal, isMcp: boolean): void {
  if (response.headersSent) return void response.destroy();
  const { status, code, message, headers, rpcCode } = refusal;
  const closes = hasMuchUnread(response.req);
  const body = isMcp
    ? { jsonrpc: '2.0', id: null, error: { code: rpcCode ?? -32000, message } }
    : { error: { code, message } };
  response.writeHead(status, {
    'content-type': 'application/json',
    ...SAFE_HEADERS,
    ...headers,
    ...(closes ? { connection: 'close' } : {}),
  });
  response.end(JSON.stringify(body));
  if (closes) hangUp(response);
}

function hasMuchUnread({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  if (headers['transfer-encoding'] !== undefined) return true;
  return Number(headers['content-length'] ?? 0) > DRAINED_BYTES;
}

/** Gives the sender a moment to read the answer, then stops its sending. */
function hangUp({ socket, req }: ServerResponse): void {
  req.pause();
  const timer = setTimeout(() => socket?.destroy(), LINGER_MS);
  socket?.once('close', () => clearTimeout(timer));
}
