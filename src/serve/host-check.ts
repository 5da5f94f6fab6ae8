import { glob } from '../tool/filter.ts';

export interface HostRules {
  /** The address that is listened on; a name of its own is allowed as Host. */
  readonly host: string;
  /** More names for the Host header: `name`, `name:port`, `*.example.com`. */
  readonly allowedHosts?: readonly string[];
  /** Web origins that may send requests besides the listener's own, exactly: `https://chat.example.com`. */
  readonly allowedOrigins?: readonly string[];
}

/** Against DNS rebinding and foreign pages (MCP "Security": Origin MUST be checked). */
export interface HostCheck {
  /** Whether a Host header names this listener: by an allowed name, or by the very address the connection came in on. */
  isOurHost(header: string | undefined, connection?: { readonly localAddress?: string | undefined }): boolean;
  /** Whether a request from this web origin is our own page's, or of an origin that was named. Host must be checked first. */
  isOurOrigin(origin: string, host: string): boolean;
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const ANY_ADDRESS = ['0.0.0.0', '::', '[::]', ''];

export function createHostCheck(rules: HostRules): HostCheck {
  const own = ANY_ADDRESS.includes(rules.host) ? [] : [bracketed(rules.host)];
  const patterns = [...LOOPBACK, ...own, ...(rules.allowedHosts ?? [])].map((name) => name.toLowerCase());
  const origins = new Set((rules.allowedOrigins ?? []).map((origin) => origin.toLowerCase()));
  const known = new Set<string>();

  return {
    isOurHost(header, connection) {
      if (header === undefined) return false;
      if (known.has(header)) return true;
      const localAddress = connection?.localAddress;
      if (localAddress !== undefined && nameIn(header.toLowerCase()) === asHost(localAddress)) return true;
      const allowed = matches(header.toLowerCase(), patterns);
      if (allowed && known.size < 100) known.add(header);
      return allowed;
    },
    isOurOrigin(origin, host) {
      if (origins.has(origin.toLowerCase())) return true;
      const url = URL.canParse(origin) ? new URL(origin) : undefined;
      if (!url || !/^https?:$/.test(url.protocol)) return false;
      return url.host === withoutDefaultPort(host.toLowerCase(), url.protocol);
    },
  };
}

/** A host is `name[:port]` (RFC 9110 §7.2), nothing else. */
function nameIn(host: string): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+?)\.?(?::\d{1,5})?$/.exec(host)?.[1];
}

function matches(host: string, patterns: readonly string[]): boolean {
  const name = nameIn(host);
  return name !== undefined && patterns.some((pattern) => glob(pattern, name) || glob(pattern, host));
}

function withoutDefaultPort(host: string, protocol: string): string {
  return host.replace(protocol === 'https:' ? /:443$/ : /:80$/, '');
}

/** An address of a socket; IPv4 as IPv6 sockets see it is IPv4. */
function asHost(address: string): string {
  return bracketed(address.replace(/^::ffff:(?=\d+\.)/, ''));
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
