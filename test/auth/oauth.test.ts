import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAuthConfig } from '../../src/auth/config.ts';
import type { AuthInput } from '../../src/auth/config-schema.ts';
import { beginAuthorization } from '../../src/auth/oauth/authorization-code.ts';
import { beginDeviceLogin } from '../../src/auth/oauth/device-code.ts';
import { openLoopbackCallback } from '../../src/auth/oauth/loopback.ts';
import type { OAuthConfig } from '../../src/auth/types.ts';
import type { SecurityScheme } from '../../src/operation/security-schemes.ts';
import { createBrowser } from './browser.ts';
import { type AuthorizationServer, SECRETS, startAuthorizationServer } from './provider.ts';
import { api, authFor, loopbackClient, manualClock, memoryStore, ORIGIN, refusal, security } from './setup.ts';

let server: AuthorizationServer;
beforeAll(async () => {
  server = await startAuthorizationServer();
});
afterAll(() => server.close());

/** An API whose document names the server's flows. */
function served(auth: AuthInput = {}, kind: 'oauth2' | 'openIdConnect' = 'oauth2') {
  const { origin } = server;
  const flow = { tokenUrl: `${origin}/token`, scopes: { read: '', write: '' } };
  const oauth: SecurityScheme =
    kind === 'openIdConnect'
      ? { kind, discoveryUrl: `${origin}/.well-known/openid-configuration` }
      : {
          kind,
          flows: {
            authorizationCode: { ...flow, authorizationUrl: `${origin}/auth` },
            clientCredentials: flow,
            deviceAuthorization: { ...flow, deviceAuthorizationUrl: `${origin}/device/auth` },
          },
        };
  return api({ schemes: { oauth }, auth, over: { namedOrigins: [origin] } });
}

function authOf(target: ReturnType<typeof served>, over: Parameters<typeof authFor>[1] = {}) {
  return authFor(target, { http: loopbackClient(server.origin), ...over });
}

const bearerOf = async (
  selecting: Promise<{ attachments(): readonly { value: string }[] | Promise<readonly { value: string }[]> }>,
) => (await (await selecting).attachments())[0]!.value.replace('Bearer ', '');

describe('client credentials', () => {
  const config = { clientId: 'service-client', clientSecret: SECRETS.service };

  it('are exchanged for a token with the scopes of the operation, once for each', async () => {
    const auth = authOf(served({ oauth: { oauth: config } }));
    const select = (scopes: string) => auth.select({ api: 'pets', security: security(`oauth:${scopes}`) });
    const before = server.requests.length;
    const tokens = await Promise.all(['read', 'read', 'read', 'write'].map((scope) => bearerOf(select(scope))));
    expect(new Set(tokens).size).toBe(2);
    expect(server.requests.length - before).toBe(2);
    expect(await server.check(tokens[0]!)).toEqual({ clientId: 'service-client', subject: undefined, scope: 'read' });
    expect(await server.check(tokens[3]!)).toMatchObject({ scope: 'write' });
  });

  it('may stand in the documented variables', async () => {
    const environment = { PETS_OAUTH_CLIENT_ID: 'service-client', PETS_OAUTH_CLIENT_SECRET: SECRETS.service };
    const token = await bearerOf(
      authOf(served(), { environment }).select({ api: 'pets', security: security('oauth:read') }),
    );
    expect(await server.check(token)).toMatchObject({ clientId: 'service-client' });
  });

  it('are posted when basic is refused', async () => {
    const auth = authOf(served({ oauth: { oauth: { ...config, clientId: 'posting' } } }));
    const token = await bearerOf(auth.select({ api: 'pets', security: security('oauth:read') }));
    expect(await server.check(token)).toMatchObject({ clientId: 'posting' });
  });

  it('bring a new token 60 s before the old one ends, and after a 401', async () => {
    const clock = manualClock();
    const auth = authOf(served({ oauth: { oauth: config } }), { clock });
    const select = () => auth.select({ api: 'pets', security: security('oauth:read') });
    const first = await bearerOf(select());
    clock.at += 539_000;
    expect(await bearerOf(select())).toBe(first);
    clock.at += 2_000;
    const second = await bearerOf(select());
    expect(second).not.toBe(first);
    const selection = await select();
    await selection.attachments();
    expect(await selection.renew()).toBe(true);
    expect(await bearerOf(select())).not.toBe(second);
  });

  it('that are wrong are refused by name, without showing the secret', async () => {
    const clientSecret = 'wrong-secret-canary-77';
    const auth = authOf(served({ oauth: { oauth: { ...config, clientSecret } } }));
    const error = await refusal(bearerOf(auth.select({ api: 'pets', security: security('oauth:read') })));
    expect(error).toMatchObject({ code: 'CREDENTIAL_REFUSED', message: expect.stringContaining('invalid_client') });
    expect(JSON.stringify([error, error.message, error.hint])).not.toContain(clientSecret);
  });

  it('work by discovery', async () => {
    const auth = authOf(served({ oauth: { oauth: { ...config, grant: 'client_credentials' } } }, 'openIdConnect'));
    const token = await bearerOf(auth.select({ api: 'pets', security: security('oauth:read') }));
    expect(await server.check(token)).toMatchObject({ clientId: 'service-client' });
  });
});

