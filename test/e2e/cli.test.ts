import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Finished, repositoryFile, runBridge } from '../support/bridge-process.ts';
import { type FakeApi, headerOf, startFakeApi } from '../support/fake-api.ts';

const ITEMS = repositoryFile('test/fixtures/items.yaml');

/** What a person sees of a failure: a message and a hint, never where in our source it happened. */
function expectNoStackTrace({ stdout, stderr }: Finished): void {
  expect(stdout + stderr).not.toMatch(/^\s+at /m);
  expect(stdout + stderr).not.toContain('Internal error');
}

let folder: string;
let api: FakeApi;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'actionbridge-cli-'));
  api = await startFakeApi();
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await api.close();
});

/** The path of a file with this text. */
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('actionbridge tools', () => {
  it('prints one line a tool, and how many there are', async () => {
    const { code, stdout, stderr } = await runBridge(['tools', ITEMS]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^listItems +GET +\/items +List items$/),
      expect.stringMatching(/^addItem +POST +\/items +Add an item$/),
      expect.stringMatching(/^getItem +GET +\/items\/\{id\} +Read an item$/),
      expect.stringMatching(/^deleteItem +DELETE +\/items\/\{id\} +Delete an item$/),
      '4 tools',
    ]);
  });

  it('prints the tools as MCP lists them', async () => {
    const { code, stdout } = await runBridge(['tools', ITEMS, '--format', 'mcp']);
    expect(code).toBe(0);
    const tools = JSON.parse(stdout) as { name: string; inputSchema: object; annotations: object }[];
    expect(tools.map(({ name }) => name)).toEqual(['listItems', 'addItem', 'getItem', 'deleteItem']);
    expect(tools[2]).toMatchObject({
      inputSchema: { type: 'object', required: ['id'], properties: { id: { type: 'string' } } },
      annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },
    });
  });

  it.each([
    { options: ['--read-only'], names: ['listItems', 'getItem'] },
    { options: ['--include', 'tag:write'], names: ['addItem', 'deleteItem'] },
    { options: ['--include', '*Item'], names: ['addItem', 'getItem', 'deleteItem'] },
    { options: ['--include', 'path:/items/*'], names: ['getItem', 'deleteItem'] },
    { options: ['--include', 'method:GET', '--include', 'addItem'], names: ['listItems', 'addItem', 'getItem'] },
    { options: ['--exclude', 'tag:write'], names: ['listItems', 'getItem'] },
    { options: ['--include', 'tag:read', '--exclude', 'list*'], names: ['getItem'] },
    { options: ['--tools', 'all', '--rate-limit', '0'], names: ['listItems', 'addItem', 'getItem', 'deleteItem'] },
  ])('offers $names with $options', async ({ options, names }) => {
    const { stdout } = await runBridge(['tools', ITEMS, '--format', 'mcp', ...options]);
    expect((JSON.parse(stdout) as { name: string }[]).map(({ name }) => name)).toEqual(names);
  });

  it('reads a document from standard input', async () => {
    const document = {
      openapi: '3.0.0',
      info: { title: 'T', version: '1' },
      paths: { '/a': { get: { responses: {} } } },
    };
    const { code, stdout } = await runBridge(['tools', '-'], { stdin: JSON.stringify(document) });
    expect(code).toBe(0);
    expect(stdout).toContain('1 tool');
  });

  it('names tools after their API when two APIs claim a name', async () => {
    const { stdout } = await runBridge([
      'tools',
      `one=${ITEMS}`,
      `two=${ITEMS}`,
      '--include',
      'listItems',
      '--format',
      'mcp',
    ]);
    expect((JSON.parse(stdout) as { name: string }[]).map(({ name }) => name)).toEqual([
      'one_listItems',
      'two_listItems',
    ]);
  });

  it('takes the APIs from the config file of the working directory', async () => {
    file('actionbridge.yaml', `apis:\n  things:\n    spec: ${JSON.stringify(ITEMS)}\n    exclude: [tag:write]\n`);
    const { code, stdout } = await runBridge(['tools'], { cwd: folder });
    rmSync(join(folder, 'actionbridge.yaml'));
    expect(code).toBe(0);
    expect(stdout).toContain('2 tools');
  });
});

