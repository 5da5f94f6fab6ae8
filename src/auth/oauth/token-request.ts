import * as oauth from 'oauth4webapi';
import type { Clock } from '../../clock.ts';
import { unreachable } from '../../errors.ts';
import { type OAuthFetch, withJsonBodies } from '../oauth-fetch.ts';
import type { ClientAuthentication, TokenSet } from '../types.ts';
import { asOAuthFailure, OAuthFailure } from './failure.ts';
import type { OAuthServer } from './server.ts';
import { readTokenAnswer, tokenSetOf } from './token-answer.ts';

/** Our place at an authorization server. */
export interface OAuthClient {
  readonly server: OAuthServer;
  readonly clientId: string;
  readonly clientSecret?: string;
  /** Absent: found out. */
  readonly authentication?: ClientAuthentication;
  readonly tokenRequest: 'form' | 'json';
  readonly parameters: { readonly [name: string]: string };
  readonly fetch: OAuthFetch;
  readonly clock: Clock;
}

/** What a token is asked for with. */
export type TokenGrant =
  | { readonly kind: 'client_credentials'; readonly scopes: readonly string[] }
  | {
      readonly kind: 'authorization_code';
      /** Checked by `oauth.validateAuthResponse`. */
      readonly callback: URLSearchParams;
      readonly redirectUri: string;
      readonly verifier: string;
      readonly nonce?: string;
    }
  | { readonly kind: 'refresh_token'; readonly refreshToken: string }
  | { readonly kind: 'device_code'; readonly deviceCode: string }
  | {
      readonly kind: 'token_exchange';
      readonly subjectToken: string;
      readonly subjectTokenType: string;
      readonly audience?: string;
      readonly resource?: string;
      readonly scopes: readonly string[];
    };

/**
 * Asks the token endpoint (RFC 6749 §3.2) and reads its answer. When it is not known how the client proves itself, basic is
 * tried first and post when that is refused. Throws OAuthFailure with a code of its own and no secret.
 */
export async function requestToken(client: OAuthClient, grant: TokenGrant, signal?: AbortSignal): Promise<TokenSet> {
  const [first, ...others] = authenticationsOf(client);
  try {
    return await requestWith(client, grant, first!, signal);
  } catch (error) {
    const next = others[0];
    if (next === undefined || !(error instanceof OAuthFailure) || error.error !== 'invalid_client') throw error;
    return requestWith(client, grant, next, signal);
  }
}

function authenticationsOf({ authentication, clientSecret, server }: OAuthClient): ClientAuthentication[] {
  if (authentication !== undefined) return [authentication];
  if (clientSecret === undefined) return ['none'];
  const known: ClientAuthentication[] = ['client_secret_basic', 'client_secret_post'];
  const supported = server.metadata.token_endpoint_auth_methods_supported;
  const usable = known.filter((method) => supported?.includes(method) ?? true);
  return usable.length > 0 ? usable : known;
}

async function requestWith(
  client: OAuthClient,
  grant: TokenGrant,
  authentication: ClientAuthentication,
  signal: AbortSignal | undefined,
): Promise<TokenSet> {
  const { server, clock } = client;
  const endpoint = server.metadata.token_endpoint!;
  try {
    const response = await send(client, grant, clientAuth(client, authentication), signal);
    const answer = await readTokenAnswer(response, endpoint, server.discovered);
    return tokenSetOf(await check(client, grant, answer), clock.now());
  } catch (error) {
    throw asOAuthFailure(error, endpoint);
  }
}

/** How the client proves itself (RFC 6749 §2.3.1). */
export function clientAuth(
  { clientId, clientSecret }: OAuthClient,
  authentication: ClientAuthentication,
): oauth.ClientAuth {
  if (clientSecret === undefined) return oauth.None();
  switch (authentication) {
    case 'client_secret_basic':
      return basicAuth(clientId, clientSecret);
    case 'client_secret_post':
      return oauth.ClientSecretPost(clientSecret);
    case 'none':
      return oauth.None();
    default:
      return unreachable(authentication);
  }
}

