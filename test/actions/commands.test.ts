import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BUNDLE, repositoryFile, runBridge, startBridge, TEST_TOKEN } from '../support/bridge-process.ts';
import { headerOf, startFakeApi } from '../support/fake-api.ts';

const TODO = repositoryFile('specs/todo-action.yaml');
const PETSTORE = repositoryFile('specs/petstore.yaml');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'actionbridge-gpt-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(name: string, document: object): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(document));
  return path;
}

const MANY = {
  openapi: '3.0.3',
  info: { title: 'Many', version: '1' },
  servers: [{ url: 'https://many.example.com' }],
  paths: Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [
      `/p${index}`,
      { get: { operationId: `p${index}`, tags: [index < 20 ? 'left' : 'right'], responses: {} } },
    ]),
  ),
};

const check = (spec: string, ...words: string[]) => runBridge(['check', spec, '--profile', 'gpt-actions', ...words]);
const exported = (...words: string[]) => runBridge(['export', 'gpt-action', ...words]);

describe('actionbridge check --profile gpt-actions', () => {
  it('is content with a document that keeps the rules', async () => {
    const { code, stdout } = await check(TODO);
    expect(stdout).toBe(`${TODO}: the GPT editor takes it; 0 errors, 0 warnings, 0 notes\n`);
    expect(code).toBe(0);
  });

  it('says where, what the editor says, what ChatGPT would do, and how to mend it', async () => {
    const path = put('many.json', MANY);
    const { code, stdout } = await check(path);
    expect(code).toBe(1);
    expect(stdout.split('\n')).toEqual(
      expect.arrayContaining([
        `${path}#/paths: error gpt-operations: OpenAPI spec can have a maximum of 30 operations`,
        '  ChatGPT: The import is refused',
        '  Fix: Split the document, or let --fix do it: sets of at most 30, by tag',
      ]),
    );
  });

  it('gives the same as JSON', async () => {
    const { stdout } = await check(put('many.json', MANY), '--format', 'json');
    const { profile, documents, diagnostics } = JSON.parse(stdout);
    expect(profile).toBe('gpt-actions');
    expect(documents).toEqual([{ api: 'many', file: expect.stringMatching(/many\.json$/), accepted: false }]);
    expect(diagnostics).toContainEqual(
      expect.objectContaining({ code: 'gpt-operations', pointer: '/paths', effect: 'The import is refused' }),
    );
  });

  it('refuses a profile it does not know, and --fix without one', async () => {
    const other = await runBridge(['check', TODO, '--profile', 'other']);
    expect(other).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--profile other is not one of gpt-actions'),
    });
    const none = await runBridge(['check', TODO, '--fix']);
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('--profile gpt-actions') });
  });

  it('tells of two documents on one domain', async () => {
    const { code, stdout } = await runBridge(['check', TODO, `other=${TODO}`, '--profile', 'gpt-actions']);
    expect(stdout).toContain(
      'Action sets cannot have duplicate domains - todo.example.com already exists on another action',
    );
    expect(code).toBe(1);
  });
});

describe('actionbridge check --profile gpt-actions --fix', () => {
  it('writes sets of at most 30 operations by tag, which pass', async () => {
    const out = join(folder, 'made', 'here');
    const fixed = await check(put('many.json', MANY), '--fix', '--out', out);
    expect(fixed.code).toBe(0);
    expect(readdirSync(out).sort()).toEqual(['many.left.gpt-action.json', 'many.right.gpt-action.json']);
    for (const name of readdirSync(out)) {
      const { code, stdout } = await check(join(out, name));
      expect(stdout).toContain('the GPT editor takes it; 0 errors, 0 warnings');
      expect(code).toBe(0);
    }
  });

  it('never overwrites the document itself, and keeps every tool that ChatGPT could call', async () => {
    const before = readFileSync(PETSTORE, 'utf8');
    const { code, stdout } = await check(PETSTORE, '--fix', '--out', folder);
    expect(code).toBe(0);
    expect(stdout).toContain('POST /user/createWithList: left out: the body is no object');
    expect(readFileSync(PETSTORE, 'utf8')).toBe(before);
    const [name] = readdirSync(folder);
    const names = async (spec: string) =>
      (JSON.parse((await runBridge(['tools', spec, '--format', 'mcp'])).stdout) as { name: string }[]).map(
        (tool) => tool.name,
      );
    expect(await names(join(folder, name!))).toEqual(
      (await names(PETSTORE)).filter((tool) => tool !== 'createUsersWithList'),
    );
  });

  it('asks for the server that a document does not name', async () => {
    const path = put('many.json', { ...MANY, servers: undefined });
    const without = await check(path, '--fix', '--out', folder);
    expect(without).toMatchObject({ code: 1, stderr: expect.stringContaining('--base-url https://') });
    expect((await check(path, '--fix', '--out', folder, '--base-url', 'https://a.example.com')).code).toBe(0);
  });

  it('says what cannot be kept, and fails', async () => {
    const path = put('upload.json', {
      ...MANY,
      paths: {
        '/upload': {
          post: { operationId: 'upload', requestBody: { required: true, content: { 'image/png': {} } }, responses: {} },
        },
      },
    });
    const { code, stdout } = await check(path, '--fix', '--out', folder);
    expect(stdout).toContain('warning fix-body: POST /upload: left out: ChatGPT sends JSON, and the body is image/png');
    expect(stdout).toContain('Nothing is left that ChatGPT could call');
    expect(code).toBe(1);
  });

  it('says which folder cannot be written', async () => {
    const { code, stderr } = await check(TODO, '--fix', '--out', join(TODO, 'x'));
    expect(stderr).toContain(`--out ${join(TODO, 'x')}: it cannot be written (ENOTDIR)`);
    expect(code).toBe(2);
  });
});

