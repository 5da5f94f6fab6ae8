import * as oauth from 'oauth4webapi';
import { BridgeError } from '../../errors.ts';
import { cleanText } from '../../operation/text.ts';
import { registerSecret } from '../../secrets.ts';
import type { TokenSet } from '../types.ts';
import { asOAuthFailure, notOAuth, OAuthFailure, refusedBy } from './failure.ts';
import { isSecureUrl } from './server.ts';
import { clientAuth, libraryClient, type OAuthClient, requestOptions, requestToken } from './token-request.ts';

/** A login on another device under way: a person goes to `url` and types `userCode`. */
export interface DeviceLogin {
  readonly url: string;
  readonly userCode: string;
  /** The URL with the code in it, if the server gave one. */
  readonly completeUrl?: string;
  /** Asks until the person is done. Throws OAuthFailure when time runs out or access is denied. */
  finish(signal?: AbortSignal): Promise<TokenSet>;
}

const SLOWER_S = 5;

/** Begins the device flow (RFC 8628). Throws AUTH_UNSUPPORTED without a device endpoint, OAuthFailure when it is refused. */
export async function beginDeviceLogin(
  client: OAuthClient,
  scopes: readonly string[],
  signal?: AbortSignal,
): Promise<DeviceLogin> {
  const endpoint = client.server.metadata.device_authorization_endpoint;
  if (endpoint === undefined)
    throw new BridgeError('AUTH_UNSUPPORTED', 'Nothing says where the device flow begins', {
      hint: 'Give it in the config: "oauth: { deviceAuthorizationUrl: … }".',
    });
  const answer = await askForCode(client, endpoint, scopes, signal);
  registerSecret(answer.device_code);
  const expiresAt = client.clock.now() + answer.expires_in * 1000;
  const complete = answer.verification_uri_complete;
  return {
    url: checkedUrl(endpoint, answer.verification_uri),
    userCode: cleanText(answer.user_code).slice(0, 64),
    ...(complete === undefined ? {} : { completeUrl: checkedUrl(endpoint, complete) }),
    finish: (until) => poll(client, answer, expiresAt, until),
  };
}

async function askForCode(
  client: OAuthClient,
  endpoint: string,
  scopes: readonly string[],
  signal: AbortSignal | undefined,
): Promise<oauth.DeviceAuthorizationResponse> {
  const { metadata } = client.server;
  const us = libraryClient(client);
  const parameters = new URLSearchParams(client.parameters);
  if (scopes.length > 0) parameters.set('scope', scopes.join(' '));
  const auth = clientAuth(client, client.authentication ?? 'client_secret_basic');
  try {
    const options = requestOptions(client.fetch, signal);
    const response = await oauth.deviceAuthorizationRequest(metadata, us, auth, parameters, options);
    const fields = (await response
      .clone()
      .json()
      .catch(() => undefined)) as { error?: unknown; error_description?: unknown } | undefined;
    if (typeof fields?.error === 'string') throw refusedBy(endpoint, fields.error, fields.error_description);
    if (response.status !== 200 || fields === undefined)
      throw notOAuth(endpoint, response.status, response.headers.get('content-type'));
    return await oauth.processDeviceAuthorizationResponse(metadata, us, response);
  } catch (error) {
    throw asOAuthFailure(error, endpoint);
  }
}

/** RFC 8628 §3.4–3.5: at the server's pace, slower when it says so. */
async function poll(
  client: OAuthClient,
  { device_code: deviceCode, interval }: oauth.DeviceAuthorizationResponse,
  expiresAt: number,
  signal: AbortSignal | undefined,
): Promise<TokenSet> {
  let seconds = interval ?? 5;
  while (client.clock.now() < expiresAt) {
    await client.clock.sleep(seconds * 1000, signal);
    try {
      return await requestToken(client, { kind: 'device_code', deviceCode }, signal);
    } catch (error) {
      if (!(error instanceof OAuthFailure)) throw error;
      if (error.error === 'slow_down') seconds += SLOWER_S;
      // A connection that breaks while waiting is no answer (§3.5: back off and ask again).
      else if (error.error === undefined && error.retryable) seconds *= 2;
      else if (error.error !== 'authorization_pending') throw error;
    }
  }
  throw refusedBy(client.server.metadata.token_endpoint!, 'expired_token', undefined);
}

function checkedUrl(endpoint: string, url: string): string {
  if (isSecureUrl(url)) return new URL(url).href;
  throw new OAuthFailure(
    'OAUTH_FAILED',
    `${endpoint} sends people to a page that is neither https nor on this machine`,
  );
}
