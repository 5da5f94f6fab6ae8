import { BridgeError } from '../../errors.ts';
import { entryName } from './entry-name.ts';
import { type CredentialStore, type StoredCredential, type StoreKey, storedCredentialSchema } from './types.ts';

/** The part of `@napi-rs/keyring` that is used; it is an optional package of the user's. */
export interface Keyring {
  readonly AsyncEntry: new (
    service: string,
    account: string,
  ) => {
    getPassword(): Promise<string | null | undefined>;
    setPassword(password: string): Promise<void>;
    deletePassword(): Promise<boolean>;
  };
  readonly findCredentialsAsync: (service: string) => Promise<readonly { account: string; password: string }[]>;
}

const SERVICE = 'actionbridge';

/** `@napi-rs/keyring` when it is installed and its keychain answers, else undefined. */
export async function loadKeyring(): Promise<Keyring | undefined> {
  // Not a literal: the bundler would look for the package, and it is there only where the user put it.
  const name = ['@napi-rs', 'keyring'].join('/');
  try {
    const keyring = (await import(name)) as Keyring;
    await keyring.findCredentialsAsync(SERVICE);
    return keyring;
  } catch {
    return undefined;
  }
}

/** The operating system's keychain. */
export function createKeychainStore(keyring: Keyring): CredentialStore {
  const entry = (key: StoreKey) => new keyring.AsyncEntry(SERVICE, entryName(key));
  return {
    where: 'the keychain',
    get: (key) =>
      guarded('read', async () => {
        const text = await entry(key).getPassword();
        return text === null || text === undefined ? undefined : parse(text);
      }),
    set: (key, credential) =>
      guarded('written', async () => {
        await entry(key).setPassword(JSON.stringify(credential));
        return 'the keychain';
      }),
    delete: (key) =>
      guarded('changed', async () => (await entry(key).getPassword()) != null && entry(key).deletePassword()),
    list: () =>
      guarded('read', async () =>
        (await keyring.findCredentialsAsync(SERVICE)).flatMap(({ account, password }) => {
          const key = keyOf(account);
          if (!key) return [];
          const { kind, savedAt } = parse(password);
          return [{ key, kind, savedAt, where: 'the keychain' }];
        }),
      ),
  };
}

async function guarded<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BridgeError) throw error;
    throw new BridgeError('STORE_FAILED', `The keychain cannot be ${what}`, { hint: 'Unlock it, and try again.' });
  }
}

function parse(text: string): StoredCredential {
  try {
    return storedCredentialSchema.parse(JSON.parse(text));
  } catch {
    throw new BridgeError('STORE_FAILED', 'An entry of the keychain is damaged', {
      hint: 'Remove it, and log in again.',
    });
  }
}

function keyOf(account: string): StoreKey | undefined {
  try {
    const [api, scheme, principal] = JSON.parse(account) as (string | undefined)[];
    if (typeof api !== 'string' || typeof scheme !== 'string') return undefined;
    return { api, scheme, ...(principal === undefined ? {} : { principal }) };
  } catch {
    return undefined;
  }
}
