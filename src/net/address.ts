import ipaddr from 'ipaddr.js';

/** Azure's platform address: public by range, internal by use. */
const WIRE_SERVER = '168.63.129.16';

/**
 * Whether an IP address is global unicast, after unwrapping IPv4 in IPv6 (mapped, 6to4, NAT64, Teredo); also false for
 * `::/96` and Azure's 168.63.129.16. Anything that is no IP address is false.
 */
export function isPublicAddress(address: string): boolean {
  const bare = address.startsWith('[') ? address.slice(1, -1) : address;
  if (!ipaddr.isValid(bare.split('%')[0]!)) return false;
  return isPublic(ipaddr.parse(bare.split('%')[0]!));
}

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.kind() === 'ipv4') return address.range() === 'unicast' && address.toString() !== WIRE_SERVER;
  const bytes = address.toByteArray();
  const inner = unwrapped(bytes, (address as ipaddr.IPv6).range());
  if (inner) return isPublic(new ipaddr.IPv4(inner));
  // Only 2000::/3 is assigned for global unicast (RFC 4291 §2.4, IANA's registry).
  return (bytes[0]! & 0xe0) === 0x20 && address.range() === 'unicast';
}

/** The IPv4 address inside an IPv6 one (RFC 4291 §2.5.5.2, RFC 3056, RFC 6052, RFC 4380), if there is one. */
function unwrapped(bytes: readonly number[], range: string): number[] | undefined {
  if (range === 'ipv4Mapped' || range === 'rfc6052' || range === 'rfc6145') return bytes.slice(12, 16);
  if (bytes[0] === 0x20 && bytes[1] === 0x02) return bytes.slice(2, 6);
  if (range === 'teredo') return bytes.slice(12, 16).map((byte) => byte ^ 0xff);
  return undefined;
}

/** Which addresses may be connected to: public ones, and those behind a `host:port` that the operator named. */
export interface AddressPolicy {
  /** Adds an origin or `host:port`. */
  name(hostAndPort: string): void;
  isNamed(host: string, port: string | number): boolean;
  isNamedOrigin(origin: string): boolean;
}

export function createAddressPolicy(named: readonly string[] = []): AddressPolicy {
  const names = new Set<string>();
  const policy: AddressPolicy = {
    name: (hostAndPort) => void names.add(normalise(hostAndPort)),
    isNamed: (host, port) => names.has(`${host.toLowerCase().replace(/^\[|\]$/g, '')}:${port}`),
    isNamedOrigin: (origin) => names.has(normalise(origin)),
  };
  for (const entry of named) policy.name(entry);
  return policy;
}

function normalise(written: string): string {
  const url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(written) ? written : `http://${written}`);
  return `${url.hostname.replace(/^\[|\]$/g, '')}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`;
}

/**
 * Whether giving a document by this URL names its host and port too, though they are not public: the operator's own machine,
 * written plainly. Other spellings of it, other networks and names that only resolve to something inside want `--allow-host`.
 */
export function isPlainlyLocal(url: string): boolean {
  const [, written = ''] = /^https?:\/\/([^/?#\\@]*?)(?::\d*)?(?:[/?#]|$)/i.exec(url) ?? [];
  const { hostname } = new URL(url);
  if (written.toLowerCase() !== hostname) return false;
  const host = hostname.replace(/^\[|\]$/g, '');
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  return ipaddr.isValid(host) && ipaddr.parse(host).range() === 'loopback';
}
