import { UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AuthInput } from '../../src/auth/config-schema.ts';
import type { StoredTokens } from '../../src/auth/store/types.ts';
import type { TokenSet } from '../../src/auth/types.ts';
import type { SecurityScheme } from '../../src/operation/security-schemes.ts';
import { type Answer, type ScriptedServer, startScripted } from './scripted.ts';
import { api, authFor, loopbackClient, manualClock, memoryStore, ORIGIN, refusal, security } from './setup.ts';

const CANARY = 'oauth-canary-9f2c41d7';
let server: ScriptedServer;
let other: ScriptedServer;
beforeAll(async () => {
  [server, other] = await Promise.all([startScripted(), startScripted()]);
});
afterAll(() => Promise.all([server.close(), other.close()]));
beforeEach(() => {
  server.seen.length = 0;
  other.seen.length = 0;
});

const CLIENT = { clientId: 'me', clientSecret: CANARY };
const GOOD = { access_token: 'token-1', token_type: 'Bearer', expires_in: 3600 };

interface Setting {
  readonly declared?: SecurityScheme;
  readonly oauth?: NonNullable<AuthInput[string]['oauth']>;
  readonly trusted?: readonly string[];
  readonly environment?: { [name: string]: string };
  readonly baseUrl?: string;
}

/** A client of a document that names the scripted server. */
function clientOf({ declared, oauth, trusted, environment, baseUrl }: Setting = {}) {
  const scheme: SecurityScheme = declared ?? {
    kind: 'oauth2',
    flows: { clientCredentials: { tokenUrl: `${server.origin}/token`, scopes: {} } },
  };
  const served = api({
    schemes: { o: scheme },
    auth: environment ? {} : { o: { oauth: { ...CLIENT, ...oauth } } },
    over: { namedOrigins: trusted ?? [server.origin], ...(baseUrl === undefined ? {} : { baseUrl }) },
  });
  const clock = manualClock();
  const auth = authFor(served, {
    http: loopbackClient(server.origin, other.origin),
    clock,
    oauthTimeoutMs: 300,
    ...(environment ? { environment } : {}),
  });
  const bearer = async (scopes = '') => {
    const selection = await auth.select({ api: 'pets', security: security(`o:${scopes}`) });
    return (await selection.attachments())[0]!.value;
  };
  return { bearer, clock, auth };
}

