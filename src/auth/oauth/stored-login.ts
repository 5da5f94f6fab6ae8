import type { Clock } from '../../clock.ts';
import { BridgeError } from '../../errors.ts';
import { LoginExpired } from '../missing.ts';
import { registerStored } from '../store/open-store.ts';
import type { CredentialStore, StoredClient, StoredTokens, StoreKey } from '../store/types.ts';
import type { TokenSet } from '../types.ts';
import { OAuthFailure } from './failure.ts';
import { isStale } from './lifetime.ts';
import { createTokenHolder, type TokenHolder } from './token-holder.ts';
import type { TokenGrant } from './token-request.ts';

export interface StoredLoginOptions {
  readonly store: Pick<CredentialStore, 'get' | 'set'>;
  readonly key: StoreKey;
  readonly clock: Clock;
  /** Asks the token endpoint that the login was made at. */
  readonly request: (client: StoredClient, grant: TokenGrant) => Promise<TokenSet>;
  /** No other process refreshes meanwhile. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
  readonly warn: (message: string) => void;
}

/**
 * The tokens of a login, refreshed 60 s before they expire and after a 401. A rotated refresh token is stored before the access
 * token is used. Another process that was faster has done the
 * work; one that has logged out ends it. Throws CREDENTIAL_REFUSED when a new login is needed.
 */
export function createStoredLogin(login: StoredTokens, options: StoredLoginOptions): TokenHolder {
  const { store, key, clock } = options;
  return createTokenHolder({
    clock,
    load: async () => login.tokens,
    obtain: (old) => options.exclusively(() => refresh(old)),
    expired: () => again(key, 'has expired'),
  });

  async function refresh(old: TokenSet | undefined): Promise<TokenSet | undefined> {
    const from = await read();
    if (!from) return undefined;
    if (isOther(from.tokens, old)) return from.tokens;
    const { refreshToken } = from.tokens;
    if (refreshToken === undefined) return undefined;
    const fresh = await options
      .request(from.client, { kind: 'refresh_token', refreshToken })
      .catch(async (error: unknown) => {
        if (!(error instanceof OAuthFailure) || error.error !== 'invalid_grant') throw error;
        const now = await read();
        if (now && isOther(now.tokens, from.tokens)) return now.tokens;
        throw again(key, 'cannot be refreshed: the server does not accept the refresh token any more', error);
      });
    const tokens = { refreshToken, ...fresh };
    await keep({ ...from, tokens, savedAt: clock.now() });
    return tokens;
  }

  /** Not `old`, and with time left: another process has refreshed. */
  function isOther(tokens: TokenSet, old: TokenSet | undefined): boolean {
    return tokens.accessToken !== old?.accessToken && !isStale(tokens, clock.now());
  }

  async function read(): Promise<StoredTokens | undefined> {
    const found = await store.get(key);
    return found?.kind === 'tokens' ? found : undefined;
  }

  /** The new tokens are good even when the disk is full: the next process is what suffers. */
  async function keep(renewed: StoredTokens): Promise<void> {
    registerStored(renewed);
    await store.set(key, renewed).catch((error: unknown) => {
      if (!(error instanceof BridgeError)) throw error;
      options.warn(
        `The refreshed login of "${key.api}" could not be stored (${error.message}); log in again after a restart`,
      );
    });
  }
}

function again({ api, scheme }: StoreKey, what: string, cause?: unknown): LoginExpired {
  return new LoginExpired(`The login of "${api}" (${scheme}) ${what}`, { api, scheme, cause });
}
