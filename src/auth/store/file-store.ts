import { createHash } from 'node:crypto';
import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/v4';
import { type SealedText, seal, unseal } from './encryption.ts';
import { entryName } from './entry-name.ts';
import { asFailure, failure, openPrivateFolder, readPrivateFile, writePrivateFile } from './private-files.ts';
import {
  type CredentialStore,
  type StoredCredential,
  type StoredEntry,
  type StoreKey,
  storedCredentialSchema,
  storeKeySchema,
} from './types.ts';

export interface FileStoreOptions {
  readonly folder: string;
  /** Encrypts; absent: what is written is plain, and `warn` is told. */
  readonly passphrase?: string;
  readonly warn?: (message: string) => void;
}

const sealedSchema = z.object({
  v: z.literal(1),
  salt: z.string(),
  iv: z.string(),
  tag: z.string(),
  text: z.string(),
});
/** What lies in a file: whose it is in the clear, the rest plain or sealed. */
const fileSchema = z.object({
  key: storeKeySchema,
  kind: z.enum(['secret', 'tokens']),
  savedAt: z.number(),
  plain: storedCredentialSchema.exactOptional(),
  sealed: sealedSchema.exactOptional(),
});
type EntryFile = z.infer<typeof fileSchema>;

/** A file per entry, so that processes that write different ones cannot undo each other's work; mode 0600 in a folder of 0700. */
export function createFileStore({ folder, passphrase, warn }: FileStoreOptions): CredentialStore {
  const store: CredentialStore = { where: folder, get, set, delete: remove, list };
  return store;

  async function get(key: StoreKey): Promise<StoredCredential | undefined> {
    const path = join(folder, fileName(key));
    const entry = await readEntry(path);
    if (!entry || entryName(entry.key) !== entryName(key)) return undefined;
    if (entry.plain) return entry.plain;
    return entry.sealed && open(path, entry.sealed, key);
  }

  async function open(path: string, sealed: SealedText, key: StoreKey): Promise<StoredCredential> {
    if (passphrase === undefined)
      throw failure(
        path,
        'is encrypted, and ACTIONBRIDGE_STORE_KEY is not set',
        'Set it to the key it was saved with.',
      );
    const text = await unseal(sealed, passphrase, entryName(key));
    if (text === undefined)
      throw failure(
        path,
        'cannot be decrypted with ACTIONBRIDGE_STORE_KEY',
        'Set the key it was saved with, or log in again.',
      );
    return parse(path, text, storedCredentialSchema);
  }

  async function set(key: StoreKey, credential: StoredCredential): Promise<string> {
    await openPrivateFolder(folder);
    const { kind, savedAt } = credential;
    const content =
      passphrase === undefined
        ? { plain: credential }
        : { sealed: await seal(JSON.stringify(credential), passphrase, entryName(key)) };
    if (passphrase === undefined)
      warn?.(
        `${folder} keeps credentials as plain text that only you may read; set ACTIONBRIDGE_STORE_KEY to encrypt them`,
      );
    await writePrivateFile(folder, fileName(key), JSON.stringify({ key, kind, savedAt, ...content }));
    return join(folder, fileName(key));
  }

  async function remove(key: StoreKey): Promise<boolean> {
    const path = join(folder, fileName(key));
    try {
      await unlink(path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw asFailure(error, path, 'cannot be removed');
    }
  }

  async function list(): Promise<StoredEntry[]> {
    const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw asFailure(error, folder, 'cannot be read');
    });
    const entries: StoredEntry[] = [];
    for (const name of names.filter((each) => /^[0-9a-f]{32}\.json$/.test(each)).sort()) {
      const entry = await readEntry(join(folder, name));
      if (entry)
        entries.push({
          key: entry.key,
          kind: entry.kind,
          savedAt: entry.savedAt,
          where: join(folder, name),
        });
    }
    return entries;
  }
}

function fileName(key: StoreKey): string {
  return `${createHash('sha256').update(entryName(key)).digest('hex').slice(0, 32)}.json`;
}

async function readEntry(path: string): Promise<EntryFile | undefined> {
  const text = await readPrivateFile(path);
  return text === undefined ? undefined : parse(path, text, fileSchema);
}

/** Messages of parsers quote what they read, and that is secret here. */
function parse<T>(path: string, text: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw failure(path, 'is damaged', 'Remove it, and log in again.');
  }
}
