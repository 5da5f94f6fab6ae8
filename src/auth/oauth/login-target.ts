import { type AuthApi, DEFAULT_ENTRY, entryOf, schemeOf } from '../api.ts';
import type { Auth } from '../auth.ts';
import { oauthConfigOf } from '../find-candidate.ts';
import type { OAuthGrant } from '../types.ts';
import type { OAuthTarget } from './sessions.ts';
import type { OAuthClient } from './token-request.ts';

/**
 * What a login to a scheme is made of, as far as config, variables and document tell. Its `scheme` is the name that the login
 * is kept under: `default` when only that entry says something about it.
 */
export function loginTarget(auth: Auth, api: AuthApi, scheme: string): OAuthTarget {
  const name = entryOf(api, scheme) === undefined && entryOf(api, DEFAULT_ENTRY) ? DEFAULT_ENTRY : scheme;
  const config = oauthConfigOf(api, { scheme: name, entry: entryOf(api, name) }, auth.environment);
  return { api, scheme: name, declared: schemeOf(api, scheme), config };
}

/** How a person logs in: as the operator says, else by the browser, else on another device; undefined when no person can. */
export function interactiveGrant({
  declared,
  config,
}: OAuthTarget): Exclude<OAuthGrant, 'client_credentials'> | undefined {
  if (config.grant === 'client_credentials') return undefined;
  if (config.grant !== undefined) return config.grant;
  if (config.authorizationUrl !== undefined || declared?.kind === 'openIdConnect') return 'authorization_code';
  if (config.deviceAuthorizationUrl !== undefined) return 'device_code';
  if (declared?.kind !== 'oauth2') return config.issuer === undefined ? undefined : 'authorization_code';
  if (declared.flows.authorizationCode) return 'authorization_code';
  return declared.flows.deviceAuthorization ? 'device_code' : undefined;
}

/**
 * What to ask for: what the operator says, else what the offered operations need, and with it whatever brings a refresh token,
 * so that one login lasts.
 */
export function loginScopes(
  { declared, config }: OAuthTarget,
  client: OAuthClient,
  needed: readonly string[],
): string[] {
  if (config.scopes) return [...config.scopes];
  const { discovered, metadata } = client.server;
  const declaredScopes =
    declared?.kind === 'oauth2' ? Object.values(declared.flows).flatMap((flow) => Object.keys(flow.scopes)) : [];
  const known = new Set([...(metadata.scopes_supported ?? []), ...declaredScopes]);
  const lasting = ['offline_access', 'offline'].find((scope) => known.has(scope));
  const scopes = [...(discovered ? ['openid'] : []), ...needed, ...(lasting === undefined ? [] : [lasting])];
  return [...new Set(scopes)];
}
