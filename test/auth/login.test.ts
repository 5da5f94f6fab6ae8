import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { browserCommand, openInBrowser } from '../../src/auth/browser.ts';
import type { CredentialStore } from '../../src/auth/store/types.ts';
import type { Clock } from '../../src/clock.ts';
import { createLogin } from '../../src/commands/login.ts';
import type { Terminal } from '../../src/commands/terminal.ts';
import type { SecurityScheme } from '../../src/operation/security-schemes.ts';
import { createBrowser } from './browser.ts';
import { type AuthorizationServer, SECRETS, startAuthorizationServer } from './provider.ts';
import {
  type ApiInput,
  api,
  authFor,
  loopbackClient,
  manualClock,
  memoryStore,
  ORIGIN,
  refusal,
  security,
  toolFor,
} from './setup.ts';

const CANARY = 'login-canary-5d1a';
let server: AuthorizationServer;
beforeAll(async () => {
  server = await startAuthorizationServer();
});
afterAll(() => server.close());

let written: string;
beforeEach(() => {
  written = '';
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      written += String(chunk);
      return true;
    });
});
afterEach(() => vi.restoreAllMocks());

/** A person who answers in order, and what was said to them. */
function person(answers: string[], interactive = true): Terminal & { said: string[]; asked: string[] } {
  const said: string[] = [];
  const asked: string[] = [];
  const answer = async (prompt: string) => {
    asked.push(prompt);
    return answers.shift() ?? '';
  };
  return { interactive, said, asked, say: (line) => void said.push(line), ask: answer, askSecret: answer };
}

interface Setting extends ApiInput {
  readonly asked?: string[];
  readonly answers?: string[];
  readonly interactive?: boolean;
  readonly store?: CredentialStore;
  readonly flags?: { [name: string]: unknown };
  readonly words?: string[];
  readonly browser?: boolean;
  readonly clock?: Clock;
}

async function login({
  asked = [],
  answers = [],
  interactive = true,
  flags = {},
  words = ['pets'],
  browser = true,
  clock,
  ...input
}: Setting) {
  const store = input.store ?? memoryStore();
  const served = api(input);
  const auth = authFor(served, {
    http: loopbackClient(server.origin),
    openStore: async () => store,
    ...(clock ? { clock } : {}),
  });
  const terminal = person(answers, interactive);
  const run = createLogin({
    open: async () => ({ auth, api: 'pets', tools: [toolFor(security(...asked))], close: async () => undefined }),
    openStore: async () => store,
    terminal: () => terminal,
    openBrowser: async (url) => {
      if (browser) void createBrowser().visit(url);
      return browser;
    },
  });
  const code = run({ words, flags });
  return { code, store, terminal, auth };
}

const SCHEMES: { [name: string]: SecurityScheme } = {
  key: { kind: 'apiKey', in: 'header', name: 'X-API-Key' },
  basic: { kind: 'basic' },
  tls: { kind: 'mutualTLS' },
  implicit: { kind: 'oauth2', flows: { implicit: { authorizationUrl: 'https://a.example/', scopes: {} } } },
};

function oauth(): SecurityScheme {
  const flow = { tokenUrl: `${server.origin}/token`, scopes: { read: '', offline_access: '' } };
  return {
    kind: 'oauth2',
    flows: {
      authorizationCode: { ...flow, authorizationUrl: `${server.origin}/auth` },
      deviceAuthorization: { ...flow, deviceAuthorizationUrl: `${server.origin}/device/auth` },
    },
  };
}