describe('the token endpoint', () => {
  it.each<[string, Answer, { code: string; message: RegExp; retryable?: boolean }]>([
    [
      'refuses the client',
      { status: 401, json: { error: 'invalid_client', error_description: `no ${CANARY}` } },
      { code: 'CREDENTIAL_REFUSED', message: /client id or secret \(invalid_client\): no \*\*\*/ },
    ],
    [
      'refuses with status 200',
      { json: { error: 'bad_verification_code' } },
      { code: 'OAUTH_FAILED', message: /bad_verification_code/ },
    ],
    ['refuses a scope', { status: 400, json: { error: 'invalid_scope' } }, { code: 'OAUTH_FAILED', message: /scope/ }],
    [
      'answers an HTML page',
      { status: 200, headers: { 'content-type': 'text/html' }, text: `<html>${CANARY}</html>` },
      { code: 'OAUTH_FAILED', message: /text\/html \(HTTP 200\) where JSON is expected/ },
    ],
    [
      'answers half a JSON text',
      { headers: { 'content-type': 'application/json' }, text: '{"access_token":' },
      { code: 'OAUTH_FAILED', message: /where JSON is expected/ },
    ],
    ['answers without a token', { json: { token_type: 'bearer' } }, { code: 'OAUTH_FAILED', message: /access_token/ }],
    [
      'gives a token of another type',
      { json: { ...GOOD, token_type: 'DPoP' } },
      { code: 'OAUTH_FAILED', message: /type dpop/ },
    ],
    [
      'redirects',
      { status: 302, headers: { location: 'http://127.0.0.1:9/' } },
      { code: 'OAUTH_FAILED', message: /redirects \(HTTP 302\)/ },
    ],
    ['fails', { status: 503, text: 'down' }, { code: 'OAUTH_FAILED', message: /HTTP 503/, retryable: true }],
    ['is slow', 'hang', { code: 'OAUTH_FAILED', message: /no answer within 0\.3 s/, retryable: true }],
    ['breaks the connection', 'reset', { code: 'OAUTH_FAILED', message: /cannot be reached/, retryable: true }],
  ])('%s: a clear error without a secret in it', async (_, answer, expected) => {
    server.answer(answer);
    const { bearer } = clientOf({ oauth: { clientAuthentication: 'client_secret_post' } });
    const error = await refusal(bearer());
    expect(error).toMatchObject({ code: expected.code, retryable: expected.retryable ?? false });
    expect(error.message).toMatch(expected.message);
    expect(JSON.stringify([error, error.message, error.hint])).not.toContain(CANARY);
    expect(JSON.stringify(error.cause ?? '')).not.toContain(CANARY);
  });

  it('is down: a clear error that may pass', async () => {
    const gone = await startScripted();
    await gone.close();
    const { bearer } = clientOf({ oauth: { tokenUrl: `${gone.origin}/token` } });
    expect(await refusal(bearer())).toMatchObject({ code: expect.stringMatching(/ADDRESS_REFUSED|OAUTH_FAILED/) });
  });

  it.each<[string, Answer]>([
    [
      'a form',
      { headers: { 'content-type': 'application/x-www-form-urlencoded' }, text: 'access_token=token-1&scope=a' },
    ],
    ['numbers as text', { json: { ...GOOD, expires_in: '3600' } }],
    ['no token type', { json: { access_token: 'token-1' } }],
    ['null where nothing is', { json: { ...GOOD, refresh_token: null, scope: null, id_token: 'x' } }],
    ['status 201', { status: 201, json: GOOD }],
  ])('may answer %s', async (_, answer) => {
    server.answer(answer);
    expect(await clientOf().bearer()).toBe('Bearer token-1');
  });

  it('is asked in JSON when the record says so', async () => {
    server.answer({ json: GOOD });
    await clientOf({
      oauth: { tokenRequest: 'json', clientAuthentication: 'client_secret_post', parameters: { audience: 'x' } },
    }).bearer('read');
    expect(server.seen[0]?.headers['content-type']).toBe('application/json');
    expect(JSON.parse(server.seen[0]!.body)).toEqual({
      grant_type: 'client_credentials',
      client_id: 'me',
      client_secret: CANARY,
      scope: 'read',
      audience: 'x',
    });
  });

  it('is asked again after a failure', async () => {
    const { bearer } = clientOf();
    server.answer({ status: 503, text: '' });
    await refusal(bearer());
    server.answer({ json: GOOD });
    expect(await bearer()).toBe('Bearer token-1');
  });

  it('is found where relative URLs begin', async () => {
    server.answer({ json: GOOD });
    const declared: SecurityScheme = {
      kind: 'oauth2',
      flows: { clientCredentials: { tokenUrl: '/oauth/token', scopes: {} } },
    };
    await clientOf({ declared, baseUrl: `${server.origin}/v1` }).bearer();
    expect(server.seen[0]?.path).toBe('/oauth/token');
  });
});

describe('a token', () => {
  const lifetimes: [string, object, number, boolean][] = [
    ['without a lifetime', { expires_in: undefined }, 10_000_000, true],
    ['of an hour, 61 s before its end', {}, 3_539_000, true],
    ['of an hour, 60 s before its end', {}, 3_540_000, false],
    ['of 30 s, in its first half', { expires_in: 30 }, 14_000, true],
    ['of 30 s, in its second half', { expires_in: 30 }, 15_000, false],
  ];
  it.each(lifetimes)('%s', async (_, over, later, same) => {
    let count = 0;
    server.answer(() => ({ json: { ...GOOD, ...over, access_token: `token-${++count}` } }));
    const { bearer, clock } = clientOf();
    expect(await bearer()).toBe('Bearer token-1');
    clock.at += later;
    expect(await bearer()).toBe(same ? 'Bearer token-1' : 'Bearer token-2');
  });

  it('that is a JWT says its lifetime, whatever its clock says', async () => {
    const iat = 4_000_000_000;
    const jwt = new UnsecuredJWT({ iat, exp: iat + 600 }).encode().replace(/\.$/, '.sig');
    server.answer({ json: { access_token: jwt, token_type: 'bearer' } });
    const { bearer, clock } = clientOf();
    await bearer();
    clock.at += 530_000;
    await bearer();
    expect(server.seen).toHaveLength(1);
    clock.at += 20_000;
    await bearer();
    expect(server.seen).toHaveLength(2);
  });
});