/**
 * The library's own encodes even `-` and `_`, which servers that do not decode take for wrong; the form encoding of RFC 6749
 * appendix B does not, and means the same to all others.
 */
function basicAuth(clientId: string, clientSecret: string): oauth.ClientAuth {
  const encode = (text: string) => new URLSearchParams([['', text]]).toString().slice(1);
  const value = Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString('base64');
  return (_server, _client, _body, headers) => headers.set('authorization', `Basic ${value}`);
}

/** What every request of the library is given: our network, and leave to use http where `server.ts` has allowed it. */
export function requestOptions(fetch: OAuthFetch, signal: AbortSignal | undefined) {
  return {
    [oauth.customFetch]: fetch as (url: string, options: object) => Promise<Response>,
    [oauth.allowInsecureRequests]: true,
    ...(signal ? { signal } : {}),
  };
}

/** The library's client, allowing for clocks that are a minute apart. */
export function libraryClient({ clientId }: OAuthClient): oauth.Client {
  return { client_id: clientId, [oauth.clockTolerance]: 60 };
}

async function send(
  client: OAuthClient,
  grant: TokenGrant,
  auth: oauth.ClientAuth,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const { metadata } = client.server;
  const us = libraryClient(client);
  const fetch = client.tokenRequest === 'json' ? withJsonBodies(client.fetch) : client.fetch;
  const options = { ...requestOptions(fetch, signal), additionalParameters: client.parameters };
  switch (grant.kind) {
    case 'client_credentials':
      return oauth.clientCredentialsGrantRequest(metadata, us, auth, parametersOf(client, grant), options);
    case 'authorization_code':
      return oauth.authorizationCodeGrantRequest(
        metadata,
        us,
        auth,
        grant.callback,
        grant.redirectUri,
        grant.verifier,
        options,
      );
    case 'refresh_token':
      return oauth.refreshTokenGrantRequest(metadata, us, auth, grant.refreshToken, options);
    case 'device_code':
      return oauth.deviceCodeGrantRequest(metadata, us, auth, grant.deviceCode, options);
    case 'token_exchange':
      return oauth.genericTokenEndpointRequest(metadata, us, auth, EXCHANGE, parametersOf(client, grant), options);
    default:
      return unreachable(grant);
  }
}

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

function parametersOf(
  client: OAuthClient,
  grant: Extract<TokenGrant, { kind: 'client_credentials' | 'token_exchange' }>,
): URLSearchParams {
  const parameters = new URLSearchParams(client.parameters);
  if (grant.scopes.length > 0) parameters.set('scope', grant.scopes.join(' '));
  if (grant.kind === 'client_credentials') return parameters;
  parameters.set('subject_token', grant.subjectToken);
  parameters.set('subject_token_type', grant.subjectTokenType);
  if (grant.audience !== undefined) parameters.set('audience', grant.audience);
  if (grant.resource !== undefined) parameters.set('resource', grant.resource);
  return parameters;
}

async function check(client: OAuthClient, grant: TokenGrant, answer: Response): Promise<oauth.TokenEndpointResponse> {
  const { metadata } = client.server;
  const us = libraryClient(client);
  switch (grant.kind) {
    case 'client_credentials':
      return oauth.processClientCredentialsResponse(metadata, us, answer);
    case 'authorization_code':
      return oauth.processAuthorizationCodeResponse(metadata, us, answer, {
        ...(grant.nonce === undefined ? {} : { expectedNonce: grant.nonce }),
      });
    case 'refresh_token':
      return oauth.processRefreshTokenResponse(metadata, us, answer);
    case 'device_code':
      return oauth.processDeviceCodeResponse(metadata, us, answer);
    case 'token_exchange':
      return oauth.processGenericTokenEndpointResponse(metadata, us, answer);
    default:
      return unreachable(grant);
  }
}