describe('login', () => {
  it('keeps a key, and says where and never what', async () => {
    const { code, store, terminal } = await login({ schemes: SCHEMES, asked: ['key'], answers: [` ${CANARY} `] });
    expect(await code).toBe(0);
    expect(await store.get({ api: 'pets', scheme: 'key' })).toMatchObject({
      kind: 'secret',
      value: CANARY,
      origins: [ORIGIN],
    });
    expect(terminal.said.at(-1)).toBe(
      `Stored: key of "pets" (API key in the header X-API-Key), for ${ORIGIN}, in memory`,
    );
    expect([...terminal.said, ...terminal.asked, written].join()).not.toContain(CANARY);
  });

  it('keeps user and password', async () => {
    const { code, store } = await login({ schemes: SCHEMES, asked: ['basic'], answers: ['ann', CANARY] });
    expect(await code).toBe(0);
    expect(await store.get({ api: 'pets', scheme: 'basic' })).toMatchObject({ value: `ann:${CANARY}` });
  });

  it('walks through all of an alternative', async () => {
    const { code, store } = await login({ schemes: SCHEMES, asked: ['key+basic'], answers: ['ann', 'pw-1', 'key-1'] });
    expect(await code).toBe(0);
    expect(await store.list()).toHaveLength(2);
  });

  it('lets a person choose among alternatives', async () => {
    const { code, store, terminal } = await login({
      schemes: SCHEMES,
      asked: ['key', 'basic'],
      answers: ['2', 'ann', 'pw-1'],
    });
    expect(await code).toBe(0);
    expect((await store.list()).map(({ key }) => key.scheme)).toEqual(['basic']);
    expect(terminal.said).toContain('  2  basic (user name and password)');
  });

  it('asks for --scheme when nobody can choose', async () => {
    const one = await login({ schemes: SCHEMES, asked: ['key', 'basic'], interactive: false });
    expect(await refusal(one.code)).toMatchObject({ code: 'USAGE', hint: 'Choose one with --scheme NAME.' });
    const two = await login({
      schemes: SCHEMES,
      asked: ['key', 'basic'],
      interactive: false,
      answers: ['k-1'],
      flags: { scheme: 'key' },
    });
    expect(await two.code).toBe(0);
  });

  it.each<[string, Setting, object]>([
    [
      'an unknown scheme',
      { schemes: SCHEMES, asked: ['key'], flags: { scheme: 'kee' } },
      { code: 'USAGE', hint: 'It has key.' },
    ],
    ['no document', { words: [] }, { code: 'USAGE' }],
    ['two documents', { words: ['a', 'b'] }, { code: 'USAGE' }],
    ['nothing typed', { schemes: SCHEMES, asked: ['key'], answers: ['  '] }, { code: 'USAGE' }],
    [
      'a certificate',
      { schemes: SCHEMES, asked: ['tls'] },
      { code: 'AUTH_UNSUPPORTED', hint: expect.stringContaining('certificate') },
    ],
    [
      'an API that is nowhere',
      { schemes: SCHEMES, asked: ['key'], answers: ['k-1'], over: { origins: [] } },
      { code: 'SERVER_MISSING' },
    ],
  ])('stores nothing for %s', async (_, setting, expected) => {
    const { code, store } = await login(setting);
    expect(await refusal(code)).toMatchObject(expected);
    expect(await store.list()).toEqual([]);
  });

  it('takes a token where a flow is refused, and says why', async () => {
    const { code, store, terminal } = await login({ schemes: SCHEMES, asked: ['implicit'], answers: ['token-1'] });
    expect(await code).toBe(0);
    expect(terminal.said[0]).toMatch(/implicit flow .* is not used/);
    expect(await store.get({ api: 'pets', scheme: 'implicit' })).toMatchObject({ value: 'token-1' });
  });

  it('says when nothing is asked for', async () => {
    const { code, terminal } = await login({});
    expect(await code).toBe(0);
    expect(terminal.said).toEqual(['"pets" asks for no credential.']);
  });
});

describe('login by OAuth', () => {
  it('asks for the client and for trust, opens the browser, and keeps the tokens for one caller', async () => {
    const answers = ['person', SECRETS.person, 'y'];
    const { code, store, terminal, auth } = await login({
      schemes: { o: oauth() },
      asked: ['o:read'],
      answers,
      flags: { principal: 'ann' },
    });
    expect(await code).toBe(0);
    expect(terminal.asked).toEqual([
      'Client id: ',
      'Client secret (empty when there is none): ',
      `Send the sign-in to ${server.origin}? [y/N] `,
    ]);
    const stored = await store.get({ api: 'pets', scheme: 'o', principal: 'ann' });
    expect(stored).toMatchObject({
      kind: 'tokens',
      client: { clientId: 'person', tokenUrl: `${server.origin}/token` },
      origins: [ORIGIN],
    });
    expect(terminal.said.at(-1)).toMatch(/^Stored: o of "pets" \(access token, until .*, refreshed by itself\)/);
    for (const secret of stored?.kind === 'tokens'
      ? [stored.tokens.accessToken, stored.tokens.refreshToken!, SECRETS.person]
      : [])
      expect([...terminal.said, ...terminal.asked, written].join()).not.toContain(secret);
    const selection = await auth.select({ api: 'pets', security: security('o:read'), principal: 'ann' });
    const [attachment] = await selection.attachments();
    expect(await server.check(attachment!.value.replace('Bearer ', ''))).toMatchObject({ subject: 'ann' });
  });

  it('goes nowhere when the person does not agree, or nobody is there to', async () => {
    const config = { o: { oauth: { clientId: 'person', clientSecret: SECRETS.person } } };
    const before = server.requests.length;
    const one = await login({ schemes: { o: oauth() }, asked: ['o'], auth: config, answers: [''] });
    expect(await refusal(one.code)).toMatchObject({ code: 'OAUTH_DISCOVERY' });
    const two = await login({ schemes: { o: oauth() }, asked: ['o'], auth: config, interactive: false });
    expect(await refusal(two.code)).toMatchObject({ code: 'OAUTH_DISCOVERY' });
    expect([(await one.store.list()).length, server.requests.length]).toEqual([0, before]);
  });

  it('prints the URL when there is no browser', async () => {
    const { code, terminal } = await login({
      schemes: { o: oauth() },
      asked: ['o:read'],
      over: { namedOrigins: [server.origin] },
      auth: { o: { oauth: { clientId: 'person', clientSecret: SECRETS.person } } },
      browser: false,
    });
    await vi.waitFor(() => expect(terminal.said.join()).toContain(`${server.origin}/auth?`));
    await createBrowser().visit(/http\S+/.exec(terminal.said.join())![0]);
    expect(await code).toBe(0);
  });
});

