import { originsOfConfig } from './auth/config.ts';
import type { ApiConfig, BridgeConfig } from './config/types.ts';
import { createAddressPolicy, isPlainlyLocal } from './net/address.ts';
import { createHttpClient, type HttpClient, type HttpClientOptions } from './net/client.ts';
import { createProxyOf } from './net/proxy.ts';
import { readCertificates } from './net/routes.ts';

/** What a test or an embedding program may put in the place of the system's own. */
export type NetworkOverrides = Pick<HttpClientOptions, 'resolve' | 'connectTimeoutMs' | 'firstByteTimeoutMs'>;

/**
 * The network as the operator's config draws it: which addresses may be called, through which proxy or socket, and whose
 * certificates count. Throws CONFIG_INVALID.
 */
export function createNetwork(config: BridgeConfig, overrides: NetworkOverrides = {}): HttpClient {
  const trusted = new Set(originsOf(config.apis.flatMap((api) => [api.baseUrl, api.spec])));
  const sockets = new Map<string, string>();
  for (const { baseUrl, keepAlive, socket } of config.apis) {
    if (baseUrl === undefined) continue;
    const { origin } = new URL(baseUrl);
    if (keepAlive === false) trusted.delete(origin);
    if (socket !== undefined) sockets.set(origin, socket);
  }
  return createHttpClient({
    policy: createAddressPolicy(namedHosts(config)),
    proxyOf: createProxyOf(config.environment),
    socketOf: (origin) => sockets.get(origin),
    reuses: (origin) => trusted.has(origin),
    ...(config.ca === undefined ? {} : { ca: readCertificates(config.ca) }),
    ...overrides,
  });
}

/** The places that may be called though they are not public: base URLs, OAuth endpoints, `--allow-host`, and documents' own. */
function namedHosts({ allowHosts, apis, http }: BridgeConfig): string[] {
  return [
    ...allowHosts,
    ...originsOf(apis.map(({ baseUrl }) => baseUrl)),
    ...originsOf(apis.map(({ spec }) => spec).filter(isLocalDocument)),
    ...originsOf([http?.oauth?.issuer, http?.oauth?.jwksUri]),
    ...apis.flatMap(({ auth }) => originsOfConfig(auth)),
  ];
}

function isLocalDocument(spec: ApiConfig['spec']): boolean {
  return URL.canParse(spec) && isPlainlyLocal(spec);
}

/** Origins of those words that are http(s) URLs. */
export function originsOf(words: readonly (string | undefined)[]): string[] {
  return words
    .filter((word): word is string => word !== undefined && /^https?:\/\//i.test(word) && URL.canParse(word))
    .map((url) => new URL(url).origin);
}