/** Signs in through the browser, as `login` does, and keeps the tokens. */
async function signIn(target: ReturnType<typeof served>, auth: ReturnType<typeof authOf>, scopes: string[]) {
  const oauth = configOf(target);
  const client = await (await auth.sessions()).client({
    api: target,
    scheme: 'oauth',
    declared: target.declarations.schemes['oauth'],
    config: oauth,
  });
  const callback = await openLoopbackCallback();
  const authorization = await beginAuthorization(client, { redirectUri: callback.redirectUri, scopes });
  const browsing = createBrowser().visit(authorization.url);
  const arrival = await callback.received;
  const tokens = await authorization.finish(arrival.parameters);
  arrival.answer(true, 'You can close this page.');
  const page = await browsing;
  const stored = {
    clientId: oauth.clientId!,
    ...(oauth.clientSecret === undefined ? {} : { clientSecret: oauth.clientSecret }),
    tokenUrl: client.server.metadata.token_endpoint!,
    tokenRequest: oauth.tokenRequest,
    parameters: {},
  };
  await (await auth.store()).set(
    { api: 'pets', scheme: 'oauth' },
    { kind: 'tokens', id: 'login-1', savedAt: 0, origins: [ORIGIN], tokens, client: stored },
  );
  return { tokens, page };
}

function configOf(target: ReturnType<typeof served>): OAuthConfig {
  const { credential } = target.config['oauth']!;
  if (credential.kind !== 'oauth') throw new Error('no OAuth here');
  return credential.oauth;
}

const PERSON = {
  oauth: { oauth: { clientId: 'person', clientSecret: SECRETS.person, grant: 'authorization_code' as const } },
};