describe('login on another device', () => {
  it('shows the code and the page, waits for the person, and keeps the tokens', async () => {
    const clock = manualClock(Date.now());
    const { code, store, terminal } = await login({
      schemes: { o: oauth() },
      asked: ['o:read'],
      over: { namedOrigins: [server.origin] },
      auth: { o: { oauth: { clientId: 'device', clientSecret: SECRETS.device } } },
      flags: { device: true },
      browser: false,
      clock: {
        now: clock.now,
        sleep: async (ms) => {
          await clock.sleep(ms);
          if (clock.slept.length > 1) return;
          await vi.waitFor(() => expect(terminal.said.join()).toContain('http'));
          await createBrowser().visit(/http\S+/.exec(terminal.said.join())![0]);
        },
      },
    });
    expect(await code).toBe(0);
    expect(terminal.said[0]).toMatch(/^The code is \S{4}-\S{4}$/);
    expect(await store.get({ api: 'pets', scheme: 'o' })).toMatchObject({
      kind: 'tokens',
      client: { clientId: 'device' },
    });
  });
});

describe('what is stored', () => {
  const stored = async () => {
    const store = memoryStore();
    const one = { kind: 'secret' as const, id: '1', savedAt: 0, origins: [ORIGIN], value: CANARY };
    await store.set({ api: 'pets', scheme: 'key' }, one);
    await store.set({ api: 'pets', scheme: 'key', principal: 'ann' }, one);
    await store.set({ api: 'shop', scheme: 'basic' }, one);
    return store;
  };

  it('is listed without a value', async () => {
    const { code } = await login({ words: [], flags: { list: true }, store: await stored() });
    expect(await code).toBe(0);
    expect(written).toBe(
      ['pets/key', 'pets/key of ann', 'shop/basic']
        .map((name) => `${name}\tsecret\t1970-01-01T00:00:00.000Z\tmemory\n`)
        .join(''),
    );
    expect(written).not.toContain(CANARY);
  });

  it.each([
    ['pets', undefined, 0, ['pets/ann', 'shop/']],
    ['pets/key', 'ann', 0, ['pets/', 'shop/']],
    ['nothing', undefined, 1, ['pets/', 'pets/ann', 'shop/']],
  ])('is removed by the name %s (of %s)', async (name, principal, expected, left) => {
    const store = await stored();
    const { code } = await login({ words: [], flags: { remove: name, ...(principal ? { principal } : {}) }, store });
    expect(await code).toBe(expected);
    expect((await store.list()).map(({ key }) => `${key.api}/${key.principal ?? ''}`)).toEqual(left);
  });
});

describe('the browser', () => {
  it('is opened by its arguments, without a shell', () => {
    const url = 'https://a.example/?x=1&y=$(z)';
    for (const platform of ['darwin', 'win32', 'linux'] as const) {
      const argv = browserCommand(url, platform);
      expect(argv.at(-1)).toBe(url);
      expect(['open', 'rundll32', 'xdg-open']).toContain(argv[0]);
    }
  });

  it.each(['http://a.example/', 'file:///etc/passwd', 'javascript:alert(1)', '-x', 'http://127.0.0.1.evil.example/'])(
    'is never opened for %s',
    async (url) => {
      expect(await openInBrowser(url)).toBe(false);
    },
  );
});
