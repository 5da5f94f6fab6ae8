import { readFileSync } from 'node:fs';
import { isIP, type Socket } from 'node:net';
import { rootCertificates } from 'node:tls';
import { buildConnector } from 'undici';
import { BridgeError } from '../errors.ts';
import { type AddressPolicy, isPublicAddress } from './address.ts';
import { createConnector, type Resolver } from './connector.ts';
import { NetError } from './errors.ts';
import type { ProxyOf } from './proxy.ts';

/** A client certificate and its authority in PEM; names as in `node:tls`. */
export interface RouteTls {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
  readonly passphrase?: string;
}

export interface RouteOptions {
  readonly policy: AddressPolicy;
  /** For the proxy's socket, its answer to CONNECT, and the handshake through it; each. */
  readonly timeoutMs: number;
  readonly resolve?: Resolver;
  readonly proxyOf?: ProxyOf;
  /** Unix sockets that the operator named, by origin. */
  readonly socketOf?: (origin: string) => string | undefined;
  /** Certificates to trust: `readCertificates`. Default: Node's. */
  readonly ca?: readonly string[];
}

/** How sockets to an origin are opened: a named unix socket, a proxy, or directly. One per pool. */
export type RouteTo = (origin: string, tls?: RouteTls) => buildConnector.connector;

export function createRoutes(options: RouteOptions): RouteTo {
  const { policy, timeoutMs, resolve } = options;
  const directWith = memoize((tls) =>
    createConnector(policy, { timeoutMs, tls: tlsOptions(options, tls), ...(resolve ? { resolve } : {}) }),
  );
  return (origin, tls) => {
    const base = { timeout: timeoutMs, allowH2: false };
    const socketPath = options.socketOf?.(origin);
    if (socketPath !== undefined) return buildConnector({ ...base, ...tlsOptions(options, tls), socketPath });
    const proxy = options.proxyOf?.(origin);
    if (proxy === undefined) return directWith(tls);
    const toProxy = buildConnector({ ...base, ...tlsOptions(options, undefined) });
    const throughIt = buildConnector({ ...base, ...tlsOptions(options, tls) });
    return (target, done) => {
      const refused = refusalOf(target, policy);
      if (refused) return done(refused, null);
      return openTunnel({ proxy: new URL(proxy), timeoutMs, target, toProxy, throughIt }, done);
    };
  };
}

/** A certificate's own authority counts beside those that are trusted anyway. */
function tlsOptions({ ca }: RouteOptions, tls: RouteTls | undefined): object {
  const trusted = [...(ca ?? []), ...(tls?.ca === undefined ? [] : [...(ca ? [] : rootCertificates), tls.ca])];
  return { ...tls, ...(trusted.length > 0 ? { ca: trusted } : { ca: undefined }) };
}

/** TLS sessions are remembered by the connector: those of one certificate are not for another. */
function memoize(create: (tls: RouteTls | undefined) => buildConnector.connector): typeof create {
  const plain = create(undefined);
  const known = new WeakMap<RouteTls, buildConnector.connector>();
  return (tls) => {
    if (!tls) return plain;
    const connector = known.get(tls) ?? create(tls);
    known.set(tls, connector);
    return connector;
  };
}

/** PEM certificates of a file beside the ones Node trusts. Throws CONFIG_INVALID. */
export function readCertificates(path: string): string[] {
  try {
    const text = readFileSync(path, 'utf8');
    if (!text.includes('-----BEGIN CERTIFICATE-----')) throw new Error('holds no PEM certificate');
    return [...rootCertificates, text];
  } catch (error) {
    throw new BridgeError('CONFIG_INVALID', `${path}: ${(error as Error).message}`, {
      cause: error,
      hint: 'Give the file with the certificate of your certificate authority, as PEM.',
    });
  }
}

/**
 * A proxy resolves names itself, out of our sight: what can be checked here is what is written. Literal addresses that are
 * not public, and names that no public resolver knows, are refused unless they were named.
 */
function refusalOf({ hostname, port, protocol }: buildConnector.Options, policy: AddressPolicy): NetError | undefined {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (policy.isNamed(host, port || (protocol === 'https:' ? '443' : '80'))) return undefined;
  const inside = isIP(host) === 0 ? isInternalName(host) : !isPublicAddress(host);
  if (!inside) return undefined;
  return new NetError('address', false, `${host} is not public, and its host and port were not named`);
}

function isInternalName(host: string): boolean {
  const name = host.replace(/\.$/, '');
  return !name.includes('.') || /\.(internal|local|localhost|localdomain|lan|home|corp|intranet)$/.test(name);
}

type Done = buildConnector.Callback;

interface Tunnel {
  readonly proxy: URL;
  readonly timeoutMs: number;
  readonly target: buildConnector.Options;
}

interface Connectors {
  readonly toProxy: buildConnector.connector;
  /** Its certificate is shown to the API, not to the proxy. */
  readonly throughIt: buildConnector.connector;
}

/** CONNECT (RFC 9110 §9.3.6), then TLS through it where the target is https. */
function openTunnel({ proxy, timeoutMs, target, toProxy, throughIt }: Tunnel & Connectors, done: Done): void {
  const { hostname, protocol } = proxy;
  const port = proxy.port || (protocol === 'https:' ? '443' : '80');
  const name = isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? { servername: hostname } : {};
  toProxy({ hostname, host: proxy.host, protocol, port, ...name }, (error, socket) => {
    if (error) return done(new NetError('connect', false, `The proxy ${proxy.host}: ${error.message}`, error), null);
    askForTunnel(socket, { proxy, timeoutMs, target }, (failure) => {
      if (failure) {
        socket.destroy();
        return done(failure, null);
      }
      if (target.protocol !== 'https:') return done(null, socket);
      return throughIt({ ...target, httpSocket: socket }, done);
    });
  });
}

const MAX_HEAD = 16_384;

function askForTunnel(socket: Socket, { proxy, timeoutMs, target }: Tunnel, done: (error?: NetError) => void): void {
  let head = '';
  const end = (error?: NetError) => {
    clearTimeout(timer);
    socket.removeListener('data', read);
    socket.removeListener('error', broken);
    socket.removeListener('close', broken);
    if (!error) socket.pause();
    done(error);
  };
  const fail = (why: string, cause?: unknown) =>
    end(new NetError('connect', false, `The proxy ${proxy.host} ${why}`, cause));
  const broken = (cause?: unknown) => fail('closed the connection', cause);
  const read = (chunk: Buffer) => {
    head += chunk.toString('latin1');
    const headEnd = head.indexOf('\r\n\r\n');
    if (headEnd < 0) return head.length > MAX_HEAD ? fail('sent too long an answer') : undefined;
    const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(head) ?? [];
    if (status === undefined || !status.startsWith('2')) return fail(`refused the connection: ${firstLine(head)}`);
    if (headEnd + 4 < head.length) return fail('sent more than its answer');
    end();
  };
  const timer = setTimeout(() => fail('did not answer in time'), timeoutMs);
  socket.on('data', read).on('error', broken).on('close', broken);
  const authority = `${target.hostname}:${target.port || (target.protocol === 'https:' ? '443' : '80')}`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${authorization(proxy)}\r\n`);
}

function firstLine(head: string): string {
  return head
    .split('\r\n', 1)[0]!
    .slice(0, 100)
    .replace(/[^\x20-\x7e]/g, '?');
}

function authorization({ username, password }: URL): string {
  if (username === '' && password === '') return '';
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Proxy-Authorization: Basic ${Buffer.from(pair).toString('base64')}\r\n`;
}
