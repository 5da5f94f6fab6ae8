import { createHash } from 'node:crypto';
import { createRemoteJWKSet, customFetch, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { OAuthFetch } from '../auth/oauth-fetch.ts';
import type { Caller, OAuthResourceOptions } from '../config/http-types.ts';
import { BridgeError } from '../errors.ts';

/** Why a token was not taken (RFC 6750 §3.1), or that nobody could be asked. */
export type TokenVerdict =
  | { readonly kind: 'ok'; readonly caller: Caller }
  | { readonly kind: 'invalid'; readonly message: string }
  | { readonly kind: 'insufficient'; readonly message: string }
  | { readonly kind: 'unavailable'; readonly message: string };

export interface TokenVerifier {
  /** Never throws. */
  verify(token: string): Promise<TokenVerdict>;
}

/** Asymmetric only: a symmetric key would have to be this listener's own secret. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const CLOCK_SKEW_SECONDS = 30;
const REMEMBERED = 1_000;
const REMEMBER_MS = 60_000;

/** Checks access tokens in JWT form (RFC 9068) with the issuer's published keys: signature, issuer, audience, time, scopes. */
export function createTokenVerifier(options: OAuthResourceOptions, fetch: OAuthFetch): TokenVerifier {
  const remembered = new Map<string, { readonly caller: Caller; readonly until: number }>();
  let keys: Promise<JWTVerifyGetKey> | undefined;
  const keySet = () => {
    keys ??= openKeySet(options, fetch).catch((error: unknown) => {
      keys = undefined;
      throw error;
    });
    return keys;
  };

  return {
    async verify(token) {
      const key = createHash('sha256').update(token).digest('base64');
      const known = remembered.get(key);
      if (known && known.until > Date.now()) return { kind: 'ok', caller: known.caller };
      remembered.delete(key);
      const verdict = await check(token, options, keySet);
      if (verdict.kind !== 'ok') return verdict;
      if (remembered.size >= REMEMBERED) remembered.delete(remembered.keys().next().value!);
      remembered.set(key, { caller: verdict.caller, until: Math.min(Date.now() + REMEMBER_MS, verdict.expiresAt) });
      return verdict;
    },
  };
}

type Checked = Exclude<TokenVerdict, { kind: 'ok' }> | { kind: 'ok'; caller: Caller; expiresAt: number };

async function check(
  token: string,
  options: OAuthResourceOptions,
  keySet: () => Promise<JWTVerifyGetKey>,
): Promise<Checked> {
  try {
    const { payload } = await jwtVerify(token, await keySet(), {
      issuer: options.issuer,
      audience: [options.audience].flat(),
      algorithms: ALGORITHMS,
      clockTolerance: CLOCK_SKEW_SECONDS,
      requiredClaims: ['exp', 'sub'],
    });
    const missing = (options.scopes ?? []).filter((scope) => !scopesOf(payload).includes(scope));
    if (missing.length > 0) return { kind: 'insufficient', message: `The token lacks the scope ${missing.join(' ')}` };
    return { kind: 'ok', caller: callerOf(payload, options), expiresAt: payload.exp! * 1000 };
  } catch (error) {
    return refusalOf(error);
  }
}

function refusalOf(error: unknown): Checked {
  if (error instanceof errors.JWKSNoMatchingKey)
    return { kind: 'invalid', message: 'The token is signed with an unknown key' };
  const unreachable = error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid;
  if (error instanceof errors.JWTExpired) return { kind: 'invalid', message: 'The token has expired' };
  if (error instanceof errors.JWTClaimValidationFailed)
    return { kind: 'invalid', message: `The token's claim "${error.claim}" is not as it must be` };
  if (error instanceof errors.JOSEError && !unreachable && error.code !== 'ERR_JOSE_GENERIC')
    return { kind: 'invalid', message: 'The token is not valid' };
  return { kind: 'unavailable', message: 'The keys of the authorization server cannot be read' };
}

/** `scope` (RFC 9068 §2.2.3) or `scp`, as several issuers write it. */
function scopesOf({ scope, scp }: JWTPayload): readonly string[] {
  const written = scope ?? scp;
  if (Array.isArray(written)) return written.filter((item) => typeof item === 'string');
  return typeof written === 'string' ? written.split(' ') : [];
}

/** The prefix keeps a subject from taking the name, and so the credentials, of a token's principal. */
function callerOf({ sub }: JWTPayload, { tools, readOnly, rate }: OAuthResourceOptions): Caller {
  return {
    principal: `oauth:${sub}`,
    ...(tools ? { tools } : {}),
    ...(readOnly === undefined ? {} : { readOnly }),
    ...(rate ? { rate } : {}),
  };
}

async function openKeySet(options: OAuthResourceOptions, fetch: OAuthFetch): Promise<JWTVerifyGetKey> {
  const url = new URL(options.jwksUri ?? (await findKeys(options.issuer, fetch)));
  return createRemoteJWKSet(url, {
    [customFetch]: (href, { headers, signal }) => fetch(href, { headers: Object.fromEntries(headers), signal }),
  });
}

/** From the issuer's metadata: OpenID Connect Discovery 1.0 §4, else RFC 8414 §3. */
async function findKeys(issuer: string, fetch: OAuthFetch): Promise<string> {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const places = [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ];
  for (const place of places) {
    const answer = await fetch(place, { headers: { accept: 'application/json' } });
    const written: unknown = answer.status === 200 ? await answer.json().catch(() => undefined) : undefined;
    const metadata = (written ?? {}) as { issuer?: unknown; jwks_uri?: unknown };
    if (metadata.issuer === issuer && typeof metadata.jwks_uri === 'string') return metadata.jwks_uri;
  }
  throw new BridgeError('OAUTH_DISCOVERY', `The issuer ${issuer} publishes no metadata with keys`);
}

/** The document at `/.well-known/oauth-protected-resource` (RFC 9728 §2). */
export function protectedResourceMetadata(options: OAuthResourceOptions, resource: string): object {
  return {
    resource,
    authorization_servers: [options.issuer],
    bearer_methods_supported: ['header'],
    ...(options.scopes && options.scopes.length > 0 ? { scopes_supported: options.scopes } : {}),
  };
}
