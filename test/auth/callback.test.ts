import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type StartedLogin, startBrowserLogin } from '../../src/auth/oauth/browser-login.ts';
import { loginTarget } from '../../src/auth/oauth/login-target.ts';
import type { LoopbackCallback } from '../../src/auth/oauth/loopback.ts';
import { openLoopbackCallback } from '../../src/auth/oauth/loopback.ts';
import { type Answer, type ScriptedServer, startScripted } from './scripted.ts';
import { api, authFor, loopbackClient, memoryStore, refusal } from './setup.ts';

const CANARY = 'callback-canary-61ab';
let server: ScriptedServer;
beforeAll(async () => {
  server = await startScripted();
});
afterAll(() => server.close());

const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

async function listening(options = {}): Promise<LoopbackCallback> {
  const callback = await openLoopbackCallback(options);
  open.push(callback);
  return callback;
}

/** A login at the scripted server, and where its callback is waiting. */
async function started(
  token: Answer = { json: { access_token: 'token-1', token_type: 'bearer', refresh_token: 'refresh-1' } },
) {
  server.seen.length = 0;
  server.answer(token);
  const store = memoryStore();
  const served = api({
    schemes: {
      o: {
        kind: 'oauth2',
        flows: {
          authorizationCode: {
            authorizationUrl: `${server.origin}/auth?x=1`,
            tokenUrl: `${server.origin}/token`,
            scopes: {},
          },
        },
      },
    },
    auth: { o: { oauth: { clientId: 'me', clientSecret: CANARY } } },
    over: { namedOrigins: [server.origin] },
  });
  const auth = authFor(served, { http: loopbackClient(server.origin), openStore: async () => store });
  const target = loginTarget(auth, served, 'o');
  const login: StartedLogin = await startBrowserLogin(auth, {
    target,
    client: await (await auth.sessions()).client(target),
    key: { api: 'pets', scheme: 'o' },
    scopes: ['read'],
  });
  open.push({ close: login.cancel });
  const url = new URL(login.url);
  const comeBack = (parameters: { [name: string]: string }) =>
    fetch(`${url.searchParams.get('redirect_uri')}?${new URLSearchParams(parameters)}`);
  return { login, url, comeBack, store, state: url.searchParams.get('state')! };
}

describe('a login in the browser', () => {
  it('asks with state, PKCE and the scopes of the operations', async () => {
    const { url } = await started();
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      x: '1',
      response_type: 'code',
      client_id: 'me',
      scope: 'read',
      code_challenge_method: 'S256',
      redirect_uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/callback$/),
    });
    expect(url.searchParams.get('state')!.length).toBeGreaterThan(30);
    expect(url.href).not.toContain(CANARY);
  });

  it('is finished by the callback that belongs to it', async () => {
    const { login, comeBack, store, state } = await started();
    const page = await comeBack({ state, code: 'code-1' });
    expect((await login.finished).tokens.accessToken).toBe('token-1');
    expect(page.status).toBe(200);
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(new URLSearchParams(server.seen[0]!.body).get('code_verifier')).toMatch(/^[\w-]{43,}$/);
    expect(store.writes).toBe(1);
  });

  it.each<[string, (state: string) => { [name: string]: string }, object]>([
    ['another state', () => ({ state: 'forged', code: 'code-1' }), { code: 'OAUTH_STATE' }],
    ['no state', () => ({ code: 'code-1' }), { code: 'OAUTH_STATE' }],
    [
      'a refusal',
      (state) => ({ state, error: 'access_denied', error_description: `she said no to ${CANARY}` }),
      {
        code: 'CREDENTIAL_REFUSED',
        message: expect.stringMatching(/access was denied \(access_denied\): she said no to \*\*\*/),
      },
    ],
    [
      'an error with markup in it',
      (state) => ({ state, error: '<script>' }),
      { code: 'OAUTH_FAILED', message: expect.not.stringContaining('<script>') },
    ],
    ['neither code nor error', (state) => ({ state }), { code: 'OAUTH_FAILED' }],
  ])('fails clearly when %s comes back, and stores nothing', async (_, parameters, expected) => {
    const { login, comeBack, store, state } = await started();
    const [page, error] = await Promise.all([comeBack(parameters(state)), refusal(login.finished)]);
    expect(error).toMatchObject(expected);
    expect(page.status).toBe(400);
    expect([store.writes, server.seen.length]).toEqual([0, 0]);
    expect(error.message + error.hint + (await page.text())).not.toContain(CANARY);
  });

  it('takes no second callback', async () => {
    const { login, comeBack, store, state } = await started('hang');
    const first = comeBack({ state, code: 'code-1' });
    while (server.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const second = await comeBack({ state, code: 'code-2' });
    expect([second.status, await second.text()]).toEqual([410, expect.stringContaining('already come back once')]);
    expect(server.seen).toHaveLength(1);
    login.cancel();
    await Promise.allSettled([first]);
    expect(store.writes).toBe(0);
  });

  it.each<[string, Answer]>([
    ['refuses the code', { status: 400, json: { error: 'invalid_grant' } }],
    ['answers a page', { headers: { 'content-type': 'text/html' }, text: `<b>${CANARY}</b>` }],
    ['breaks', 'reset'],
  ])('stores nothing when the token endpoint %s', async (_, answer) => {
    const { login, comeBack, store, state } = await started(answer);
    const [page, error] = await Promise.all([comeBack({ state, code: 'code-secret-1' }), refusal(login.finished)]);
    expect(error.code).toMatch(/OAUTH_FAILED|CREDENTIAL_REFUSED/);
    expect([page.status, store.writes]).toEqual([400, 0]);
    expect(error.message + error.hint + (await page.text())).not.toMatch(/canary|code-secret-1/);
  });

  it('can be given up', async () => {
    const { login, comeBack, state } = await started();
    login.cancel();
    expect(await refusal(login.finished)).toMatchObject({ code: 'OAUTH_FAILED', message: 'The login was given up' });
    await expect(comeBack({ state, code: 'code-1' })).rejects.toThrow();
  });
});

describe('the callback', () => {
  it.each<[string, (uri: string) => Promise<Response>]>([
    ['another path', (uri) => fetch(uri.replace('/callback', '/other'))],
    ['another method', (uri) => fetch(uri, { method: 'POST' })],
  ])('takes no notice of %s', async (_, request) => {
    const { redirectUri, received } = await listening();
    expect((await request(redirectUri)).status).toBe(404);
    await fetch(`${redirectUri}?x=1`, { signal: AbortSignal.timeout(50) }).catch(() => undefined);
    expect((await received).parameters.get('x')).toBe('1');
  });

  it('takes no notice of another Host, which a page elsewhere may have rebound to us', async () => {
    const { redirectUri } = await listening();
    const { request } = await import('node:http');
    const status = await new Promise((resolve) => {
      const { port } = new URL(redirectUri);
      request(
        { port, host: '127.0.0.1', path: '/callback?code=x', headers: { host: `evil.example:${port}` } },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        },
      ).end();
    });
    expect(status).toBe(404);
  });

  it('gives up when nobody comes', async () => {
    const { received } = await listening({ timeoutMs: 20 });
    expect(await refusal(received)).toMatchObject({ code: 'OAUTH_FAILED', message: 'Nobody signed in within 0 s' });
  });

  it('says when its port is taken', async () => {
    const { redirectUri } = await listening();
    const error = await refusal(listening({ port: Number(new URL(redirectUri).port) }));
    expect(error).toMatchObject({ code: 'OAUTH_FAILED', message: expect.stringContaining('EADDRINUSE') });
  });
});
