import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuthApi } from '../../src/auth/api.ts';
import { type Auth, type AuthOptions, createAuth } from '../../src/auth/auth.ts';
import { readAuthConfig } from '../../src/auth/config.ts';
import { type AuthInput, authSchema } from '../../src/auth/config-schema.ts';
import { entryName } from '../../src/auth/store/entry-name.ts';
import type { CredentialStore, StoredCredential, StoredEntry, StoreKey } from '../../src/auth/store/types.ts';
import type { Exchange } from '../../src/call/execute.ts';
import type { Clock } from '../../src/clock.ts';
import { createAddressPolicy } from '../../src/net/address.ts';
import { createHttpClient, type HttpClient } from '../../src/net/client.ts';
import type { SecurityDeclarations, SecurityScheme } from '../../src/operation/security-schemes.ts';
import type { Tool } from '../../src/tool/types.ts';

export const ORIGIN = 'https://api.example.com';

/** An alternative of a requirement: `'key+appId'` is an AND, `''` is anonymous; `oauth:read,write` has scopes. */
export function security(...alternatives: string[]): Tool['request']['security'] {
  return alternatives.map((names) =>
    names === ''
      ? []
      : names.split('+').map((name) => {
          const [scheme = '', scopes = ''] = name.split(':');
          return { scheme, scopes: scopes === '' ? [] : scopes.split(',') };
        }),
  );
}

export function declarations(
  schemes: { [name: string]: SecurityScheme },
  over: Partial<SecurityDeclarations> = {},
): SecurityDeclarations {
  return { schemes, declared: true, servers: [], diagnostics: [], ...over };
}

export interface ApiInput {
  readonly schemes?: { [name: string]: SecurityScheme };
  readonly auth?: AuthInput;
  readonly over?: Partial<AuthApi>;
  readonly declared?: boolean;
  readonly environment?: { [name: string]: string };
}

export function api({ schemes = {}, auth = {}, over = {}, declared = true, environment = {} }: ApiInput): AuthApi {
  return {
    name: 'pets',
    declarations: declarations(schemes, { declared }),
    config: readAuthConfig(authSchema.parse(auth), 'test.yaml: apis.pets.auth', environment),
    origins: [ORIGIN],
    namedOrigins: [],
    headers: [],
    ...over,
  };
}

/** A store in memory that counts its writes. */
export function memoryStore(): CredentialStore & { readonly entries: Map<string, StoredCredential>; writes: number } {
  const entries = new Map<string, StoredCredential>();
  const keys = new Map<string, StoreKey>();
  const store = {
    where: 'memory',
    entries,
    writes: 0,
    get: async (key: StoreKey) => entries.get(entryName(key)),
    async set(key: StoreKey, credential: StoredCredential) {
      store.writes++;
      entries.set(entryName(key), credential);
      keys.set(entryName(key), key);
      return 'memory';
    },
    delete: async (key: StoreKey) => entries.delete(entryName(key)),
    list: async (): Promise<StoredEntry[]> =>
      [...entries].map(([name, { kind, savedAt }]) => ({ key: keys.get(name)!, kind, savedAt, where: 'memory' })),
  };
  return store;
}

/** A clock that only moves when it is told to, or slept on. */
export function manualClock(start = 1_700_000_000_000): Clock & { at: number; slept: number[] } {
  const clock = {
    at: start,
    slept: [] as number[],
    now: () => clock.at,
    sleep: async (ms: number) => {
      clock.slept.push(ms);
      clock.at += ms;
    },
  };
  return clock;
}

async function refuse({ url }: { readonly url: string }): Promise<never> {
  throw new Error(`no request was expected, least of all to ${url}`);
}

const NO_NETWORK: HttpClient = {
  send: refuse,
  open: refuse,
  close: async () => undefined,
};

/** Nothing of the tests lies in the home of whoever runs them. */
const HOME = mkdtempSync(join(tmpdir(), 'actionbridge-auth-'));
process.on('exit', () => rmSync(HOME, { recursive: true, force: true }));

export function authFor(served: AuthApi, { environment, ...over }: Partial<AuthOptions> = {}): Auth {
  return createAuth({
    apiOf: (name) => (name === served.name ? served : undefined),
    http: NO_NETWORK,
    environment: environment ?? { ACTIONBRIDGE_HOME: HOME },
    openStore: async () => memoryStore(),
    runCommand: async () => {
      throw new Error('no command was expected');
    },
    ...over,
  });
}

/** Real sockets to this machine. */
export function loopbackClient(...origins: string[]): HttpClient {
  return createHttpClient({ policy: createAddressPolicy(origins) });
}

export function toolFor(requirements: Tool['request']['security'], name = 'tool'): Tool {
  return { name, api: 'pets', request: { security: requirements } } as unknown as Tool;
}

export function exchangeFor(tool: Tool, over: Partial<Exchange['plan']> = {}, principal?: string): Exchange {
  return {
    call: {
      tool,
      args: {},
      context: { surface: 'stdio', requestId: '1', ...(principal === undefined ? {} : { principal }) },
      trace: { attempts: 0, cached: false, timings: {} },
    },
    plan: { method: 'GET', url: `${ORIGIN}/v1/x`, headers: [], ...over },
    signal: new AbortController().signal,
  };
}

/** The error a promise is rejected with. */
export async function refusal(
  work: Promise<unknown>,
): Promise<Error & { code: string; hint: string; retryable: boolean }> {
  const error = await work.then(
    (value) => new Error(`expected a refusal, got ${JSON.stringify(value)}`),
    (caught: unknown) => caught,
  );
  return error as Error & { code: string; hint: string; retryable: boolean };
}
