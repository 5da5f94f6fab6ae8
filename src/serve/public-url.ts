import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';
import { BridgeError } from '../errors.ts';

export interface PublicUrlOptions {
  /** How clients reach the listener, without a path at the end; absent: as the request's Host says. */
  readonly publicUrl?: string;
  /** Addresses or CIDR ranges of proxies whose `X-Forwarded-Proto` and `X-Forwarded-Host` are believed. Default: none. */
  readonly trustedProxies?: readonly string[];
  /** The listener itself speaks TLS. */
  readonly secure: boolean;
}

/** The origin under which a request came in, without a slash at the end. Its Host was checked before. */
export type PublicUrlOf = (request: IncomingMessage) => string;

/** Throws CONFIG_INVALID for a URL or range that is none. */
export function createPublicUrl(options: PublicUrlOptions): PublicUrlOf {
  const isTrusted = createTrust(options.trustedProxies ?? []);
  if (options.publicUrl !== undefined) {
    const fixed = checked(options.publicUrl);
    return () => fixed;
  }
  return ({ headers, socket }) => {
    const scheme = options.secure ? 'https' : 'http';
    const host = headers.host ?? 'localhost';
    if (!isTrusted(socket.remoteAddress)) return `${scheme}://${host}`;
    const forwarded = single(headers['x-forwarded-proto']);
    const forwardedHost = single(headers['x-forwarded-host']);
    return `${forwarded === 'https' || forwarded === 'http' ? forwarded : scheme}://${forwardedHost ?? host}`;
  };
}

function checked(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '' || url.username !== '')
    throw new BridgeError('CONFIG_INVALID', `The public URL ${JSON.stringify(text)} is not an http(s) URL`);
  return url.href.replace(/\/$/, '');
}

function createTrust(proxies: readonly string[]): (address: string | undefined) => boolean {
  const ranges = proxies.map((text) => {
    if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
    if (!ipaddr.isValid(text))
      throw new BridgeError('CONFIG_INVALID', `The trusted proxy ${JSON.stringify(text)} is no address or CIDR range`);
    const address = ipaddr.process(text);
    return [address, address.kind() === 'ipv4' ? 32 : 128] as const;
  });
  return (address) => {
    if (ranges.length === 0 || address === undefined || !ipaddr.isValid(address)) return false;
    const from = ipaddr.process(address);
    return ranges.some(([range, bits]) => range.kind() === from.kind() && from.match(range as ipaddr.IPv4, bits));
  };
}

/** The value the nearest proxy wrote: the last of a list. */
function single(value: string | string[] | undefined): string | undefined {
  const last = [value].flat().at(-1)?.split(',').at(-1)?.trim();
  return last !== undefined && /^[A-Za-z0-9.:[\]_-]+$/.test(last) ? last : undefined;
}
