import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileStore } from '../../src/auth/store/file-store.ts';
import { homeFolder } from '../../src/auth/store/home.ts';
import type { Keyring } from '../../src/auth/store/keychain-store.ts';
import { openCredentialStore } from '../../src/auth/store/open-store.ts';
import type { StoredCredential } from '../../src/auth/store/types.ts';
import { createMasker, MASK } from '../../src/secrets.ts';

const CANARY = 'store-canary-8d1f';
const KEY = { api: 'pets', scheme: 'key' };
const secret: StoredCredential = { kind: 'secret', id: '1', savedAt: 5, origins: ['https://a.example'], value: CANARY };

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'actionbridge-store-'));
  folder = join(root, 'credentials');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const only = () => join(folder, readdirSync(folder)[0]!);
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: Error & { code?: string }) => error,
  );

describe('the file store', () => {
  it('keeps an entry per key and principal, and lists them without their secrets', async () => {
    const store = createFileStore({ folder });
    await store.set(KEY, secret);
    await store.set({ ...KEY, principal: 'ann' }, { ...secret, value: 'anns-own' });
    expect(await store.get(KEY)).toEqual(secret);
    expect(await store.get({ ...KEY, principal: 'ann' })).toMatchObject({ value: 'anns-own' });
    expect(await store.get({ ...KEY, principal: 'bob' })).toBeUndefined();
    const listed = await store.list();
    expect(listed.map(({ key }) => key)).toEqual(expect.arrayContaining([KEY, { ...KEY, principal: 'ann' }]));
    expect(JSON.stringify(listed)).not.toContain(CANARY);
    expect(await store.delete(KEY)).toBe(true);
    expect(await store.delete(KEY)).toBe(false);
    expect(await store.get(KEY)).toBeUndefined();
  });

  it('writes files that only their owner can read, and leaves nothing beside them', async () => {
    const store = createFileStore({ folder });
    await store.set(KEY, secret);
    await store.set(KEY, { ...secret, savedAt: 6 });
    expect(readdirSync(folder)).toHaveLength(1);
    expect(statSync(only()).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('warns that plain files are plain', async () => {
    const warnings: string[] = [];
    await createFileStore({ folder, warn: (message) => warnings.push(message) }).set(KEY, secret);
    expect(warnings.join()).toMatch(/plain text.*ACTIONBRIDGE_STORE_KEY/);
  });

  it('encrypts with a key', async () => {
    const store = createFileStore({ folder, passphrase: 'open sesame' });
    await store.set(KEY, secret);
    expect(readFileSync(only(), 'utf8')).not.toContain(CANARY);
    expect(await store.get(KEY)).toEqual(secret);
  });

  it.each([
    ['the wrong key', 'another', /cannot be decrypted/],
    ['no key', undefined, /ACTIONBRIDGE_STORE_KEY is not set/],
  ])('says so when an encrypted entry is read with %s', async (_, passphrase, message) => {
    await createFileStore({ folder, passphrase: 'open sesame' }).set(KEY, secret);
    const error = await refusal(createFileStore({ folder, ...(passphrase ? { passphrase } : {}) }).get(KEY));
    expect(error).toMatchObject({ code: 'STORE_FAILED', message: expect.stringMatching(message) });
  });

  it('does not take an encrypted entry for another one', async () => {
    const store = createFileStore({ folder, passphrase: 'open sesame' });
    await store.set(KEY, secret);
    const text = readFileSync(only(), 'utf8');
    await store.set({ ...KEY, api: 'other' }, secret);
    for (const name of readdirSync(folder)) {
      const written = readFileSync(join(folder, name), 'utf8');
      if (written.includes('"other"')) writeFileSync(join(folder, name), text.replace('"pets"', '"other"'));
    }
    expect(await refusal(store.get({ ...KEY, api: 'other' }))).toMatchObject({ code: 'STORE_FAILED' });
  });

  it('follows no link, neither for the folder nor for a file', async () => {
    const elsewhere = join(root, 'elsewhere');
    mkdirSync(elsewhere);
    symlinkSync(elsewhere, folder);
    const store = createFileStore({ folder });
    expect(await refusal(store.set(KEY, secret))).toMatchObject({ code: 'STORE_FAILED' });
    expect(readdirSync(elsewhere)).toEqual([]);

    rmSync(folder);
    await store.set(KEY, secret);
    const file = only();
    rmSync(file);
    const target = join(root, 'target');
    writeFileSync(target, 'untouched', { mode: 0o600 });
    symlinkSync(target, file);
    expect(await refusal(store.get(KEY))).toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringMatching(/link/),
    });
    await store.set(KEY, secret);
    expect(readFileSync(target, 'utf8')).toBe('untouched');
  });

  it('refuses a file that others can read', async () => {
    const store = createFileStore({ folder });
    await store.set(KEY, secret);
    chmodSync(only(), 0o644);
    expect(await refusal(store.get(KEY))).toMatchObject({
      code: 'STORE_FAILED',
      hint: expect.stringMatching(/chmod 600/),
    });
  });

  it('shows nothing of a damaged file', async () => {
    const store = createFileStore({ folder });
    await store.set(KEY, secret);
    writeFileSync(only(), `{"key": ${CANARY}`);
    const error = await refusal(store.get(KEY));
    expect(error).toMatchObject({ code: 'STORE_FAILED', message: expect.stringMatching(/damaged/) });
    expect(JSON.stringify(error) + error?.message).not.toContain(CANARY);
  });

  it('says where it fails', async () => {
    writeFileSync(folder, '');
    expect(await refusal(createFileStore({ folder }).set(KEY, secret))).toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringContaining(folder),
    });
  });
});