describe('who gets a client secret', () => {
  const elsewhere = (): SecurityScheme => ({
    kind: 'oauth2',
    flows: { clientCredentials: { tokenUrl: `${other.origin}/token`, scopes: {} } },
  });

  it('is not for a document to choose', async () => {
    other.answer({ json: GOOD });
    const error = await refusal(clientOf({ declared: elsewhere() }).bearer());
    expect(error).toMatchObject({ code: 'OAUTH_DISCOVERY', message: expect.stringContaining(other.origin) });
    expect(error.hint).toContain('tokenUrl');
    expect(other.seen).toEqual([]);
  });

  it('is for the operator to choose, in the config or by a variable', async () => {
    other.answer({ json: GOOD });
    expect(await clientOf({ declared: elsewhere(), oauth: { tokenUrl: `${other.origin}/token` } }).bearer()).toBe(
      'Bearer token-1',
    );
    const environment = {
      PETS_O_CLIENT_ID: 'me',
      PETS_O_CLIENT_SECRET: CANARY,
      PETS_O_TOKEN_URL: `${other.origin}/token`,
    };
    expect(await clientOf({ declared: elsewhere(), environment }).bearer()).toBe('Bearer token-1');
    expect(other.seen).toHaveLength(2);
  });

  it('is nobody by plain http', async () => {
    const declared: SecurityScheme = {
      kind: 'oauth2',
      flows: { clientCredentials: { tokenUrl: 'http://api.example.com/token', scopes: {} } },
    };
    const error = await refusal(clientOf({ declared, trusted: ['http://api.example.com'] }).bearer());
    expect(error).toMatchObject({ code: 'OAUTH_DISCOVERY', message: expect.stringContaining('neither https') });
  });
});

describe('discovery', () => {
  const declared = (): SecurityScheme => ({
    kind: 'openIdConnect',
    discoveryUrl: `${server.origin}/.well-known/openid-configuration`,
  });
  const metadata = (over: object = {}) => ({
    issuer: server.origin,
    token_endpoint: `${server.origin}/token`,
    authorization_endpoint: `${server.origin}/auth`,
    ...over,
  });

  it.each<[string, () => Answer, RegExp]>([
    [
      'a token endpoint on another origin',
      () => ({ json: metadata({ token_endpoint: `${other.origin}/token` }) }),
      /token_endpoint .*on another origin/,
    ],
    ['another issuer', () => ({ json: metadata({ issuer: other.origin }) }), /is that of another issuer/],
    ['no issuer', () => ({ json: metadata({ issuer: undefined }) }), /names no issuer/],
    ['a page', () => ({ headers: { 'content-type': 'text/html' }, text: '<html>' }), /answers HTTP 200 text\/html/],
    ['nothing', () => ({ status: 404 }), /answers HTTP 404/],
    ['a redirect', () => ({ status: 302, headers: { location: other.origin } }), /answers HTTP 302/],
    ['silence', () => 'hang', /no answer within/],
  ])('that brings %s is refused', async (_, answer, message) => {
    server.answer(answer());
    other.answer({ json: GOOD });
    const error = await refusal(clientOf({ declared: declared(), oauth: { grant: 'client_credentials' } }).bearer());
    expect(error).toMatchObject({ code: 'OAUTH_DISCOVERY' });
    expect(error.message).toMatch(message);
    expect(other.seen).toEqual([]);
  });

  it('may name an origin that the operator has named as well', async () => {
    server.answer({ json: metadata({ token_endpoint: `${other.origin}/token` }) });
    other.answer({ json: GOOD });
    const oauth = { grant: 'client_credentials' as const, issuer: server.origin, tokenUrl: `${other.origin}/token` };
    expect(await clientOf({ declared: declared(), oauth }).bearer()).toBe('Bearer token-1');
  });

  it('is not begun where nobody trusts the document', async () => {
    server.answer({ json: metadata() });
    const error = await refusal(
      clientOf({ declared: declared(), oauth: { grant: 'client_credentials' }, trusted: [] }).bearer(),
    );
    expect(error).toMatchObject({ code: 'OAUTH_DISCOVERY' });
    expect(server.seen).toEqual([]);
  });
});

