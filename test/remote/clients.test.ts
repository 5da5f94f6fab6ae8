import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { BUNDLE, CACHE_ENVIRONMENT, repositoryFile, runBridge } from '../support/bridge-process.ts';
import { OFFICIAL_CLIENTS } from '../support/mcp-clients.ts';
import { GENERATIONS, serverScript } from './fixtures.ts';

const folder = mkdtempSync(join(tmpdir(), 'actionbridge-remote-e2e-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

let count = 0;
function configOf(mcpServers: object, more: object = {}): string {
  const path = join(folder, `${count++}.json`);
  writeFileSync(path, JSON.stringify({ mcpServers, ...more }));
  return path;
}

const started = (script: string, more: object = {}) => ({
  command: process.execPath,
  args: [serverScript(script)],
  ...more,
});
const BOTH = { a: started('first'), b: started('second') };

describe.each(OFFICIAL_CLIENTS)('$name as the client of a bridge before two servers', ({ connect }) => {
  it('sees their tools beside those of documents, and gets what the servers answer', async () => {
    const client = await connect([repositoryFile('test/fixtures/shop.yaml'), '--mcp-config', configOf(BOTH)]);
    cleanUps.push(() => client.close());
    const names = (await client.listTools()).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['a_echo', 'b_echo', 'a_odd-names']));
    expect(names.some((name) => !/^[ab]_/.test(name))).toBe(true);
    expect(await client.call('a_echo', { text: 'one' })).toMatchObject({ isError: false, text: 'one' });
    expect(await client.call('b_echo', { text: 'two' })).toMatchObject({ isError: false, text: 'two' });
    expect(await client.call('b_odd-names', { filter_name: 'x', top: 3 })).toMatchObject({
      text: '{"$top":3,"filter[name]":"x"}',
    });
    for (const server of ['a', 'b']) {
      const media = await client.call(`${server}_media`, {});
      expect(media.content.map(({ type }) => type)).toEqual(['text', 'image', 'audio', 'resource', 'resource_link']);
      expect((await client.call(`${server}_typed`, {})).text).toBe('{"sum":3}');
      expect(await client.call(`${server}_fail`, {})).toMatchObject({ isError: true, text: 'the disk is full' });
      expect(await client.call(`${server}_reject`, {})).toMatchObject({
        isError: true,
        text: expect.stringContaining('MCP_REFUSED'),
      });
      expect(await client.call(`${server}_slow`, { ms: 'soon' })).toMatchObject({
        isError: true,
        text: expect.stringContaining('ms: must be integer'),
      });
    }
    expect(client.errors).toEqual([]);
  });
});

async function connectSecond(words: readonly string[]): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [BUNDLE, ...words], env: { ...CACHE_ENVIRONMENT } }),
  );
  cleanUps.push(() => client.close());
  return client;
}