describe('authorization code with PKCE', () => {
  it.each(['oauth2', 'openIdConnect'] as const)('brings a person through the browser to tokens (%s)', async (kind) => {
    const target = served(PERSON, kind);
    const auth = authOf(target, { openStore: async () => memory });
    const memory = memoryStore();
    const { tokens, page } = await signIn(target, auth, ['openid', 'offline_access', 'read']);
    expect(await server.check(tokens.accessToken)).toMatchObject({ clientId: 'person', subject: 'ann' });
    expect(page).toMatchObject({ status: 200, text: expect.stringContaining('You can close this page.') });
    expect(tokens.refreshToken).toBeDefined();
  });

  it('refreshes before the token ends, once for all who wait, and stores the rotated refresh token', async () => {
    const clock = manualClock();
    const memory = memoryStore();
    const target = served(PERSON);
    const auth = authOf(target, { clock, openStore: async () => memory });
    const { tokens } = await signIn(target, auth, ['openid', 'offline_access', 'read']);
    const select = () => auth.select({ api: 'pets', security: security('oauth:read') });
    expect(await bearerOf(select())).toBe(tokens.accessToken);
    clock.at = tokens.expiresAt! - 59_000;
    const before = server.requests.length;
    const fresh = await Promise.all([1, 2, 3, 4].map(() => bearerOf(select())));
    expect(new Set(fresh).size).toBe(1);
    expect(fresh[0]).not.toBe(tokens.accessToken);
    expect(server.requests.slice(before).map((body) => body.get('grant_type'))).toEqual(['refresh_token']);
    const kept = await memory.get({ api: 'pets', scheme: 'oauth' });
    expect(kept).toMatchObject({ kind: 'tokens', id: 'login-1', tokens: { accessToken: fresh[0] } });
    expect(kept?.kind === 'tokens' && kept.tokens.refreshToken).not.toBe(tokens.refreshToken);
  });

  it('refreshes once after a 401, for all who had the same token', async () => {
    const memory = memoryStore();
    const target = served(PERSON);
    const auth = authOf(target, { openStore: async () => memory });
    await signIn(target, auth, ['openid', 'offline_access', 'read']);
    const select = () => auth.select({ api: 'pets', security: security('oauth:read') });
    const selections = await Promise.all([select(), select(), select()]);
    await Promise.all(selections.map((selection) => selection.attachments()));
    const before = server.requests.length;
    expect(await Promise.all(selections.map((selection) => selection.renew()))).toEqual([true, true, true]);
    expect(server.requests.length - before).toBe(1);
  });

  it('asks for a new login when the refresh token has ended, and keeps what is stored', async () => {
    const clock = manualClock();
    const memory = memoryStore();
    const target = served(PERSON);
    const auth = authOf(target, { clock, openStore: async () => memory });
    const { tokens } = await signIn(target, auth, ['openid', 'offline_access', 'read']);
    await server.check(tokens.accessToken);
    await server.revokeAll();
    clock.at = tokens.expiresAt! + 1;
    const before = JSON.stringify([...memory.entries]);
    const error = await refusal(bearerOf(auth.select({ api: 'pets', security: security('oauth:read') })));
    expect(error).toMatchObject({ code: 'CREDENTIAL_REFUSED', hint: 'Log in again: actionbridge login pets' });
    expect(error.message + error.hint).not.toContain(tokens.refreshToken);
    expect(JSON.stringify([...memory.entries])).toBe(before);
  });

  it('takes what another process has refreshed meanwhile', async () => {
    const clock = manualClock();
    const memory = memoryStore();
    const target = served(PERSON);
    const [one, two] = [1, 2].map(() => authOf(target, { clock, openStore: async () => memory }));
    const { tokens } = await signIn(target, one!, ['openid', 'offline_access', 'read']);
    const bearer = (auth: typeof one) => bearerOf(auth!.select({ api: 'pets', security: security('oauth:read') }));
    await Promise.all([bearer(one), bearer(two)]);
    clock.at = tokens.expiresAt! - 59_000;
    const before = server.requests.length;
    const [first, second] = await Promise.all([bearer(one), bearer(two)]);
    expect(second).toBe(first);
    expect(server.requests.length - before).toBe(1);
  });
});

describe('device code', () => {
  it('brings a person on another device to tokens', async () => {
    const target = served({
      oauth: { oauth: { clientId: 'device', clientSecret: SECRETS.device, grant: 'device_code' } },
    });
    let visited = false;
    const clock = manualClock(Date.now());
    const auth = authOf(target, { clock });
    const client = await (await auth.sessions()).client({
      api: target,
      scheme: 'oauth',
      declared: target.declarations.schemes['oauth'],
      config: configOf(target),
    });
    const login = await beginDeviceLogin(
      {
        ...client,
        clock: {
          ...clock,
          now: () => clock.at,
          sleep: async (ms) => {
            await clock.sleep(ms);
            if (clock.slept.length < 2) return;
            if (!visited) await createBrowser().visit(login.completeUrl!);
            visited = true;
          },
        },
      },
      ['openid', 'offline_access', 'read'],
    );
    expect(login.url).toBe(`${server.origin}/device`);
    expect(login.userCode).not.toBe('');
    const tokens = await login.finish();
    expect(clock.slept).toEqual([5000, 5000]);
    expect(await server.check(tokens.accessToken)).toMatchObject({ clientId: 'device', subject: 'ann' });
  });
});

it('reads the config it is given', () => {
  const config = readAuthConfig(PERSON, 'x', {});
  expect(config['oauth']).toMatchObject({
    credential: { kind: 'oauth', oauth: { clientId: 'person', trusted: true } },
  });
});
