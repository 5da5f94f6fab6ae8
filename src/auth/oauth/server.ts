import type * as oauth from 'oauth4webapi';
import { BridgeError } from '../../errors.ts';
import type { OAuthFlows, SecurityScheme } from '../../operation/security-schemes.ts';
import type { OAuthFetch } from '../oauth-fetch.ts';
import type { OAuthConfig } from '../types.ts';
import { discover, discoverAt } from './discovery.ts';
import { shownUrl } from './failure.ts';

/** An authorization server: its endpoints, checked and safe to send a client secret to. */
export interface OAuthServer {
  readonly metadata: oauth.AuthorizationServer;
  /** Found by discovery: what it signs can be checked against its issuer. */
  readonly discovered: boolean;
}

export interface ServerRequest {
  readonly api: string;
  readonly scheme: string;
  readonly declared: SecurityScheme | undefined;
  readonly config: OAuthConfig | undefined;
  /** What relative URLs of the document are relative to. */
  readonly base?: string;
  /** Origins the operator stands behind: those of the API, of the document, of the config, or agreed to at login. */
  readonly trusted: readonly string[];
}

type EndpointName = 'token_endpoint' | 'authorization_endpoint' | 'device_authorization_endpoint';
type Endpoints = { readonly [name in EndpointName]?: string };

/**
 * The server behind a scheme: the operator's URLs over discovery over the document's. A token endpoint that only the document
 * names is used when it is on a trusted origin: a document must not choose who gets a client secret. Throws OAUTH_DISCOVERY
 * saying which key pins it, or AUTH_UNSUPPORTED when there is nothing to log in to.
 */
export async function resolveOAuthServer(request: ServerRequest, fetch: OAuthFetch): Promise<OAuthServer> {
  const pinned = request.config?.trusted ? endpointsOf(request.config) : {};
  const documented = absolute(request, documentedEndpoints(request));
  const found = await discovered(request, pinned, fetch);
  const metadata: oauth.AuthorizationServer = {
    issuer: issuerOf(pinned, documented),
    ...documented,
    ...found,
    ...pinned,
  };
  if (metadata.token_endpoint === undefined) throw nothingToLogInTo(request);
  for (const name of ENDPOINTS) checkEndpoint(request, metadata[name], pinned[name] !== undefined);
  return { metadata, discovered: found !== undefined };
}

const ENDPOINTS: readonly EndpointName[] = [
  'token_endpoint',
  'authorization_endpoint',
  'device_authorization_endpoint',
];

function endpointsOf({ tokenUrl, authorizationUrl, deviceAuthorizationUrl }: OAuthConfig): Endpoints {
  return {
    ...(tokenUrl === undefined ? {} : { token_endpoint: tokenUrl }),
    ...(authorizationUrl === undefined ? {} : { authorization_endpoint: authorizationUrl }),
    ...(deviceAuthorizationUrl === undefined ? {} : { device_authorization_endpoint: deviceAuthorizationUrl }),
  };
}

/** Flows of one scheme nearly always share their server, and documents name the wrong one often: what one flow lacks is taken from another. */
function documentedEndpoints({ declared, config }: ServerRequest): Endpoints {
  const manifest = config && !config.trusted ? endpointsOf(config) : {};
  if (declared?.kind !== 'oauth2') return manifest;
  const { authorizationCode, clientCredentials, deviceAuthorization, implicit, password }: OAuthFlows = declared.flows;
  const byGrant = config?.grant === 'client_credentials' ? clientCredentials : undefined;
  const token = byGrant ?? authorizationCode ?? clientCredentials ?? deviceAuthorization ?? password;
  const authorize = authorizationCode ?? implicit;
  return {
    ...(token ? { token_endpoint: token.tokenUrl } : {}),
    ...(authorize ? { authorization_endpoint: authorize.authorizationUrl } : {}),
    ...(deviceAuthorization ? { device_authorization_endpoint: deviceAuthorization.deviceAuthorizationUrl } : {}),
    ...manifest,
  };
}

function absolute(request: ServerRequest, endpoints: Endpoints): Endpoints {
  return Object.fromEntries(
    Object.entries(endpoints).map(([name, url]) => {
      if (URL.canParse(url, request.base)) return [name, new URL(url, request.base).href];
      throw untrusted(request, `names its OAuth server by the relative URL ${url}, and there is no server to begin at`);
    }),
  );
}

function issuerOf(pinned: Endpoints, documented: Endpoints): string {
  const url = pinned.token_endpoint ?? documented.token_endpoint;
  return url === undefined ? 'https://unknown.invalid' : new URL(url).origin;
}

async function discovered(
  request: ServerRequest,
  pinned: Endpoints,
  fetch: OAuthFetch,
): Promise<Endpoints | undefined> {
  const { config, declared, base } = request;
  const allowed = [...request.trusted, ...Object.values(pinned).map((url) => new URL(url).origin)];
  if (config?.trusted && config.issuer !== undefined) return discover(new URL(config.issuer), { allowed, fetch });
  if (declared?.kind !== 'openIdConnect' || pinned.token_endpoint !== undefined) return undefined;
  if (!URL.canParse(declared.discoveryUrl, base))
    throw untrusted(request, `names its discovery document by the relative URL ${declared.discoveryUrl}`);
  const url = new URL(declared.discoveryUrl, base);
  checkEndpoint(request, url.href, false);
  return discoverAt(url, { allowed, fetch });
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Whether a URL is one that secrets may go to, or a browser be sent to: https, or this machine. */
export function isSecureUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
}

function checkEndpoint(request: ServerRequest, url: string | undefined, pinned: boolean): void {
  if (url === undefined || pinned) return;
  if (!isSecureUrl(url))
    throw untrusted(request, `names the OAuth endpoint ${shownUrl(url)}, which is neither https nor on this machine`);
  const { origin } = new URL(url);
  if (request.trusted.includes(origin)) return;
  throw untrusted(request, `names the OAuth endpoint ${shownUrl(url)}, on an origin that the API is not on`, origin);
}

/** A document's endpoint is on an origin that nobody stands behind; a person may agree to it. */
export class UntrustedEndpoint extends BridgeError {
  readonly origin: string;

  constructor(message: string, hint: string, origin: string) {
    super('OAUTH_DISCOVERY', message, { hint });
    this.origin = origin;
  }
}

function untrusted({ api, scheme }: ServerRequest, what: string, origin?: string): BridgeError {
  const message = `The scheme "${scheme}" of "${api}" ${what}`;
  const hint = `If that is meant, name it in the config: "auth: { ${scheme}: { oauth: { tokenUrl: …, authorizationUrl: … } } }", or agree to it in "actionbridge login ${api}".`;
  return origin === undefined
    ? new BridgeError('OAUTH_DISCOVERY', message, { hint })
    : new UntrustedEndpoint(message, hint, origin);
}

function nothingToLogInTo({ api, scheme, declared }: ServerRequest): BridgeError {
  const flows = declared?.kind === 'oauth2' ? Object.keys(declared.flows) : [];
  const implicit = flows.includes('implicit')
    ? 'has only the implicit flow, which hands tokens to whoever reads the address (RFC 9700 §2.1.2)'
    : 'names no token endpoint';
  return new BridgeError('AUTH_UNSUPPORTED', `The scheme "${scheme}" of "${api}" ${implicit}`, {
    hint: 'Give an access token, or the endpoints in the config.',
  });
}
