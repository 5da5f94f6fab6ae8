import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createBrowser, type Page } from '../auth/browser.ts';
import { type AuthorizationServer, SECRETS, startAuthorizationServer } from '../auth/provider.ts';
import { type FakeApi, headerOf, type RecordedRequest, startFakeApi } from '../support/fake-api.ts';
import { type Asked, type ConnectedClient, OFFICIAL_CLIENTS, type Person } from '../support/mcp-clients.ts';

const TYPED = 'typed-secret-3391';
const BOTH = { form: {}, url: {} };

let server: AuthorizationServer;
let folder: string;
beforeAll(async () => {
  server = await startAuthorizationServer();
  folder = mkdtempSync(join(tmpdir(), 'login-by-url-'));
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

let api: FakeApi;
let client: ConnectedClient | undefined;
let count = 0;
beforeEach(async () => {
  api = await startFakeApi((request) => (isAuthorized(request) ? { json: { ok: true } } : { status: 401 }));
});
afterEach(async () => {
  await client?.close();
  client = undefined;
  await api.close();
});

function isAuthorized(request: RecordedRequest): boolean {
  return headerOf(request, 'authorization') !== undefined || headerOf(request, 'x-key') !== undefined;
}

/** Requests that carried a credential. */
function authorized(): RecordedRequest[] {
  return api.requests.filter(isAuthorized);
}

/** A config file for an API of three operations, each with its own scheme, and nothing given but an OAuth client. */
function configFile(): string {
  const get = (operationId: string, scheme: string, scopes: string[] = []) => ({
    operationId,
    security: [{ [scheme]: scopes }],
    responses: {},
  });
  const document = join(folder, 'document.json');
  const flow = {
    authorizationUrl: `${server.origin}/auth`,
    tokenUrl: `${server.origin}/token`,
    scopes: { read: '', offline_access: '' },
  };
  writeFileSync(
    document,
    JSON.stringify({
      openapi: '3.1.0',
      info: { title: 'Mail', version: '1' },
      servers: [{ url: api.url }],
      paths: {
        '/profile': { get: get('getProfile', 'key') },
        '/mail': { get: get('listMail', 'signIn', ['read']) },
        '/orders': { post: { ...get('order', 'pair'), 'x-openai-isConsequential': true } },
      },
      components: {
        securitySchemes: {
          key: { type: 'apiKey', in: 'header', name: 'X-Key' },
          pair: { type: 'http', scheme: 'basic' },
          signIn: { type: 'oauth2', flows: { authorizationCode: flow } },
        },
      },
    }),
  );
  const file = join(folder, `config-${count}.json`);
  const oauth = { clientId: 'person', clientSecret: SECRETS.person, authorizationUrl: flow.authorizationUrl };
  writeFileSync(
    file,
    JSON.stringify({
      apis: {
        mail: { spec: document, baseUrl: api.url, auth: { signIn: { oauth: { ...oauth, tokenUrl: flow.tokenUrl } } } },
      },
    }),
  );
  return file;
}

function commandFor(person: Person) {
  count++;
  const audit = join(folder, `${count}.jsonl`);
  const env = { ACTIONBRIDGE_HOME: join(folder, `home-${count}`), ACTIONBRIDGE_STORE_KEY: 'store-key-of-tests' };
  return { words: ['--config', configFile(), '--audit', audit], options: { person, env }, audit };
}

/** Goes where they are sent, and accepts what they are asked. */
function willing() {
  const asked: Asked[] = [];
  const pages: Promise<Page>[] = [];
  const person: Person = {
    shown: BOTH,
    answer(question) {
      asked.push(question);
      if (question.url !== undefined) pages.push(createBrowser().visit(question.url));
      return { action: 'accept', ...(question.mode === 'form' ? { content: {} } : {}) };
    },
  };
  return { person, asked, pages };
}

describe.each(OFFICIAL_CLIENTS)('$name, when a credential is missing', ({ connect }) => {
  it('sends the person to the sign-in, waits for it, and goes on with the call', async () => {
    const { person, asked, pages } = willing();
    const command = commandFor(person);
    client = await connect(command.words, command.options);
    expect(await client.call('listMail', {})).toMatchObject({ isError: false, text: expect.stringContaining('ok') });
    expect(asked).toMatchObject([{ mode: 'url', message: expect.stringContaining('"mail"') }]);
    expect(new URL(asked[0]!.url!).origin).toBe(server.origin);
    expect((await pages[0]!).text).toContain('Signed in');
    const [, token = ''] = /^Bearer (.+)$/.exec(headerOf(authorized()[0]!, 'authorization')!)!;
    expect(await server.check(token)).toMatchObject({ clientId: 'person' });
    await client.call('listMail', {});
    expect(asked).toHaveLength(1);
    expect(readFileSync(command.audit, 'utf8')).not.toContain(token);
  });

  it('lets the person type a key where only this machine sees it', async () => {
    const { person, asked, pages } = willing();
    const command = commandFor(person);
    client = await connect(command.words, command.options);
    const answer = await client.call('getProfile', {});
    expect(answer).toMatchObject({ isError: false });
    expect(new URL(asked[0]!.url!).hostname).toBe('127.0.0.1');
    expect(headerOf(authorized()[0]!, 'x-key')).toBe(TYPED);
    expect((await pages[0]!).text).toContain('Stored');
    expect(JSON.stringify([answer, asked]) + readFileSync(command.audit, 'utf8')).not.toContain(TYPED);
  });

  it('asks for consent first, and not again after the login', async () => {
    const { person, asked } = willing();
    const command = commandFor(person);
    client = await connect(command.words, command.options);
    expect(await client.call('order', {})).toMatchObject({ isError: false });
    expect(asked.map(({ mode }) => mode)).toEqual(['form', 'url']);
    expect(headerOf(authorized()[0]!, 'authorization')).toBe(`Basic ${Buffer.from(`ann:${TYPED}`).toString('base64')}`);
    expect(await client.call('order', {})).toMatchObject({ isError: false });
    expect(asked.map(({ mode }) => mode)).toEqual(['form', 'url', 'form']);
  });
});

/** One of each generation, and of each transport. */
const TWO = OFFICIAL_CLIENTS.filter(
  ({ name }) => name === 'SDK 1.x over stdio' || name === 'SDK 2.x, pinned over HTTP',
);

describe.each(TWO)('$name, when the login does not come about', ({ connect }) => {
  it('says which credential is missing when the person does not want to', async () => {
    const command = commandFor({ shown: BOTH, answer: () => ({ action: 'decline' }) });
    client = await connect(command.words, command.options);
    const answer = await client.call('getProfile', {});
    expect(answer).toMatchObject({ isError: true, text: expect.stringContaining('CREDENTIAL_MISSING') });
    expect(answer.text).toContain('MAIL_KEY');
    expect(authorized()).toEqual([]);
  });

  it('says so when the sign-in does not work out', async () => {
    const command = commandFor({
      shown: BOTH,
      async answer({ url }) {
        const { searchParams } = new URL(url!);
        const back = `${searchParams.get('redirect_uri')}?state=${searchParams.get('state')}&error=access_denied`;
        await createBrowser().visit(`${back}&iss=${encodeURIComponent(server.origin)}`);
        return { action: 'accept' };
      },
    });
    client = await connect(command.words, command.options);
    const answer = await client.call('listMail', {});
    expect(answer).toMatchObject({ isError: true, text: expect.stringContaining('access was denied') });
    expect(authorized()).toEqual([]);
  });

  it('says which credential is missing to a client that shows forms only', async () => {
    const { person, asked } = willing();
    const command = commandFor({ answer: person.answer });
    client = await connect(command.words, command.options);
    const answer = await client.call('getProfile', {});
    expect(answer).toMatchObject({ isError: true, text: expect.stringContaining('CREDENTIAL_MISSING') });
    expect(answer.text).toContain('actionbridge login mail');
    expect(asked).toEqual([]);
  });
});
