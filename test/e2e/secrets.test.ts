import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runBridge } from '../support/bridge-process.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api.ts';

/** Whatever a credential comes from, it reaches the API, and no sink of the process: stdout, stderr, audit, cache, dry runs. */
const CANARY = 'canary/5e"cr&et=4f2a91';
const BASE64 = Buffer.from(CANARY).toString('base64');
const FORMS = [CANARY, BASE64, encodeURIComponent(CANARY), JSON.stringify(CANARY).slice(1, -1)];

const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'Vault', version: '1' },
  paths: {
    '/bearer': { get: { operationId: 'bearer', security: [{ token: [] }], responses: {} } },
    '/basic': { get: { operationId: 'basic', security: [{ login: [] }], responses: {} } },
    '/query': { get: { operationId: 'query', security: [{ key: [] }], responses: {} } },
    '/plain': { post: { operationId: 'plain', security: [], responses: {} } },
  },
  components: {
    securitySchemes: {
      token: { type: 'http', scheme: 'bearer' },
      login: { type: 'http', scheme: 'basic' },
      key: { type: 'apiKey', in: 'query', name: 'k' },
    },
  },
};

interface Source {
  readonly what: string;
  readonly tool: string;
  readonly env?: { readonly [name: string]: string };
  readonly words?: readonly string[];
  /** Of the API in the config file. */
  readonly config?: object;
}

const SOURCES: readonly Source[] = [
  { what: 'a documented variable', tool: 'bearer', env: { VAULT_TOKEN: CANARY } },
  { what: 'user and password in one variable', tool: 'basic', env: { VAULT_LOGIN: `ann:${CANARY}` } },
  { what: 'a password of its own', tool: 'basic', env: { VAULT_LOGIN_USERNAME: 'ann', VAULT_LOGIN_PASSWORD: CANARY } },
  { what: 'a key in the query', tool: 'query', env: { VAULT_KEY: CANARY } },
  { what: 'a header of the command line', tool: 'plain', words: ['--header', `X-Secret: ${CANARY}`] },
  { what: 'the config', tool: 'bearer', config: { auth: { token: { token: CANARY } } } },
  { what: 'a variable of the config', tool: 'bearer', env: { C: CANARY }, config: { auth: { token: { env: 'C' } } } },
  { what: '${NAME} in the config', tool: 'bearer', env: { C: CANARY }, config: { auth: { token: { token: '${C}' } } } },
  {
    what: 'a command',
    tool: 'bearer',
    config: {
      auth: { token: { command: [process.execPath, '-e', `process.stdout.write(${JSON.stringify(CANARY)})`] } },
    },
  },
  {
    what: 'a GPT Action record',
    tool: 'bearer',
    config: {
      auth: {
        token: { type: 'service_http', authorization_type: 'custom', custom_auth_header: 'X-K', api_key: CANARY },
      },
    },
  },
  { what: 'an extra header', tool: 'bearer', config: { auth: { token: { headers: { 'X-Extra': CANARY } } } } },
];

let folder: string;
let api: FakeApi;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'actionbridge-secrets-'));
  // It says back whatever it was sent, as careless APIs do.
  api = await startFakeApi((request) => ({ status: 401, json: { url: request.target, headers: request.headers } }));
  writeFileSync(join(folder, 'vault.json'), JSON.stringify({ ...DOCUMENT, servers: [{ url: api.url }] }));
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await api.close();
});

/** Everything that was written below a folder. */
function allText(path: string): string {
  if (!statSync(path).isDirectory()) return readFileSync(path, 'latin1');
  return readdirSync(path)
    .map((name) => allText(join(path, name)))
    .join('\n');
}

describe('a credential', () => {
  test.each(SOURCES)('from $what reaches the API and no sink', async ({ what, tool, env = {}, words = [], config }) => {
    const home = mkdtempSync(join(folder, 'run-'));
    const base = { spec: join(folder, 'vault.json'), baseUrl: api.url };
    const configFile = join(folder, `${what.replace(/\W+/g, '-')}.json`);
    writeFileSync(configFile, JSON.stringify({ apis: { vault: { ...base, ...config } }, logLevel: 'debug' }));
    const specs = config ? ['--config', configFile] : ['--base-url', api.url];
    const options = [...specs, '--audit', join(home, 'audit.jsonl'), ...words];
    const run = { env: { ...env, XDG_CACHE_HOME: join(home, 'cache'), ACTIONBRIDGE_HOME: join(home, 'store') } };
    const spec = config ? 'vault' : `vault=${join(folder, 'vault.json')}`;
    const before = api.requests.length;
    const called = await runBridge(['call', spec, tool, '{}', ...options], run);
    const planned = await runBridge(['call', spec, tool, '{}', '--dry-run', ...options], run);
    const checked = await runBridge(['check', ...(config ? [] : [spec]), '--format', 'json', ...options], run);
    expect(called.stdout + called.stderr).toContain('HTTP 401');
    const sent = api.requests.slice(before);
    const received = JSON.stringify(sent.map(({ target, headers }) => [target, headers]));
    const decoded = `${received} ${decodeURIComponent(received)} ${Buffer.from(BASE64, 'base64')}`;
    expect(FORMS.some((form) => decoded.includes(form)) && sent.length > 0).toBe(true);
    expect(sent.some(carriesCanary)).toBe(true);
    const sinks = [called, planned, checked].flatMap(({ stdout, stderr }) => [stdout, stderr]);
    for (const form of FORMS) {
      expect(sinks.join('\n')).not.toContain(form);
      expect(allText(home)).not.toContain(form);
    }
  });
});

function carriesCanary({ target, headers }: FakeApi['requests'][number]): boolean {
  const basic = headers
    .filter(([name]) => name.toLowerCase() === 'authorization')
    .map(([, value]) => Buffer.from(value.replace(/^Basic /, ''), 'base64').toString());
  const texts = [decodeURIComponent(target), ...headers.map(([, value]) => value), ...basic];
  return texts.some((text) => text.includes(CANARY));
}