describe('actionbridge call', () => {
  it('prints the answer', async () => {
    api.answer({ json: { name: 'cup' } });
    const { code, stdout, stderr } = await runBridge([
      'call',
      ITEMS,
      'getItem',
      '{"id":"7"}',
      '--base-url',
      `${api.url}/v2`,
    ]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ name: 'cup' });
    expect(api.requests.at(-1)!.target).toBe('/v2/items/7');
  });

  it('sends the headers that are configured', async () => {
    const words = [
      'call',
      `items=${ITEMS}`,
      'listItems',
      '--base-url',
      `items=${api.url}`,
      '--header',
      'items=X-Key: s3cret',
    ];
    expect((await runBridge(words)).code).toBe(0);
    expect(headerOf(api.requests.at(-1)!, 'x-key')).toBe('s3cret');
  });

  it('prints what the API refused, and fails', async () => {
    api.answer({ status: 404, reason: 'Not Found', json: { error: 'gone' } });
    const finished = await runBridge(['call', ITEMS, 'getItem', '{"id":"7"}', '--base-url', api.url]);
    expect(finished.code).toBe(1);
    expect(finished.stdout + finished.stderr).toContain('HTTP 404 Not Found\n{"error":"gone"}');
    expectNoStackTrace(finished);
  });

  it('names what is wrong with the arguments, sends nothing, and fails', async () => {
    const sent = api.requests.length;
    const finished = await runBridge(['call', ITEMS, 'getItem', '{"idd":"7"}', '--base-url', api.url]);
    expect(finished.code).toBe(1);
    expect(finished.stdout + finished.stderr).toMatch(/idd.*"?id"?/);
    expect(api.requests.length).toBe(sent);
    expectNoStackTrace(finished);
  });

  it('shows the exact request and a curl line with --dry-run, and sends nothing', async () => {
    const sent = api.requests.length;
    const words = ['call', ITEMS, 'addItem', '{"name":"it\'s"}', '--dry-run', '--base-url', api.url];
    const { code, stdout } = await runBridge(words);
    expect(code).toBe(0);
    expect(stdout).toContain(`POST ${api.url}/items\n`);
    expect(stdout).toMatch(/^content-type: application\/json$/im);
    expect(stdout).toContain('{"name":"it\'s"}');
    expect(stdout).toMatch(/^curl .*--data-binary '\{"name":"it'\\''s"\}'/m);
    expect(api.requests.length).toBe(sent);
  });

  it('calls no address that is not public and was not named', async () => {
    const document = { openapi: '3.0.0', info: { title: 'T', version: '1' }, servers: [{ url: api.url }], paths: {} };
    const spec = file(
      'local.json',
      JSON.stringify({ ...document, paths: { '/a': { get: { operationId: 'a', responses: {} } } } }),
    );
    const sent = api.requests.length;
    const finished = await runBridge(['call', spec, 'a']);
    expect(finished.code).toBe(1);
    expect(finished.stderr).toContain('--allow-host');
    expect(api.requests.length).toBe(sent);
    api.answer({});
    expect((await runBridge(['call', spec, 'a', '--allow-host', api.host])).code).toBe(0);
  });

  it('ends a call that takes too long', async () => {
    let release = () => {};
    api.answer({
      after: new Promise<void>((resolve) => {
        release = resolve;
      }),
    });
    const finished = await runBridge(['call', ITEMS, 'listItems', '--base-url', api.url, '--timeout', '0.2']);
    release();
    expect(finished.code).toBe(1);
    expect(finished.stderr).toContain('--timeout');
  });
});

