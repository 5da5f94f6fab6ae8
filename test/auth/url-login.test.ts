import { request } from 'node:http';
import { afterEach, describe, expect, it, test } from 'vitest';
import type { AuthInput } from '../../src/auth/config-schema.ts';
import { openSecretPage, type SecretPage } from '../../src/auth/secret-page.ts';
import { createUrlLogins, type UrlLogins } from '../../src/auth/url-login.ts';
import type { SecurityScheme } from '../../src/operation/security-schemes.ts';
import { createBrowser } from './browser.ts';
import { api, authFor, memoryStore, refusal, security, toolFor } from './setup.ts';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

async function pageFor(options: Partial<Parameters<typeof openSecretPage>[0]> = {}): Promise<SecretPage> {
  const page = await openSecretPage({ ask: 'value', title: 'Key of <pets>', message: 'Type & store', ...options });
  open.push(page);
  return page;
}

/** A request with headers that `fetch` does not allow. */
function raw(url: string, headers: { [name: string]: string }, body?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: body === undefined ? 'GET' : 'POST', headers }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    sent.once('error', reject).end(body);
  });
}

describe('the page for a secret', () => {
  it('shows what it is for without letting words become markup, and runs and keeps nothing', async () => {
    const { url } = await pageFor();
    const response = await fetch(url);
    const text = await response.text();
    expect(text).toContain('Key of &#60;pets&#62;');
    expect(text).toContain('type="password"');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('takes what is typed once', async () => {
    const page = await pageFor();
    const visit = createBrowser().visit(page.url);
    const { value, answer } = await page.typed;
    expect((await fetch(page.url)).status).toBe(410);
    answer(true, 'Well done');
    expect(value).toBe('typed-secret-3391');
    expect(await visit).toMatchObject({ status: 200, text: expect.stringContaining('Well done') });
  });

  it('takes a user name and a password together', async () => {
    const page = await pageFor({ ask: 'pair' });
    const visit = createBrowser().visit(page.url);
    const { value, answer } = await page.typed;
    answer(false, 'no');
    expect([value, (await visit).status]).toEqual(['ann:typed-secret-3391', 400]);
  });

  test.each(['', 'secret=', 'secret=+++'])('asks again when %j is sent', async (body) => {
    const page = await pageFor();
    const response = await fetch(page.url, { method: 'POST', body: new URLSearchParams(body) });
    expect([response.status, (await response.text()).includes('<form')]).toEqual([400, true]);
  });

  it('gives nothing to another path, host or origin', async () => {
    const { url } = await pageFor();
    const { host, origin } = new URL(url);
    expect(await raw(`${origin}/`, { host })).toBe(404);
    expect(await raw(url, { host: 'evil.example' })).toBe(404);
    expect(await raw(url, { host, origin: 'https://evil.example' }, 'secret=stolen')).toBe(404);
    expect(await raw(url, { host, origin }, 'secret=')).toBe(400);
  });

  it('waits only so long, and no longer than it is wanted', async () => {
    expect(await refusal((await pageFor({ timeoutMs: 5 })).typed)).toMatchObject({ code: 'CREDENTIAL_MISSING' });
    const page = await pageFor();
    page.close();
    expect(await refusal(page.typed)).toMatchObject({ code: 'CREDENTIAL_MISSING' });
  });
});

const FLOW = { tokenUrl: 'https://api.example.com/token', scopes: {} };
const SCHEMES: { [name: string]: SecurityScheme } = {
  key: { kind: 'apiKey', in: 'header', name: 'X-API-Key' },
  tls: { kind: 'mutualTLS' },
  code: { kind: 'oauth2', flows: { authorizationCode: { ...FLOW, authorizationUrl: 'https://api.example.com/auth' } } },
  device: {
    kind: 'oauth2',
    flows: { deviceAuthorization: { ...FLOW, deviceAuthorizationUrl: 'https://api.example.com/device' } },
  },
  far: { kind: 'oauth2', flows: { authorizationCode: { ...FLOW, authorizationUrl: 'https://evil.example/auth' } } },
};

function loginsFor(input: AuthInput = {}): { logins: UrlLogins; store: ReturnType<typeof memoryStore> } {
  const store = memoryStore();
  const auth = authFor(api({ schemes: SCHEMES, auth: input }), { openStore: async () => store });
  const logins = createUrlLogins({ auth, tools: () => [toolFor(security('key'))] });
  open.push(logins);
  return { logins, store };
}

describe('logins by URL', () => {
  it('keep what is typed for whoever it was asked of', async () => {
    const { logins, store } = loginsFor();
    const login = (await logins.start({ api: 'pets', schemes: ['key'], principal: 'ann' }))!;
    expect(login.message).toContain('API key in the header X-API-Key');
    expect(await logins.find(login.id)).toBe(login);
    await createBrowser().visit(login.url);
    await login.finished;
    expect(await store.get({ api: 'pets', scheme: 'key', principal: 'ann' })).toMatchObject({
      kind: 'secret',
      value: 'typed-secret-3391',
    });
    expect(await store.get({ api: 'pets', scheme: 'key' })).toBeUndefined();
  });

  it('are one for all who ask for the same, until it has ended', async () => {
    const { logins } = loginsFor();
    const wanted = { api: 'pets', schemes: ['key'] };
    const [first, second] = await Promise.all([logins.start(wanted), logins.start(wanted)]);
    expect(second).toBe(first);
    expect((await logins.start({ ...wanted, principal: 'ann' }))!.url).not.toBe(first!.url);
    await createBrowser().visit(first!.url);
    await first!.finished;
    expect((await logins.start(wanted))!.id).not.toBe(first!.id);
  });

  test.each([
    ['a client certificate', 'tls', {}],
    ['an OAuth login without a client id', 'code', {}],
    ['a login on another device', 'device', { device: { oauth: { clientId: 'c' } } }],
    ['a place that only the document vouches for', 'far', { far: { oauth: { clientId: 'c' } } }],
    ['nothing', undefined, {}],
  ] as const)('are none for %s', async (_, scheme, auth) => {
    const { logins } = loginsFor(auth);
    expect(await logins.start({ api: 'pets', schemes: scheme === undefined ? [] : [scheme] })).toBeUndefined();
  });

  it('end when the bridge does', async () => {
    const { logins } = loginsFor();
    const login = (await logins.start({ api: 'pets', schemes: ['key'] }))!;
    logins.close();
    expect(await refusal(login.finished)).toMatchObject({ code: 'CREDENTIAL_MISSING' });
    await expect(fetch(login.url)).rejects.toThrow();
  });
});