describe('a stored login', () => {
  const tokens = (at: number): TokenSet => ({
    accessToken: 'old-access',
    refreshToken: `refresh-${CANARY}`,
    issuedAt: at,
    expiresAt: at + 3_600_000,
  });
  async function login(over: Partial<TokenSet> = {}) {
    const store = memoryStore();
    const clock = manualClock();
    const stored: StoredTokens = {
      kind: 'tokens',
      id: '1',
      savedAt: 0,
      origins: [ORIGIN],
      tokens: { ...tokens(clock.at), ...over },
      client: {
        clientId: 'me',
        clientSecret: CANARY,
        tokenUrl: `${server.origin}/token`,
        tokenRequest: 'form',
        parameters: {},
      },
    };
    await store.set({ api: 'pets', scheme: 'o' }, stored);
    const served = api({ schemes: { o: { kind: 'oauth2', flows: {} } } });
    const warnings: string[] = [];
    const auth = authFor(served, {
      http: loopbackClient(server.origin),
      clock,
      openStore: async () => store,
      oauthTimeoutMs: 300,
      warn: (message) => warnings.push(message),
    });
    const select = () => auth.select({ api: 'pets', security: security('o') });
    const bearer = async () => (await (await select()).attachments())[0]!.value;
    return { store, clock, select, bearer, warnings };
  }

  it('goes on with the old token while the server is down, until it ends', async () => {
    const { clock, bearer } = await login();
    server.answer({ status: 503, text: '' });
    clock.at += 3_545_000;
    expect(await bearer()).toBe('Bearer old-access');
    clock.at += 56_000;
    expect(await refusal(bearer())).toMatchObject({ code: 'OAUTH_FAILED', retryable: true });
  });

  it.each<[string, Answer]>([
    ['an expired refresh token', { status: 400, json: { error: 'invalid_grant', error_description: 'expired' } }],
    ['a page', { headers: { 'content-type': 'text/html' }, text: '<html>' }],
    ['half an answer', { json: { refresh_token: 'new-refresh' } }],
    ['silence', 'hang'],
  ])('stores nothing when the refresh brings %s', async (_, answer) => {
    const { clock, bearer, store } = await login();
    const before = JSON.stringify([...store.entries]);
    server.answer(answer);
    clock.at += 3_700_000;
    const error = await refusal(bearer());
    expect(error.code).toMatch(/OAUTH_FAILED|CREDENTIAL_REFUSED/);
    expect(error.message + error.hint).not.toContain(CANARY);
    expect([store.writes, JSON.stringify([...store.entries])]).toEqual([1, before]);
  });

  it('keeps the refresh token when the server gives no new one', async () => {
    const { clock, bearer, store } = await login();
    server.answer({ json: GOOD });
    clock.at += 3_700_000;
    expect(await bearer()).toBe('Bearer token-1');
    expect(await store.get({ api: 'pets', scheme: 'o' })).toMatchObject({
      tokens: { refreshToken: `refresh-${CANARY}` },
    });
  });

  it('warns when the new tokens cannot be stored, and goes on', async () => {
    const { clock, bearer, store, warnings } = await login();
    const { BridgeError } = await import('../../src/errors.ts');
    store.set = async () => {
      throw new BridgeError('STORE_FAILED', 'the disk is full');
    };
    server.answer({ json: GOOD });
    clock.at += 3_700_000;
    expect(await bearer()).toBe('Bearer token-1');
    expect(warnings.join()).toMatch(/could not be stored \(the disk is full\)/);
  });

  it('that has ended and cannot be refreshed asks for another', async () => {
    const { clock, bearer } = await login({ refreshToken: undefined as unknown as string });
    clock.at += 3_599_000;
    expect(await bearer()).toBe('Bearer old-access');
    clock.at += 2_000;
    expect(await refusal(bearer())).toMatchObject({
      code: 'CREDENTIAL_REFUSED',
      hint: 'Log in again: actionbridge login pets',
    });
  });

  it('that was removed meanwhile is not brought back', async () => {
    const { clock, bearer, store } = await login();
    await bearer();
    await store.delete({ api: 'pets', scheme: 'o' });
    clock.at += 3_700_000;
    expect(await refusal(bearer())).toMatchObject({ code: 'CREDENTIAL_REFUSED' });
    expect([store.entries.size, server.seen.length]).toEqual([0, 0]);
  });
});

describe('token exchange', () => {
  it("brings a caller's own token of the API, and sends the caller's to nobody else", async () => {
    server.answer(({ body }) => ({
      json: {
        ...GOOD,
        access_token: `for-${new URLSearchParams(body).get('subject_token')}`,
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      },
    }));
    const served = api({
      schemes: { o: { kind: 'bearer' } },
      auth: { o: { oauth: { ...CLIENT, tokenUrl: `${server.origin}/token`, exchange: { audience: 'pets-api' } } } },
    });
    const auth = authFor(served, {
      http: loopbackClient(server.origin),
      subjectToken: async (principal) => (principal === 'nobody' ? undefined : `token-of-${principal}`),
    });
    const bearer = async (principal: string) =>
      (await (await auth.select({ api: 'pets', security: security('o:read'), principal })).attachments())[0]!.value;
    expect(await bearer('ann')).toBe('Bearer for-token-of-ann');
    expect(await bearer('bob')).toBe('Bearer for-token-of-bob');
    expect(await bearer('ann')).toBe('Bearer for-token-of-ann');
    expect(server.seen).toHaveLength(2);
    expect(Object.fromEntries(new URLSearchParams(server.seen[0]!.body))).toMatchObject({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: 'token-of-ann',
      audience: 'pets-api',
      scope: 'read',
    });
    expect(await refusal(bearer('nobody'))).toMatchObject({ code: 'CREDENTIAL_MISSING' });
  });
});
