import { describe, expect, it } from 'vitest';
import { attach } from '../../src/auth/attach.ts';
import type { AuthInput } from '../../src/auth/config-schema.ts';
import { CredentialMissing } from '../../src/auth/missing.ts';
import type { SecurityScheme } from '../../src/operation/security-schemes.ts';
import { createMasker, MASK } from '../../src/secrets.ts';
import { api, authFor, manualClock, memoryStore, ORIGIN, refusal, security } from './setup.ts';

const SCHEMES: { [name: string]: SecurityScheme } = {
  key: { kind: 'apiKey', in: 'header', name: 'X-API-Key' },
  appId: { kind: 'apiKey', in: 'header', name: 'X-App-Id' },
  qkey: { kind: 'apiKey', in: 'query', name: 'api_key' },
  ckey: { kind: 'apiKey', in: 'cookie', name: 'sid' },
  bearer: { kind: 'bearer' },
  basic: { kind: 'basic' },
  oauth: { kind: 'oauth2', flows: { implicit: { authorizationUrl: 'https://auth.example.com/a', scopes: {} } } },
  oidc: { kind: 'openIdConnect', discoveryUrl: 'https://auth.example.com/.well-known/openid-configuration' },
  digest: { kind: 'unsupported', type: 'digest', reason: 'Digest answers a challenge' },
};

const NO_HEADERS: readonly (readonly [string, string])[] = [];

interface Row {
  readonly what: string;
  readonly asked: string[];
  readonly environment?: { [name: string]: string };
  readonly auth?: AuthInput;
  readonly headers?: [string, string][];
  readonly declared?: boolean;
  readonly principal?: string;
  readonly sent: readonly string[] | 'CREDENTIAL_MISSING' | 'AUTH_UNSUPPORTED';
}

