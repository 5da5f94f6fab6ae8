import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openBridge } from '../../src/bridge.ts';
import { EMPTY_CONFIG, parseSpecArgument } from '../../src/config/flags.ts';
import { repositoryFile } from '../support/bridge-process.ts';
import { type FakeApi, headerOf, startFakeApi } from '../support/fake-api.ts';

const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'Pets', version: '1' },
  paths: { '/pets': { get: { operationId: 'listPets', responses: {} } } },
};

const MANIFEST = {
  schema_version: 'v1',
  name_for_model: 'pet_finder',
  name_for_human: 'Pet Finder',
  description_for_model: 'Finds pets.',
  description_for_human: 'For people.',
  auth: { type: 'none' },
  api: { type: 'openapi', url: 'https://pets.example.com/openapi.json' },
  logo_url: 'https://pets.example.com/logo.png',
  contact_email: 'pets@example.com',
  legal_info_url: 'https://pets.example.com/legal',
};

let folder: string;
let api: FakeApi;

beforeAll(async () => {
  api = await startFakeApi();
});
afterAll(() => api.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'actionbridge-actions-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(name: string, content: unknown): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

async function open(spec: string, change: Partial<typeof EMPTY_CONFIG> = {}) {
  const bridge = await openBridge({ ...EMPTY_CONFIG, cacheTools: false, apis: [parseSpecArgument(spec)], ...change });
  await bridge.close();
  return bridge;
}

const serverOf = async (spec: string) => (await open(spec)).registry.tools[0]!.request.servers[0]!.url;

describe('a plugin manifest', () => {
  it('gives the API its name, title, instructions and links', async () => {
    put('openapi.json', DOCUMENT);
    const { apis } = await open(put('ai-plugin.json', MANIFEST));
    expect(apis).toEqual([
      expect.objectContaining({
        name: 'pet_finder',
        title: 'Pet Finder',
        description: 'For people.',
        action: {
          origin: 'manifest',
          name: 'pet_finder',
          title: 'Pet Finder',
          description: 'For people.',
          instructions: 'Finds pets.',
          iconUrl: 'https://pets.example.com/logo.png',
          websiteUrl: 'https://pets.example.com/legal',
          contactEmail: 'pets@example.com',
          starters: [],
        },
      }),
    ]);
  });

  it("yields to the operator's name", async () => {
    put('openapi.json', DOCUMENT);
    const { apis } = await open(`mine=${put('ai-plugin.json', MANIFEST)}`);
    expect(apis.map(({ name }) => name)).toEqual(['mine']);
  });

  it.each([
    ['the file that api.url names', 'ai-plugin.json', 'openapi.json', MANIFEST.api.url],
    ['a relative api.url', 'ai-plugin.json', 'docs/pets.json', './docs/pets.json'],
    ['the only document beside it', 'ai-plugin.json', 'openapi.yaml', 'https://pets.example.com/v3/api-docs'],
    ['the document of the same stem', 'pets.ai-plugin.json', 'pets.openapi.json', 'https://pets.example.com/x.yaml'],
    ['the document above .well-known', '.well-known/ai-plugin.json', 'openapi.json', '/openapi.json'],
    ['a document beside it when api.url is null', 'ai-plugin.json', 'openapi.json', null],
  ])('reads %s', async (_, manifest, document, url) => {
    put(document, DOCUMENT);
    const { registry } = await open(put(manifest, { ...MANIFEST, api: { type: 'openapi', url } }));
    expect(registry.tools.map(({ name }) => name)).toEqual(['listPets']);
  });

  it('is found in a folder', async () => {
    put('openapi.json', DOCUMENT);
    put('ai-plugin.json', MANIFEST);
    expect((await open(folder)).apis[0]!.name).toBe('pet_finder');
  });

  it('is read in the wrapper of the store', async () => {
    put('openapi.json', DOCUMENT);
    const { apis } = await open(
      put('ai-plugin.json', { id: 'plugin-1', domain: 'pets.example.com', manifest: MANIFEST }),
    );
    expect(apis[0]!.title).toBe('Pet Finder');
  });

  it('names the host for a document without servers', async () => {
    put('openapi.json', DOCUMENT);
    expect(await serverOf(put('ai-plugin.json', MANIFEST))).toBe('https://pets.example.com/');
  });

  it('never leads out of its folder', async () => {
    const secret = put('openapi.json', DOCUMENT);
    const path = put('inner/ai-plugin.json', { ...MANIFEST, api: { type: 'openapi', url: '../openapi.json' } });
    expect(secret).toContain(folder);
    await expect(open(path)).rejects.toMatchObject({
      code: 'SPEC_NOT_FOUND',
      message: `${path}#/api/url: ../openapi.json is not there`,
    });
  });

  it('without any document says where one would have to be', async () => {
    const path = put('ai-plugin.json', { ...MANIFEST, api: { type: 'openapi', url: null } });
    await expect(open(path)).rejects.toMatchObject({
      code: 'SPEC_INVALID',
      message: `${path}#/api/url: the manifest does not say where its document is`,
    });
  });

  it('asks for the credential of its record', async () => {
    put('openapi.json', DOCUMENT);
    const auth = { type: 'service_http', authorization_type: 'bearer', verification_tokens: { openai: 'x' } };
    const bridge = await open(put('ai-plugin.json', { ...MANIFEST, auth }));
    expect(await bridge.credentials()).toEqual([
      expect.objectContaining({ scheme: 'default', environment: [['PET_FINDER_DEFAULT']], there: false }),
    ]);
  });

  it('with a record that cannot be read is served, and says so', async () => {
    put('openapi.json', DOCUMENT);
    const path = put('ai-plugin.json', { ...MANIFEST, auth: { type: 'service_http', authorization_type: 'magic' } });
    const { diagnostics, registry } = await open(path);
    expect(registry.tools).toHaveLength(1);
    expect(diagnostics).toContainEqual(
      expect.objectContaining({ severity: 'warning', code: 'auth-record-invalid', pointer: '/auth' }),
    );
  });

  it('whose document lies beside it is watched with it', async () => {
    const manifest = put('ai-plugin.json', MANIFEST);
    put('openapi.json', DOCUMENT);
    const config = { ...EMPTY_CONFIG, cacheTools: false, apis: [parseSpecArgument(manifest)], watch: true };
    const bridge = await openBridge(config);
    try {
      const changed = new Promise<void>((resolve) => bridge.onChange(() => resolve()));
      put('openapi.json', { ...DOCUMENT, paths: {} });
      await changed;
      expect(bridge.registry.tools).toEqual([]);
    } finally {
      await bridge.close();
    }
  });
});

describe('a plugin manifest by URL', () => {
  function serve(url: string) {
    api.answer(({ target }) => {
      if (target === '/.well-known/ai-plugin.json') return { json: { ...MANIFEST, api: { type: 'openapi', url } } };
      if (target === '/docs/openapi.json') return { json: DOCUMENT };
      return { status: 404 };
    });
  }

  it.each([
    ['the site', '', '/docs/openapi.json'],
    ['the site with a slash', '/', '/docs/openapi.json'],
    ['its own URL', '/.well-known/ai-plugin.json', '../docs/openapi.json'],
  ])('is found by %s, and leads to its document', async (_, path, url) => {
    serve(url);
    expect(await serverOf(`${api.url}${path}`)).toBe(`${api.url}/`);
  });

  it('may not lead to a private address that nobody has named', async () => {
    const other = await startFakeApi({ json: DOCUMENT });
    serve(`${other.url}/openapi.json`);
    await expect(open(api.url)).rejects.toMatchObject({
      code: 'SPEC_FETCH',
      hint: expect.stringContaining('--allow-host'),
    });
    expect(other.requests).toEqual([]);
    await other.close();
  });

  it('may lead to another host that was named, and says that ChatGPT would refuse', async () => {
    const other = await startFakeApi({ json: DOCUMENT });
    serve(`http://localhost:${new URL(other.url).port}/openapi.json`);
    const { diagnostics } = await open(api.url, { allowHosts: [`localhost:${new URL(other.url).port}`] });
    expect(diagnostics).toContainEqual(expect.objectContaining({ code: 'manifest-foreign-host' }));
    await other.close();
  });

  it('gives way to the document when a site has none', async () => {
    api.answer(({ target }) => (target === '/' ? { json: DOCUMENT } : { status: 404 }));
    expect((await open(`${api.url}/`)).registry.tools).toHaveLength(1);
  });
});

describe('a document without servers', () => {
  const missing = expect.objectContaining({ severity: 'warning', code: 'server-missing', pointer: '/servers' });

  it('that lies in a file is told of, unless a base URL is given', async () => {
    const spec = put('openapi.json', DOCUMENT);
    expect((await open(spec)).diagnostics).toContainEqual(missing);
    const named = [{ ...parseSpecArgument(spec), baseUrl: 'https://pets.example.com' }];
    expect((await open(spec, { apis: named })).diagnostics).toEqual([]);
  });

  it('falls back to the host of its URL', async () => {
    api.answer({ json: DOCUMENT });
    expect(await serverOf(`${api.url}/v1/openapi.json`)).toBe(`${api.url}/`);
  });
});

describe('an exported GPT', () => {
  const action = (domain: string, more: object = {}) => ({
    id: 'gzm',
    type: 'JIT_PLUGIN',
    metadata: { action_id: 'a', domain, raw_spec: JSON.stringify(DOCUMENT), ...more },
  });
  const gpt = (tools: object[]) => ({
    gizmo: {
      id: 'g-1',
      instructions: 'Be kind to pets.',
      display: { name: 'Pet GPT', prompt_starters: ['Which pets are there?', ''], profile_picture_url: null },
    },
    tools: [{ id: 'browser', type: 'browser' }, ...tools],
  });

  it('gives instructions, starters, website and tools', async () => {
    const path = put(
      'gpt.json',
      gpt([action('pets.example.com', { privacy_policy_url: 'https://pets.example.com/p' })]),
    );
    const { apis, registry } = await open(path);
    expect(apis).toEqual([
      expect.objectContaining({
        name: 'pet_gpt',
        action: {
          origin: 'gpt',
          name: 'Pet GPT',
          title: 'Pet GPT',
          instructions: 'Be kind to pets.',
          websiteUrl: 'https://pets.example.com/p',
          starters: ['Which pets are there?'],
        },
      }),
    ]);
    expect(registry.tools[0]!.request.servers[0]!.url).toBe('https://pets.example.com/');
  });

  it.each([
    ['bare', (whole: object) => whole],
    ['in a resource', (whole: object) => ({ resource: whole })],
    [
      'with tools inside the record',
      (whole: { gizmo?: object; tools?: object[] }) => ({ gizmo: { ...whole.gizmo, tools: whole.tools } }),
    ],
    ['flat', (whole: { gizmo?: object; tools?: object[] }) => ({ ...whole.gizmo, tools: whole.tools })],
  ])('is read %s', async (_, wrap) => {
    const { apis } = await open(put('gpt.json', wrap(gpt([action('pets.example.com')]))));
    expect(apis[0]!.action).toMatchObject({ instructions: 'Be kind to pets.', title: 'Pet GPT' });
  });

  it('with several actions is several APIs, each with its own record', async () => {
    const auth = { type: 'service_http', authorization_type: 'custom', custom_auth_header: 'X-Key' };
    const path = put('gpt.json', gpt([action('api.cats.com', { auth }), action('dogs.org')]));
    const { apis, registry } = await open(path);
    expect(apis.map(({ name }) => name)).toEqual(['pet_gpt_cats_com', 'pet_gpt_dogs_org']);
    expect(registry.tools.map(({ name }) => name)).toEqual(['pet_gpt_cats_com_listPets', 'pet_gpt_dogs_org_listPets']);
  });

  it('without actions is refused', async () => {
    await expect(open(put('gpt.json', gpt([])))).rejects.toMatchObject({
      code: 'SPEC_INVALID',
      message: expect.stringContaining('this GPT has no actions'),
    });
  });

  it.each([
    [{ type: 'service_http', authorization_type: 'bearer' }, 'bearer token', 'token: …'],
    [{ type: 'user_http', authorization_type: 'basic' }, 'user name and password', 'basic: …'],
    [
      { type: 'service_http', authorization_type: 'custom', custom_auth_header: 'X-Key' },
      'credential in the header X-Key',
      'token: …',
    ],
    [
      {
        type: 'oauth',
        client_url: 'https://login.example.com/authorize',
        authorization_url: 'https://login.example.com/token',
        token_exchange_method: 'basic_auth_header',
      },
      'OAuth access token (sign in at login.example.com)',
      'oauth: { clientId: …, clientSecret: … }',
    ],
  ])('says what its record %j asks for', async (auth, what, entry) => {
    const bridge = await open(put('gpt.json', gpt([action('pets.example.com', { auth })])));
    const config = `auth: { default: { ${entry} } }`;
    expect(await bridge.credentials()).toEqual([expect.objectContaining({ scheme: 'default', what, config })]);
  });

  it('sends the credential of its record with every call', async () => {
    api.answer({ json: [] });
    const auth = { type: 'service_http', authorization_type: 'custom', custom_auth_header: 'X-Key', api_key: 'hidden' };
    const bridge = await openBridge({
      ...EMPTY_CONFIG,
      cacheTools: false,
      apis: [{ ...parseSpecArgument(put('gpt.json', gpt([action('pets.example.com', { auth })]))), baseUrl: api.url }],
      environment: { PET_GPT_DEFAULT: 'from-environment' },
    });
    const { result } = await bridge.call('listPets', {}, { surface: 'cli', signal: AbortSignal.timeout(5_000) });
    await bridge.close();
    expect(result.kind).toBe('ok');
    expect(headerOf(api.requests.at(-1)!, 'x-key')).toBe('from-environment');
  });

  it('ships as an example that is served', async () => {
    const { registry } = await open(repositoryFile('examples/todo-gpt.json'));
    const names = registry.tools.map(({ name }) => name);
    expect(names).toContain('listTodos');
    const [entry] = JSON.parse(readFileSync(repositoryFile('examples/todo-gpt.json'), 'utf8')).tools;
    expect(entry.metadata.raw_spec).toBe(readFileSync(repositoryFile('specs/todo-action.yaml'), 'utf8'));
  });
});
