import { randomUUID } from 'node:crypto';
import { BridgeError } from '../errors.ts';
import { type AuthApi, entryOf } from './api.ts';
import type { Auth } from './auth.ts';
import type { OAuthClient } from './oauth/token-request.ts';
import { registerStored } from './store/open-store.ts';
import type { StoredClient, StoredCredential, StoreKey } from './store/types.ts';
import type { TokenSet } from './types.ts';

/** What a login brought. */
export type LoginOutcome =
  | { readonly kind: 'secret'; readonly value: string }
  | { readonly kind: 'tokens'; readonly tokens: TokenSet; readonly client: OAuthClient };

/**
 * Keeps what a login brought, bound to where the API is now, and tells where. Throws SERVER_MISSING when it is not known
 * where the API is, STORE_FAILED when it cannot be written.
 */
export async function saveLogin(auth: Auth, key: StoreKey, outcome: LoginOutcome): Promise<string> {
  const api = auth.apiOf(key.api);
  const origins = originsFor(api, key.scheme);
  const common = { id: randomUUID(), savedAt: auth.clock.now(), origins };
  const credential: StoredCredential =
    outcome.kind === 'secret'
      ? { kind: 'secret', ...common, value: outcome.value }
      : { kind: 'tokens', ...common, tokens: outcome.tokens, client: storedClient(outcome.client) };
  registerStored(credential);
  const where = await (await auth.store()).set(key, credential);
  auth.forget(key);
  return where;
}

function originsFor(api: AuthApi, scheme: string): string[] {
  const origins = [...(entryOf(api, scheme)?.origins ?? api.origins)];
  if (origins.length > 0) return origins;
  throw new BridgeError(
    'SERVER_MISSING',
    `It is not known where the API "${api.name}" is, so a credential cannot be bound to it`,
  );
}

function storedClient(client: OAuthClient): StoredClient {
  return {
    clientId: client.clientId,
    ...(client.clientSecret === undefined ? {} : { clientSecret: client.clientSecret }),
    ...(client.authentication === undefined ? {} : { authentication: client.authentication }),
    tokenUrl: client.server.metadata.token_endpoint!,
    tokenRequest: client.tokenRequest,
    parameters: { ...client.parameters },
  };
}