const ROWS: readonly Row[] = [
  { what: 'a key from the environment', asked: ['key'], environment: { PETS_KEY: ' K1\n' }, sent: ['X-API-Key: K1'] },
  { what: 'nothing where nothing is asked for', asked: [], environment: { PETS_KEY: 'K1' }, sent: [] },
  {
    what: 'both of two',
    asked: ['key+appId'],
    environment: { PETS_KEY: 'K1', PETS_APP_ID: 'A1' },
    sent: ['X-API-Key: K1', 'X-App-Id: A1'],
  },
  {
    what: 'the alternative that is complete',
    asked: ['key+appId', 'basic'],
    environment: { PETS_KEY: 'K1', PETS_BASIC: 'u:p:w' },
    sent: ['Authorization: Basic dTpwOnc='],
  },
  {
    what: 'user and password from two variables',
    asked: ['basic'],
    environment: { PETS_BASIC_USERNAME: 'u', PETS_BASIC_PASSWORD: 'p:w' },
    sent: ['Authorization: Basic dTpwOnc='],
  },
  {
    what: 'an access token where OAuth is asked for',
    asked: ['oauth:read'],
    environment: { PETS_OAUTH: 'TOK1' },
    sent: ['Authorization: Bearer TOK1'],
  },
  {
    what: 'an access token where OpenID Connect is asked for',
    asked: ['oidc'],
    environment: { PETS_OIDC: 'TOK1' },
    sent: ['Authorization: Bearer TOK1'],
  },
  { what: 'a query key', asked: ['qkey'], environment: { PETS_QKEY: 'a/b+c=' }, sent: ['?api_key=a%2Fb%2Bc%3D'] },
  { what: 'a cookie', asked: ['ckey'], environment: { PETS_CKEY: 'abcd' }, sent: ['Cookie: sid=abcd'] },
  { what: 'nothing for what is optional and not there', asked: ['', 'bearer'], sent: [] },
  {
    what: 'what is optional when it is there',
    asked: ['', 'bearer'],
    environment: { PETS_BEARER: 'T1' },
    sent: ['Authorization: Bearer T1'],
  },
  {
    what: 'the config over the environment',
    asked: ['bearer'],
    environment: { PETS_BEARER: 'env' },
    auth: { bearer: { token: 'conf' } },
    sent: ['Authorization: Bearer conf'],
  },
  {
    what: 'the environment in the way the config says',
    asked: ['bearer'],
    environment: { PETS_BEARER: 'T1' },
    auth: { bearer: { prefix: 'Token' } },
    sent: ['Authorization: Token T1'],
  },
  {
    what: 'another variable',
    asked: ['bearer'],
    environment: { MY_TOKEN: 'T1' },
    auth: { bearer: { env: 'MY_TOKEN' } },
    sent: ['Authorization: Bearer T1'],
  },
  {
    what: 'a query key in place of a bearer token',
    asked: ['bearer'],
    auth: { bearer: { apiKey: 'K1', in: 'query', name: 'k' } },
    sent: ['?k=K1'],
  },
  {
    what: 'user and password in place of a key',
    asked: ['key'],
    auth: { key: { username: 'u', password: 'p:w' } },
    sent: ['Authorization: Basic dTpwOnc='],
  },
  {
    what: 'extra headers and query parameters',
    asked: ['bearer'],
    auth: { bearer: { token: 'T1', headers: { 'X-Tenant': 'acme' }, query: { v: '1' } } },
    sent: ['Authorization: Bearer T1', 'X-Tenant: acme', '?v=1'],
  },
  {
    what: 'headers as the whole credential',
    asked: ['digest'],
    auth: { digest: { headers: { 'X-Sig': 'abc' } } },
    sent: ['X-Sig: abc'],
  },
  { what: 'nothing for a scheme that is switched off', asked: ['digest'], auth: { digest: { none: true } }, sent: [] },
  {
    what: 'the rest of an alternative when one scheme is switched off',
    asked: ['key+digest'],
    environment: { PETS_KEY: 'K1' },
    auth: { digest: { none: true } },
    sent: ['X-API-Key: K1'],
  },
  {
    what: 'a token in place of what is not supported',
    asked: ['digest'],
    auth: { digest: { token: 'T1' } },
    sent: ['Authorization: Bearer T1'],
  },
  {
    what: 'the default in the way the document says',
    asked: ['key'],
    auth: { default: { token: 'D1' } },
    sent: ['X-API-Key: D1'],
  },
  {
    what: 'a scheme of its own over the default',
    asked: ['key', 'bearer'],
    environment: { PETS_BEARER: 'T1' },
    auth: { default: { token: 'D1' } },
    sent: ['Authorization: Bearer T1'],
  },
  {
    what: 'the default over anonymous',
    asked: ['', 'bearer'],
    auth: { default: { token: 'D1' } },
    sent: ['Authorization: Bearer D1'],
  },
  { what: 'no default where the document asks for nothing', asked: [], auth: { default: { token: 'D1' } }, sent: [] },
  {
    what: 'the default where the document does not speak of security',
    asked: [],
    declared: false,
    auth: { default: { token: 'D1' } },
    sent: ['Authorization: Bearer D1'],
  },
  {
    what: 'a GPT record as the default',
    asked: [],
    declared: false,
    auth: {
      default: { type: 'service_http', authorization_type: 'custom', custom_auth_header: 'X-Api-Key', api_key: 'G1' },
    },
    sent: ['X-Api-Key: G1'],
  },
  {
    what: "the operator's own header",
    asked: ['bearer'],
    environment: { PETS_BEARER: 'T1' },
    headers: [['authorization', 'Bearer mine']],
    sent: [],
  },
  {
    what: "the operator's own header for a scheme that is not supported",
    asked: ['digest'],
    headers: [['Authorization', 'Digest …']],
    sent: [],
  },
  { what: 'no other header in its place', asked: ['key'], headers: [['X-Other', 'x']], sent: 'CREDENTIAL_MISSING' },
  {
    what: "a service's key for every caller",
    asked: ['key'],
    environment: { PETS_KEY: 'K1' },
    principal: 'ann',
    sent: ['X-API-Key: K1'],
  },
  {
    what: "no operator's key for a caller with one of its own",
    asked: ['key'],
    auth: { key: { token: 'K1', perUser: true } },
    principal: 'ann',
    sent: 'CREDENTIAL_MISSING',
  },
  { what: 'nothing when it is missing', asked: ['key'], sent: 'CREDENTIAL_MISSING' },
  {
    what: 'nothing when half is missing',
    asked: ['key+appId'],
    environment: { PETS_KEY: 'K1' },
    sent: 'CREDENTIAL_MISSING',
  },
  { what: 'nothing for an empty variable', asked: ['key'], environment: { PETS_KEY: ' ' }, sent: 'CREDENTIAL_MISSING' },
  {
    what: 'nothing for what is not supported',
    asked: ['digest'],
    environment: { PETS_DIGEST: 'x' },
    sent: 'AUTH_UNSUPPORTED',
  },
  { what: 'nothing for what is not declared', asked: ['unheard'], sent: 'AUTH_UNSUPPORTED' },
];

