import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { type AddressPolicy, isPublicAddress } from './address.ts';
import { NetError } from './errors.ts';

export type Resolver = (
  host: string,
  options: LookupOptions,
  done: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

const resolveBySystem: Resolver = (host, options, done) => systemLookup(host, { ...options, all: true }, done);

/**
 * Opens sockets to addresses that the policy allows, and to no others. Literal addresses are checked here, resolved ones
 * inside the look-up, so that the address connected to is the address that was checked. A name with one address that is
 * refused is refused: which of them a socket goes to is not ours to choose.
 */
export function createConnector(
  policy: AddressPolicy,
  options: { timeoutMs: number; resolve?: Resolver; tls?: object },
): buildConnector.connector {
  const resolve = options.resolve ?? resolveBySystem;
  const checked: LookupFunction = (host, lookupOptions, done) => {
    resolve(host, lookupOptions as LookupOptions, (error, addresses) => {
      if (error) return done(error, '', 4);
      const [first] = addresses;
      const refused = addresses.find(({ address }) => !isPublicAddress(address));
      if (refused || !first) return done(refusal(host, refused?.address ?? 'no address'), '', 4);
      if ((lookupOptions as LookupOptions).all)
        return (done as unknown as (error: null, all: LookupAddress[]) => void)(null, addresses);
      return done(null, first.address, first.family);
    });
  };
  const base = { timeout: options.timeoutMs, keepAlive: true, allowH2: false, ...options.tls };
  const open = buildConnector({
    ...base,
    ...(options.resolve ? { lookup: resolve as unknown as LookupFunction } : {}),
  });
  const guarded = buildConnector({ ...base, lookup: checked });
  return (target, done) => {
    const host = target.hostname.replace(/^\[|\]$/g, '');
    const port = target.port || (target.protocol === 'https:' ? '443' : '80');
    if (policy.isNamed(host, port)) return open(target, done);
    if (isIP(host) !== 0 && !isPublicAddress(host)) return done(refusal(host, host), null);
    return guarded(target, done);
  };
}

function refusal(host: string, address: string): NetError {
  const where = host === address ? address : `${host} (${address})`;
  return new NetError('address', false, `${where} is not a public address, and its host and port were not named`);
}