describe('a bridge before servers', () => {
  it('passes resources and prompts on', async () => {
    const client = await connectSecond(['--mcp-config', configOf(BOTH)]);
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual(['a+note://one', 'b+note://one']);
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toContain('b+note://{id}');
    expect((await client.readResource({ uri: 'b+note://seven' })).contents).toMatchObject([
      { uri: 'b+note://seven', text: 'the text of note://seven' },
    ]);
    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toEqual(['a_greet', 'b_greet']);
    expect(await client.getPrompt({ name: 'a_greet', arguments: { who: 'Ada' } })).toMatchObject({
      messages: [{ content: { text: 'Hello Ada' } }],
    });
    await expect(client.readResource({ uri: 'c+note://one' })).rejects.toMatchObject({ code: -32602 });
    await expect(client.getPrompt({ name: 'c_greet' })).rejects.toMatchObject({ code: -32602 });
  });

  it.each(GENERATIONS)(
    'tells its client when the list of a server of the %s generation has changed',
    async (generation) => {
      const client = await connectSecond(['--mcp-config', configOf({ one: started(generation) })]);
      const changed = new Promise<void>((resolve) => {
        client.setNotificationHandler('notifications/tools/list_changed', () => resolve());
      });
      if (client.getProtocolEra() === 'modern') await client.listen({ toolsListChanged: true });
      await client.callTool({ name: 'one_grow', arguments: {} });
      await changed;
      const { tools } = await client.listTools(undefined, { cacheMode: 'refresh' });
      expect(tools.map(({ name }) => name)).toContain('one_grown');
      expect(await client.callTool({ name: 'one_grown', arguments: {} })).toMatchObject({
        content: [{ text: 'I am new' }],
      });
    },
  );

  it('passes on how far a server is with a call', async () => {
    const script = repositoryFile('node_modules/@modelcontextprotocol/server-everything/dist/index.js');
    const client = await connectSecond([
      '--mcp-config',
      configOf({ e: { command: process.execPath, args: [script] } }),
    ]);
    const seen: object[] = [];
    await client.callTool(
      { name: 'e_trigger-long-running-operation', arguments: { duration: 0.3, steps: 3 } },
      { onprogress: (progress) => seen.push(progress) },
    );
    // The last word comes with the answer, and may be overtaken by it.
    expect(seen.slice(0, 2)).toMatchObject([1, 2].map((progress) => ({ progress, total: 3 })));
  });

  it('serves the others when one cannot be started, and says so', async () => {
    const config = configOf({ gone: { command: 'no-such-program-here' }, b: started('second') });
    const client = await connectSecond(['--mcp-config', config]);
    expect(await client.callTool({ name: 'b_echo', arguments: { text: 'here' } })).toMatchObject({
      content: [{ text: 'here' }],
    });
    const checked = await runBridge(['check', '--mcp-config', config]);
    expect(checked.code).toBe(1);
    expect(checked.stdout).toContain('#/mcpServers/gone: error mcp-server-down');
  });

  it('adds a server that comes later', async () => {
    const late = join(folder, 'late.mjs');
    const client = await connectSecond([
      '--mcp-config',
      configOf({ late: { command: process.execPath, args: [late] } }),
    ]);
    expect((await client.listTools()).tools).toEqual([]);
    const changed = new Promise<void>((resolve) => {
      client.setNotificationHandler('notifications/tools/list_changed', () => resolve());
    });
    await client.listen({ toolsListChanged: true });
    writeFileSync(late, `import ${JSON.stringify(serverScript('second'))};`);
    await changed;
    expect(await client.callTool({ name: 'late_echo', arguments: { text: 'now' } })).toMatchObject({
      content: [{ text: 'now' }],
    });
  });

  it('keeps what a server is given to itself, also when the server says it', async () => {
    const client = await connectSecond([
      '--mcp-config',
      configOf({ one: started('first', { env: { API_TOKEN: 'sesame-123' } }) }),
    ]);
    expect(await client.callTool({ name: 'one_environment', arguments: { text: 'API_TOKEN' } })).toMatchObject({
      content: [{ text: '***' }],
    });
  });

  it('filters, renames and hides their tools as those of documents', async () => {
    const path = join(folder, 'actionbridge-tools.json');
    const tools = { echo: { name: 'say', description: 'Say it.' }, pid: { hidden: true } };
    writeFileSync(path, JSON.stringify({ mcpServers: { one: { ...started('second'), exclude: ['m*'], tools } } }));
    const { stdout } = await runBridge(['tools', '--config', path, '--read-only', '--format', 'mcp']);
    const listed = JSON.parse(stdout) as { name: string; description: string }[];
    expect(listed.find(({ name }) => name === 'say')?.description).toBe('Say it.');
    const names = listed.map(({ name }) => name);
    for (const hidden of ['one_pid', 'one_media', 'one_write']) expect(names).not.toContain(hidden);
  });

  it('refuses a server that is called as an API', async () => {
    const path = configOf({ shop: started('second') });
    const { code, stderr } = await runBridge([
      'tools',
      `shop=${repositoryFile('test/fixtures/shop.yaml')}`,
      '--mcp-config',
      path,
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('an API is called "shop" already');
  });

  it('calls a tool of a server from the command line, or only shows the call', async () => {
    const config = configOf({ one: started('second') });
    const called = await runBridge(['call', 'one', 'one_echo', '{"text":"hi"}', '--mcp-config', config]);
    expect([called.code, called.stdout]).toEqual([0, 'hi\n']);
    const shown = await runBridge(['call', 'one', 'one_echo', '{"text":"hi"}', '--mcp-config', config, '--dry-run']);
    expect(shown.stdout).toContain('tools/call to mcp://one/echo');
  });
});