describe('selecting credentials', () => {
  it.each(ROWS)(
    'sends $what',
    async ({ asked, environment = {}, auth = {}, headers = [], declared = true, principal, sent }) => {
      const served = api({ schemes: SCHEMES, auth, declared, over: { headers } });
      const selecting = authFor(served, { environment }).select({
        api: 'pets',
        security: security(...asked),
        principal,
      });
      if (typeof sent === 'string') {
        expect(await refusal(selecting)).toMatchObject({ code: sent });
        return;
      }
      const selection = await selecting;
      selection.checkOrigin(ORIGIN);
      const plan = attach({ url: `${ORIGIN}/x`, headers: NO_HEADERS }, await selection.attachments());
      const query = new URL(plan.url).search;
      expect([...plan.headers.map(([name, value]) => `${name}: ${value}`), ...(query === '' ? [] : [query])]).toEqual(
        sent,
      );
    },
  );

  it('names what is missing and every way to give it', async () => {
    const selecting = authFor(api({ schemes: SCHEMES })).select({
      api: 'pets',
      security: security('key+appId', 'basic'),
    });
    const error = (await refusal(selecting)) as unknown as CredentialMissing;
    expect(error).toBeInstanceOf(CredentialMissing);
    expect(error.message).toBe(
      'The API "pets" asks for a credential that is not there: basic (user name and password), or key (API key in the header X-API-Key) together with appId (API key in the header X-App-Id)',
    );
    expect(error.hint).toBe(
      'For basic: set PETS_BASIC, or set PETS_BASIC_USERNAME and PETS_BASIC_PASSWORD, or "auth: { basic: { username: …, password: … } }" in the config, or run "actionbridge login pets".',
    );
    expect([error.api, error.schemes]).toEqual(['pets', ['basic']]);
  });

  it('runs a command once, and again after a 401', async () => {
    const printed = ['first-output', 'second-output'];
    const ran: (readonly string[])[] = [];
    const served = api({ schemes: SCHEMES, auth: { bearer: { command: ['op', 'read', 'x'] } } });
    const auth = authFor(served, {
      runCommand: async (argv) => {
        ran.push(argv);
        return `${printed[ran.length - 1]}\n`;
      },
    });
    const select = () => auth.select({ api: 'pets', security: security('bearer') });
    const [one, two] = [await select(), await select()];
    expect((await one.attachments())[0]?.value).toBe('Bearer first-output');
    expect((await two.attachments())[0]?.value).toBe('Bearer first-output');
    expect(ran).toEqual([['op', 'read', 'x']]);
    expect([await one.renew(), await two.renew()]).toEqual([true, true]);
    expect((await one.attachments())[0]?.value).toBe('Bearer second-output');
    expect((await two.attachments())[0]?.value).toBe('Bearer second-output');
    expect(ran).toHaveLength(2);
    expect(one.key).toBe(two.key);
    expect(createMasker().mask('second-output')).toBe(MASK);
  });

  it('has a key that differs with credential and caller, and none for nothing', async () => {
    const key = async (environment: { [name: string]: string }, asked: string, principal?: string) => {
      const request = { api: 'pets', security: security(asked), principal };
      return (await authFor(api({ schemes: SCHEMES }), { environment }).select(request)).key;
    };
    const one = { PETS_KEY: 'K1', PETS_APP_ID: 'A1' };
    expect(await key(one, 'key')).toMatch(/^[0-9a-f]{16}$/);
    expect(await key(one, 'key+appId')).toBe(await key(one, 'appId+key'));
    expect(await key(one, '')).toBeUndefined();
    const keys = [key(one, 'key'), key({ PETS_KEY: 'K2' }, 'key'), key(one, 'key', 'ann'), key(one, 'key', 'bob')];
    expect(new Set(await Promise.all(keys)).size).toBe(4);
  });

  it("uses a caller's own stored credential, and nobody else's", async () => {
    const store = memoryStore();
    const saved = { kind: 'secret' as const, savedAt: 0, origins: [ORIGIN] };
    await store.set({ api: 'pets', scheme: 'key', principal: 'ann' }, { ...saved, id: 'a', value: 'anns-key' });
    await store.set({ api: 'pets', scheme: 'key' }, { ...saved, id: 'o', value: 'operators-key' });
    const auth = authFor(api({ schemes: SCHEMES }), { openStore: async () => store });
    const value = async (principal?: string) =>
      (await (await auth.select({ api: 'pets', security: security('key'), principal })).attachments())[0]?.value;
    expect(await value('ann')).toBe('anns-key');
    expect(await value()).toBe('operators-key');
    expect(await refusal(value('bob'))).toMatchObject({ code: 'CREDENTIAL_MISSING' });
  });

  it('sees a login of another process after a moment', async () => {
    const store = memoryStore();
    const clock = manualClock();
    const auth = authFor(api({ schemes: SCHEMES }), { openStore: async () => store, clock });
    const select = () => auth.select({ api: 'pets', security: security('key') });
    await refusal(select());
    await store.set(
      { api: 'pets', scheme: 'key' },
      { kind: 'secret', id: '1', savedAt: 0, origins: [ORIGIN], value: 'new-key' },
    );
    await refusal(select());
    clock.at += 2_000;
    expect((await (await select()).attachments())[0]?.value).toBe('new-key');
  });

  it.each<[string, Parameters<typeof api>[0], { [name: string]: string }, boolean]>([
    ['its API is on', {}, { PETS_KEY: 'K1' }, true],
    ['its API is not on', { over: { origins: ['https://elsewhere.example'] } }, { PETS_KEY: 'K1' }, false],
    ['the config names', { auth: { key: { token: 'K1', origins: [ORIGIN] } }, over: { origins: [] } }, {}, true],
    ['the config does not name', { auth: { key: { token: 'K1', origins: ['https://elsewhere.example'] } } }, {}, false],
  ])('goes to an origin that %s: %#', async (_, input, environment, allowed) => {
    const auth = authFor(api({ schemes: SCHEMES, ...input }), { environment });
    const selection = await auth.select({ api: 'pets', security: security('key') });
    if (allowed) expect(() => selection.checkOrigin(ORIGIN)).not.toThrow();
    else expect(() => selection.checkOrigin(ORIGIN)).toThrowError(/is for .*not for https:\/\/api\.example\.com/);
  });

  it('keeps a stored credential to where its API was when it was stored', async () => {
    const store = memoryStore();
    await store.set(
      { api: 'pets', scheme: 'key' },
      { kind: 'secret', id: '1', savedAt: 0, origins: [ORIGIN], value: 'stored' },
    );
    const moved = api({ schemes: SCHEMES, over: { origins: ['https://evil.example'] } });
    const selection = await authFor(moved, { openStore: async () => store }).select({
      api: 'pets',
      security: security('key'),
    });
    expect(() => selection.checkOrigin('https://evil.example')).toThrowError(
      /is for https:\/\/api\.example\.com, not for/,
    );
  });
});
