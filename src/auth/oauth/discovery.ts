import * as oauth from 'oauth4webapi';
import { BridgeError } from '../../errors.ts';
import type { OAuthFetch } from '../oauth-fetch.ts';
import { asOAuthFailure, shownUrl } from './failure.ts';

export interface DiscoveryOptions {
  /** Origins that endpoints may be on, besides the issuer's own. */
  readonly allowed: readonly string[];
  readonly fetch: OAuthFetch;
}

const WELL_KNOWN = '/.well-known/openid-configuration';
const ENDPOINTS = ['token_endpoint', 'authorization_endpoint', 'device_authorization_endpoint'] as const;

/** Metadata of an issuer (OpenID Connect Discovery 1.0 §4), its name and the origins of its endpoints checked. Throws OAUTH_DISCOVERY. */
export async function discover(issuer: URL, options: DiscoveryOptions): Promise<oauth.AuthorizationServer> {
  const url = new URL(`${issuer.href.replace(/\/$/, '')}${WELL_KNOWN}`);
  return discoverAt(url, options);
}

/** The same by the document's own URL, as `openIdConnectUrl` and `oauth2MetadataUrl` give it. */
export async function discoverAt(url: URL, { allowed, fetch }: DiscoveryOptions): Promise<oauth.AuthorizationServer> {
  const answer = await fetch(url.href, { headers: { accept: 'application/json' } }).catch((error: unknown) => {
    const failure = asOAuthFailure(error, url.href);
    throw failure.code === 'OAUTH_FAILED'
      ? new BridgeError('OAUTH_DISCOVERY', failure.message, { cause: failure })
      : failure;
  });
  const metadata = await readMetadata(url, answer);
  for (const name of ENDPOINTS) {
    const endpoint = metadata[name];
    if (endpoint === undefined) continue;
    const origin = URL.canParse(endpoint) ? new URL(endpoint).origin : 'null';
    if (origin !== url.origin && !allowed.includes(origin))
      throw new BridgeError(
        'OAUTH_DISCOVERY',
        `The discovery document ${shownUrl(url.href)} names the ${name} ${shownUrl(endpoint)}, on another origin`,
        { hint: 'If that is meant, name it in the config: "oauth: { tokenUrl: …, authorizationUrl: … }".' },
      );
  }
  return metadata;
}

async function readMetadata(url: URL, answer: Response): Promise<oauth.AuthorizationServer> {
  const written = answer.status === 200 ? await answer.json().catch(() => undefined) : undefined;
  if (typeof written !== 'object' || written === null)
    throw refusal(url, `answers HTTP ${answer.status} ${answer.headers.get('content-type') ?? ''}`.trim());
  const expected = url.pathname.endsWith(WELL_KNOWN)
    ? `${url.origin}${url.pathname.slice(0, -WELL_KNOWN.length)}`
    : undefined;
  const { issuer } = written as { issuer?: unknown };
  if (typeof issuer !== 'string' || !URL.canParse(issuer)) throw refusal(url, 'names no issuer');
  if (expected === undefined ? new URL(issuer).origin !== url.origin : !sameUrl(issuer, expected))
    throw refusal(url, `is that of another issuer, ${shownUrl(issuer)}`);
  const again = new Response(JSON.stringify(written), { headers: { 'content-type': 'application/json' } });
  return oauth.processDiscoveryResponse(new URL(issuer), again).catch((error: unknown) => {
    throw new BridgeError('OAUTH_DISCOVERY', asOAuthFailure(error, url.href).message);
  });
}

/** With or without a slash at the end: issuers are written both ways. */
function sameUrl(left: string, right: string): boolean {
  const bare = (url: string) => new URL(url).href.replace(/\/$/, '');
  return bare(left) === bare(right);
}

function refusal(url: URL, what: string): BridgeError {
  return new BridgeError('OAUTH_DISCOVERY', `The discovery document ${shownUrl(url.href)} ${what}`);
}
