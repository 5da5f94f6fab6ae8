import * as oauth from 'oauth4webapi';
import { BridgeError } from '../../errors.ts';
import { registerSecret } from '../../secrets.ts';
import type { TokenSet } from '../types.ts';
import { asOAuthFailure, refusedBy } from './failure.ts';
import { libraryClient, type OAuthClient, requestToken } from './token-request.ts';

/** A login under way: a person goes to `url`, and comes back to the redirect URI with parameters. */
export interface Authorization {
  readonly url: string;
  /**
   * Exchanges what came back for tokens; once. Throws OAUTH_STATE when it does not belong to this login or comes a second
   * time, and OAuthFailure when the server said no.
   */
  finish(callback: URLSearchParams, signal?: AbortSignal): Promise<TokenSet>;
}

/** Begins the authorization code flow with PKCE (RFC 6749 §4.1, RFC 7636). Throws AUTH_UNSUPPORTED without an authorization endpoint. */
export async function beginAuthorization(
  client: OAuthClient,
  options: { readonly redirectUri: string; readonly scopes: readonly string[] },
): Promise<Authorization> {
  const { metadata, discovered } = client.server;
  const endpoint = metadata.authorization_endpoint;
  if (endpoint === undefined)
    throw new BridgeError('AUTH_UNSUPPORTED', 'Nothing says where a person signs in', {
      hint: 'Give it in the config: "oauth: { authorizationUrl: … }".',
    });
  const state = oauth.generateRandomState();
  const verifier = oauth.generateRandomCodeVerifier();
  // An ID token comes only when it is asked for, and can be checked only against an issuer that is known.
  const nonce = discovered && options.scopes.includes('openid') ? oauth.generateRandomNonce() : undefined;
  // Not the state: it stands in the URL that the person is shown.
  registerSecret(verifier);
  const url = new URL(endpoint);
  const challenge = await oauth.calculatePKCECodeChallenge(verifier);
  const parameters = {
    ...client.parameters,
    response_type: 'code',
    client_id: client.clientId,
    redirect_uri: options.redirectUri,
    ...(options.scopes.length > 0 ? { scope: options.scopes.join(' ') } : {}),
    state,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...(nonce === undefined ? {} : { nonce }),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);

  let used = false;
  return {
    url: url.href,
    async finish(callback, signal) {
      if (callback.get('state') !== state)
        throw new BridgeError('OAUTH_STATE', 'What came back from the browser does not belong to this login');
      if (used) throw new BridgeError('OAUTH_STATE', 'This login has already come back from the browser once');
      used = true;
      const checked = validate(client, callback, state);
      return requestToken(
        client,
        {
          kind: 'authorization_code',
          callback: checked,
          redirectUri: options.redirectUri,
          verifier,
          ...(nonce === undefined ? {} : { nonce }),
        },
        signal,
      );
    },
  };
}

/** State, issuer (RFC 9207) and errors of the callback. */
function validate(client: OAuthClient, callback: URLSearchParams, state: string): URLSearchParams {
  const { metadata } = client.server;
  const endpoint = metadata.authorization_endpoint!;
  const error = callback.get('error');
  if (error !== null) throw refusedBy(endpoint, error, callback.get('error_description'));
  const code = callback.get('code');
  if (code !== null) registerSecret(code);
  try {
    return oauth.validateAuthResponse(metadata, libraryClient(client), callback, state);
  } catch (caught) {
    throw asOAuthFailure(caught, endpoint);
  }
}