describe('actionbridge check', () => {
  const HALF_BAD = `
openapi: 3.0.0
info: { title: Half, version: '1' }
servers: [{ url: https://half.example.com }]
paths:
  /good: { get: { operationId: good, responses: {} } }
  /bad: { get: { operationId: bad, responses: {}, parameters: [{ $ref: '#/components/parameters/Lost' }] } }
`;

  it('finds nothing wrong with a sound document', async () => {
    const { code, stdout } = await runBridge(['check', ITEMS]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/4 (?:tools|operations)/);
  });

  it('names what is left out, with place and reason, and serves the rest', async () => {
    const spec = file('half.yaml', HALF_BAD);
    const finished = await runBridge(['check', spec]);
    expect(finished.code).toBe(1);
    expect(finished.stdout).toMatch(/half\.yaml#\/paths\/~1bad\/get.*error/);
    expectNoStackTrace(finished);
    expect((await runBridge(['tools', spec])).stdout).toContain('1 tool');
  });

  it('says the same in JSON', async () => {
    const { code, stdout } = await runBridge(['check', file('half.yaml', HALF_BAD), '--format', 'json']);
    expect(code).toBe(1);
    const { diagnostics } = JSON.parse(stdout) as {
      diagnostics: { severity: string; pointer: string; code: string }[];
    };
    expect(diagnostics).toContainEqual(
      expect.objectContaining({ severity: 'error', pointer: expect.stringContaining('/paths/~1bad/get') }),
    );
  });
});

describe('actionbridge check of several documents', () => {
  it('checks the others when one cannot be served, and fails', async () => {
    const sound = `sound=${ITEMS}`;
    const text = await runBridge(['check', sound, `broken=${file('broken.json', '{ "openapi": "3.0.0", ')}`]);
    expect(text.code).toBe(1);
    expect(text.stdout).toMatch(/refused: .*broken\.json/);
    expect(text.stdout).toContain('4 operations: 4 exact, 0 degraded, 0 refused');
    const json = await runBridge(['check', file('broken.json', '{ "openapi": "3.0.0", '), '--format', 'json']);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({ tools: 0, documents: [], refused: [{ code: 'SPEC_UNREADABLE' }] });
  });
});

describe('bad usage', () => {
  it.each([
    { why: 'no document', words: ['tools'], says: 'document' },
    { why: 'an unknown option', words: ['tools', ITEMS, '--bogus'], says: '--bogus' },
    { why: 'an address that is none', words: [ITEMS, '--http', 'nowhere'], says: '--http "nowhere"' },
    { why: 'a tool mode of a later version', words: [ITEMS, '--tools', 'search'], says: '--tools search' },
    { why: 'a rate limit of no form', words: [ITEMS, '--rate-limit', '5'], says: '--rate-limit "5"' },
    { why: 'a cache time that is none', words: [ITEMS, '--cache', 'long'], says: '--cache "long"' },
    { why: 'a log level that is none', words: [ITEMS, '--log-level', 'loud'], says: '--log-level "loud"' },
    { why: 'an unknown format of tools', words: ['tools', ITEMS, '--format', 'xml'], says: '--format xml' },
    { why: 'an unknown format of check', words: ['check', ITEMS, '--format', 'xml'], says: '--format xml' },
    { why: 'arguments that are not JSON', words: ['call', ITEMS, 'getItem', '{id:1}'], says: 'JSON' },
    { why: 'no tool to call', words: ['call', ITEMS], says: 'tool' },
    { why: 'a base URL that is none', words: ['tools', ITEMS, '--base-url', 'example'], says: '--base-url' },
    { why: 'a secret in the base URL', words: ['tools', ITEMS, '--base-url', 'http://a:b@c'], says: '--base-url' },
    { why: 'a header that is none', words: ['tools', ITEMS, '--header', 'nonsense'], says: '--header' },
    { why: 'a server variable that is none', words: ['tools', ITEMS, '--server-var', 'x'], says: '--server-var' },
    { why: 'a host without a port', words: ['tools', ITEMS, '--allow-host', 'localhost'], says: '--allow-host' },
    { why: 'a timeout that is none', words: ['tools', ITEMS, '--timeout', 'soon'], says: '--timeout' },
    { why: 'a config file that is not there', words: ['tools', '--config', 'nowhere.yaml'], says: 'nowhere.yaml' },
    { why: 'one API name twice', words: ['tools', `a=${ITEMS}`, `a=${ITEMS}`], says: '"a"' },
    { why: 'standard input for both', words: ['serve', '-'], says: 'standard input' },
  ])('ends with exit code 2 and says what is wrong: $why', async ({ words, says }) => {
    const finished = await runBridge(words);
    expect(finished.code).toBe(2);
    expect(finished.stdout).toBe('');
    expect(finished.stderr).toContain(says);
    expectNoStackTrace(finished);
  });

  it('names the key of the config file that is wrong', async () => {
    const config = file('wrong.yaml', `apis:\n  items:\n    spec: ${JSON.stringify(ITEMS)}\n    baseURL: http://x\n`);
    const finished = await runBridge(['tools', '--config', config]);
    expect(finished.code).toBe(2);
    expect(finished.stderr).toMatch(/wrong\.yaml.*apis\.items.*baseURL/s);
    expectNoStackTrace(finished);
  });

  it.each([['--help'], ['tools', '--help'], ['--version']])('answers %s %s on standard output', async (...words) => {
    const { code, stdout, stderr } = await runBridge(words.filter((word) => word !== undefined));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toBe('');
  });
});

describe('a document that cannot be served', () => {
  it.each([
    { why: 'no such file', name: 'nothing-here.yaml', text: undefined },
    { why: 'a YAML error', name: 'syntax.yaml', text: 'openapi: 3.0.0\npaths: {\n' },
    { why: 'a JSON error', name: 'syntax.json', text: '{"openapi": "3.0.0", ' },
    { why: 'nothing in it', name: 'empty.yaml', text: '' },
    { why: 'another kind of document', name: 'package.json', text: '{"name": "x"}' },
    {
      why: 'an unknown version',
      name: 'version.yaml',
      text: "openapi: 4.0.0\ninfo: { title: x, version: '1' }\npaths: {}\n",
    },
    { why: 'no mapping', name: 'list.yaml', text: '- openapi\n' },
  ])('is refused with its name, exit code 1 and no stack trace: $why', async ({ name, text }) => {
    const path = text === undefined ? join(folder, name) : file(name, text);
    for (const command of ['tools', 'check', 'serve']) {
      const finished = await runBridge([command, path]);
      expect(finished.code).toBe(1);
      expect(finished.stderr + finished.stdout).toContain(name);
      expectNoStackTrace(finished);
    }
  });
});
