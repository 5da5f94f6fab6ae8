import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server, STATUS_CODES } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import type { TlsFiles } from '../config/http-types.ts';
import { BridgeError } from '../errors.ts';
import { limitSockets } from './socket-limit.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly tls?: TlsFiles;
  /** Connections at a time; default 1,000. */
  readonly maxSockets?: number;
  /** Bodies that are announced as larger are not asked for (`Expect: 100-continue`). */
  readonly maxBodyBytes: number;
  /** Milliseconds; default: SECURITY.md, "Defaults". */
  readonly timeouts?: Partial<Timeouts>;
}

export interface Timeouts {
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly keepAliveTimeout: number;
  /** How often the first two are looked at. */
  readonly connectionsCheckingInterval: number;
}

export interface Listening {
  readonly port: number;
  /** Takes no new connection, lets requests under way end, and closes what is left after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** The table "Defaults" of SECURITY.md; a proxy in front keeps idle connections for a minute, so this keeps them longer. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 2_000,
  maxHeaderSize: 16 * 1024,
} as const;
const HANDSHAKE_MS = 10_000;
const DRAIN_CHECK_MS = 50;
const IDLE_MS = 1_000;
const MAX_SOCKETS = 1_000;
const MAX_HEADERS = 100;

/** A server under limits that listens. Throws CONFIG_INVALID for TLS files that cannot be used, USAGE for an address that cannot be listened on. */
export async function listen(handle: RequestListener, options: ListenOptions): Promise<Listening> {
  const limits = { ...LIMITS, ...options.timeouts };
  const server = options.tls
    ? createSecureServer(
        { ...limits, ...readTls(options.tls), minVersion: 'TLSv1.2', handshakeTimeout: HANDSHAKE_MS },
        handle,
      )
    : createServer(limits, handle);
  server.maxHeadersCount = MAX_HEADERS;
  limitSockets(server, options.maxSockets ?? MAX_SOCKETS);
  server.on('clientError', answerBroken);
  server.on('checkContinue', (request, response) => {
    if (!(Number(request.headers['content-length'] ?? 0) > options.maxBodyBytes)) response.writeContinue();
    handle(request, response);
  });
  await started(server, options);
  return { port: (server.address() as AddressInfo).port, close: (graceMs) => stop(server, graceMs) };
}

function readTls({ cert, key }: TlsFiles): { cert: Buffer; key: Buffer } {
  try {
    return { cert: readFileSync(cert), key: readFileSync(key) };
  } catch (cause) {
    throw new BridgeError('CONFIG_INVALID', `The TLS files cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function started(server: Server, { host, port }: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'it is in use' : cause.message;
      reject(
        new BridgeError('USAGE', `Cannot listen on ${host}:${port}: ${why}`, {
          cause,
          hint: 'Choose another with --http.',
        }),
      );
    });
    server.listen(port, host.replace(/^\[|\]$/g, ''), resolve);
  });
}

/** What is not HTTP, too long, or too slow. */
function answerBroken(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || socket.bytesWritten > 0) return void socket.destroy();
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

/**
 * Closes in the order in which nothing is lost: first the door, so that who comes goes elsewhere; a second later the connections
 * that lie idle, because a proxy may just be sending on one of them, and what is sent in between is answered; at last the rest.
 */
function stop(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cutOff = setTimeout(() => server.closeAllConnections(), graceMs);
    let drain: NodeJS.Timeout | undefined;
    const idle = setTimeout(
      () => {
        // A request that waits in its socket is looked at first: sockets are, and then come immediates.
        drain = setInterval(() => setImmediate(() => server.closeIdleConnections()), DRAIN_CHECK_MS);
      },
      Math.min(graceMs, IDLE_MS),
    );
    const done = () => {
      for (const timer of [cutOff, idle, drain]) clearTimeout(timer);
      server.close(() => undefined);
      resolve();
    };
    // The close of node:http would end idle connections at once.
    setImmediate(() => NetServer.prototype.close.call(server, done));
  });
}