describe('actionbridge export gpt-action', () => {
  it('prints a document of the routes of the bridge, with auth and flags', async () => {
    const { code, stdout, stderr } = await exported(TODO, '--public-url', 'https://b.example.com/');
    expect(code).toBe(0);
    expect(stderr).toBe('');
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({
      openapi: '3.1.0',
      servers: [{ url: 'https://b.example.com' }],
      security: [{ bearer: [] }],
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    });
    expect(document.paths['/api/listTodos'].post).toMatchObject({
      operationId: 'listTodos',
      'x-openai-isConsequential': false,
    });
  });

  it('says that the URL is to be replaced when none is given', async () => {
    const { stdout, stderr } = await exported(TODO);
    expect(JSON.parse(stdout).servers).toEqual([{ url: 'https://bridge.example.com' }]);
    expect(stderr).toContain('--public-url');
  });

  it('gives back the same listed tools', async () => {
    const path = join(folder, 'back.json');
    writeFileSync(path, (await exported(TODO)).stdout);
    const listed = async (spec: string) =>
      (
        JSON.parse((await runBridge(['tools', spec, '--format', 'mcp'])).stdout) as {
          name: string;
          description: string;
          inputSchema: object;
        }[]
      ).map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
    expect(await listed(path)).toEqual(await listed(TODO));
  });

  it('writes several documents to a folder, and not to one stream', async () => {
    const path = put('many.json', MANY);
    const streamed = await exported(path);
    expect(streamed).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('40 tools are 2 documents'),
    });
    const written = await exported(path, '--out', join(folder, 'out'));
    expect(written.stdout.trim().split('\n')).toHaveLength(2);
    expect(written.stderr).toContain('each of these is for its own');
  });

  it.each(['http://b.example.com', 'b.example.com'])('refuses the public URL %s', async (url) => {
    expect(await exported(TODO, '--public-url', url)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is not an https URL'),
    });
  });

  it('describes the tools of MCP servers', async () => {
    const config = put('mcp.json', { mcpServers: { todo: { command: process.execPath, args: [BUNDLE, TODO] } } });
    const { code, stdout } = await exported('--config', config);
    expect(code).toBe(0);
    const path = put('back.json', JSON.parse(stdout) as object);
    const back = JSON.parse((await runBridge(['tools', path, '--format', 'mcp'])).stdout) as { name: string }[];
    expect(back.map(({ name }) => name)).toContain('todo_listTodos');
    expect((await check(path)).stdout).toContain('the GPT editor takes it; 0 errors, 0 warnings');
  });

  it('leads a caller through the bridge to the API', async () => {
    const api = await startFakeApi({ json: { id: 7 } });
    const bridge = await startBridge([TODO, '--base-url', api.url, '--confirm', 'never'], {
      env: { TO_DO_LIST_BEARER_AUTH: 'of-the-api' },
    });
    const path = put('back.json', JSON.parse((await exported(TODO)).stdout) as object);
    try {
      const { code, stdout } = await runBridge(['call', path, 'getTodo', '{"id":"7"}', '--base-url', bridge.url], {
        env: { TO_DO_LIST_BEARER: TEST_TOKEN },
      });
      expect(stdout).toContain('"id":7');
      expect(code).toBe(0);
      expect(api.requests[0]).toMatchObject({ method: 'GET', target: '/todos/7' });
      expect(headerOf(api.requests[0]!, 'authorization')).toBe('Bearer of-the-api');
    } finally {
      await bridge.stop();
      await api.close();
    }
  });

  it('is what the listener itself publishes', async () => {
    const bridge = await startBridge([TODO]);
    try {
      const response = await fetch(`${bridge.url}/openapi.json`, {
        headers: { authorization: `Bearer ${TEST_TOKEN}` },
      });
      const published = (await response.json()) as { servers: unknown };
      const document = JSON.parse((await exported(TODO)).stdout);
      expect({ ...published, servers: [] }).toEqual({ ...document, servers: [] });
    } finally {
      await bridge.stop();
    }
  });
});
