import type { Auth } from '../auth.ts';
import { saveLogin } from '../save-login.ts';
import type { StoreKey } from '../store/types.ts';
import type { TokenSet } from '../types.ts';
import { beginAuthorization } from './authorization-code.ts';
import { beginDeviceLogin } from './device-code.ts';
import { loginScopes } from './login-target.ts';
import { openLoopbackCallback } from './loopback.ts';
import type { OAuthTarget } from './sessions.ts';
import type { OAuthClient } from './token-request.ts';

export interface LoginRequest {
  readonly target: OAuthTarget;
  readonly client: OAuthClient;
  readonly key: StoreKey;
  /** What the offered operations need. */
  readonly scopes: readonly string[];
  readonly timeoutMs?: number;
}

/** A login that waits for a person. */
export interface StartedLogin {
  /** Where the person goes. */
  readonly url: string;
  /** To be typed there, on another device. */
  readonly userCode?: string;
  /** Resolves when the tokens are stored. Throws OAUTH_STATE, OAuthFailure, STORE_FAILED. */
  readonly finished: Promise<{ readonly tokens: TokenSet; readonly where: string }>;
  cancel(): void;
}

/** Begins a login whose callback comes to this machine; also what URL elicitation over MCP needs. */
export async function startBrowserLogin(auth: Auth, request: LoginRequest): Promise<StartedLogin> {
  const { target, client } = request;
  const { redirectPort } = target.config;
  const callback = await openLoopbackCallback({
    ...(redirectPort === undefined ? {} : { port: redirectPort }),
    ...(request.timeoutMs === undefined ? {} : { timeoutMs: request.timeoutMs }),
  });
  const authorization = await beginAuthorization(client, {
    redirectUri: callback.redirectUri,
    scopes: loginScopes(target, client, request.scopes),
  }).catch((error: unknown) => {
    callback.close();
    throw error;
  });
  return { url: authorization.url, finished: noticed(finish()), cancel: () => callback.close() };

  async function finish() {
    const arrival = await callback.received;
    try {
      const tokens = await authorization.finish(arrival.parameters);
      const where = await saveLogin(auth, request.key, { kind: 'tokens', tokens, client });
      arrival.answer(true, 'You can close this page and go back to where you came from.');
      return { tokens, where };
    } catch (error) {
      arrival.answer(false, 'The login did not work out; where you came from it says why.');
      throw error;
    }
  }
}

/** Begins a login on another device. */
export async function startDeviceLogin(auth: Auth, request: LoginRequest): Promise<StartedLogin> {
  const { target, client } = request;
  const cancelled = new AbortController();
  const login = await beginDeviceLogin(client, loginScopes(target, client, request.scopes), cancelled.signal);
  return {
    url: login.completeUrl ?? login.url,
    userCode: login.userCode,
    finished: noticed(finish()),
    cancel: () => cancelled.abort(),
  };

  async function finish() {
    const tokens = await login.finish(cancelled.signal);
    const where = await saveLogin(auth, request.key, { kind: 'tokens', tokens, client });
    return { tokens, where };
  }
}

/** Whoever shows the URL may come to wait only later; until then a failure is nobody's to handle. */
function noticed<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}
