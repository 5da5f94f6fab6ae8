import { join } from 'node:path';
import { BridgeError } from '../../errors.ts';
import { registerSecret } from '../../secrets.ts';
import type { Environment } from '../expand.ts';
import { createFileStore } from './file-store.ts';
import { homeFolder } from './home.ts';
import { createKeychainStore, type Keyring, loadKeyring } from './keychain-store.ts';
import type { CredentialStore, StoredCredential } from './types.ts';

export interface OpenStoreOptions {
  readonly environment: Environment;
  readonly warn?: (message: string) => void;
  readonly loadKeyring?: () => Promise<Keyring | undefined>;
}

/**
 * The user's credentials: the keychain when there is one and ACTIONBRIDGE_STORE_KEY does not ask for files, else files. What
 * a keychain will not take (Windows: more than 2,560 bytes) goes into a file. Whatever is read is masked from then on.
 */
export async function openCredentialStore(options: OpenStoreOptions): Promise<CredentialStore> {
  const passphrase = options.environment['ACTIONBRIDGE_STORE_KEY'];
  if (passphrase) registerSecret(passphrase);
  const files = createFileStore({
    folder: join(homeFolder(options.environment), 'credentials'),
    ...(passphrase ? { passphrase } : {}),
    ...(options.warn ? { warn: options.warn } : {}),
  });
  const keyring = passphrase ? undefined : await (options.loadKeyring ?? loadKeyring)();
  return masking(keyring ? first(createKeychainStore(keyring), files) : files);
}

function first(keychain: CredentialStore, files: CredentialStore): CredentialStore {
  return {
    where: keychain.where,
    get: async (key) => (await keychain.get(key)) ?? files.get(key),
    async set(key, credential) {
      try {
        const where = await keychain.set(key, credential);
        await files.delete(key);
        return where;
      } catch (error) {
        if (!(error instanceof BridgeError)) throw error;
        await keychain.delete(key).catch(() => false);
        return files.set(key, credential);
      }
    },
    async delete(key) {
      const found = await Promise.all([keychain.delete(key), files.delete(key)]);
      return found.includes(true);
    },
    list: async () => [...(await keychain.list()), ...(await files.list())],
  };
}

function masking(store: CredentialStore): CredentialStore {
  return {
    ...store,
    async get(key) {
      const credential = await store.get(key);
      if (credential) registerStored(credential);
      return credential;
    },
  };
}

/** Masks what is in a stored credential. */
export function registerStored(credential: StoredCredential): void {
  const secrets =
    credential.kind === 'secret'
      ? [credential.value, credential.value.slice(credential.value.indexOf(':') + 1)]
      : [credential.tokens.accessToken, credential.tokens.refreshToken, credential.client.clientSecret];
  for (const secret of secrets) if (secret !== undefined) registerSecret(secret);
}