/** A keychain of a few bytes, as Windows' is. */
function fakeKeyring(limit = Number.POSITIVE_INFINITY): Keyring & { entries: Map<string, string> } {
  const entries = new Map<string, string>();
  return {
    entries,
    AsyncEntry: class {
      readonly #account: string;
      constructor(_: string, account: string) {
        this.#account = account;
      }
      getPassword = async () => entries.get(this.#account) ?? null;
      setPassword = async (password: string) => {
        if (password.length > limit) throw new Error(`too long: ${password}`);
        entries.set(this.#account, password);
      };
      deletePassword = async () => entries.delete(this.#account);
    },
    findCredentialsAsync: async () => [...entries].map(([account, password]) => ({ account, password })),
  };
}

describe('the store of a user', () => {
  const open = (keyring?: Keyring, environment = {}) =>
    openCredentialStore({
      environment: { ACTIONBRIDGE_HOME: root, ...environment },
      loadKeyring: async () => keyring,
    });

  it('is the keychain when there is one', async () => {
    const keyring = fakeKeyring();
    const store = await open(keyring);
    expect(await store.set(KEY, secret)).toBe('the keychain');
    expect(await store.get(KEY)).toEqual(secret);
    expect(await store.list()).toEqual([{ key: KEY, kind: 'secret', savedAt: 5, where: 'the keychain' }]);
    expect(await store.delete(KEY)).toBe(true);
    expect(keyring.entries.size).toBe(0);
  });

  it('is a file for what the keychain will not take', async () => {
    const keyring = fakeKeyring(10);
    const store = await open(keyring);
    expect(await store.set(KEY, secret)).toContain(folder);
    expect(keyring.entries.size).toBe(0);
    expect(await store.get(KEY)).toEqual(secret);
  });

  it('is files when a key for them is set, or no keychain answers', async () => {
    expect((await open(fakeKeyring(), { ACTIONBRIDGE_STORE_KEY: 'k' })).where).toBe(folder);
    expect((await open()).where).toBe(folder);
  });

  it('masks whatever it reads', async () => {
    const value = 'user:stored-password-1';
    await createFileStore({ folder }).set(KEY, { ...secret, value });
    await (await open()).get(KEY);
    expect(createMasker().mask('pw stored-password-1')).toBe(`pw ${MASK}`);
  });

  it.each([
    [{ ACTIONBRIDGE_HOME: '/own' }, 'linux', '/own'],
    [{ XDG_CONFIG_HOME: '/xdg' }, 'linux', '/xdg/actionbridge'],
    [{ XDG_CONFIG_HOME: 'relative' }, 'linux', expect.stringMatching(/\.config\/actionbridge$/)],
    [{ APPDATA: '/roaming' }, 'win32', '/roaming/actionbridge'],
  ])('lies by %j on %s', (environment, platform, expected) => {
    expect(homeFolder(environment, platform as NodeJS.Platform)).toEqual(expected);
  });
});
