import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type ClientCapabilities } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { openBridge } from '../../src/index.ts';
import { matchesTemplate } from '../../src/remote/uris.ts';
import { BUNDLE, CACHE_ENVIRONMENT } from '../support/bridge-process.ts';
import { createJournal, serverScript } from './fixtures.ts';

const folder = mkdtempSync(join(tmpdir(), 'actionbridge-questions-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const ALL: ClientCapabilities = { elicitation: { form: {} }, sampling: {}, roots: {} };

interface Asked {
  readonly message: string;
  readonly fields: readonly string[];
}

async function connect(mode: 'auto' | 'legacy', capabilities: ClientCapabilities, script = 'asking') {
  const asked: Asked[] = [];
  const journal = createJournal();
  const config = join(folder, `${script}.json`);
  const server = { command: process.execPath, args: [serverScript(script)], env: { REMOTE_JOURNAL: journal.path } };
  writeFileSync(config, JSON.stringify({ mcpServers: { a: server } }));
  const client = new Client({ name: 'test', version: '1' }, { capabilities, versionNegotiation: { mode } });
  if (capabilities.elicitation)
    client.setRequestHandler('elicitation/create', ({ params }) => {
      const { requestedSchema } = params as { requestedSchema: { properties: object } };
      const fields = Object.keys(requestedSchema.properties);
      asked.push({ message: params.message, fields });
      return { action: 'accept' as const, content: Object.fromEntries(fields.map((field) => [field, `my ${field}`])) };
    });
  if (capabilities.sampling)
    client.setRequestHandler('sampling/createMessage', () => ({
      role: 'assistant' as const,
      model: 'test',
      content: { type: 'text' as const, text: 'Paris' },
    }));
  if (capabilities.roots)
    client.setRequestHandler('roots/list', () => ({ roots: [{ uri: 'file:///home', name: 'home' }] }));
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [BUNDLE, '--mcp-config', config],
      env: { ...CACHE_ENVIRONMENT },
    }),
  );
  cleanUps.push(
    () => journal.remove(),
    () => client.close(),
  );
  return { client, asked, journal };
}

describe.each(['auto', 'legacy'] as const)('a server that asks a client (%s) through the bridge', (mode) => {
  it.each([
    { tool: 'a_greet', text: 'Hello my name' },
    { tool: 'a_ask_model', text: 'It says Paris' },
    { tool: 'a_list_roots', text: 'file:///home' },
  ])('is answered: $tool', async ({ tool, text }) => {
    const { client } = await connect(mode, ALL);
    expect(await client.callTool({ name: tool, arguments: {} })).toMatchObject({ content: [{ text }] });
  });

  it('is named to the person, without invisible characters', async () => {
    const { client, asked } = await connect(mode, ALL);
    await client.callTool({ name: 'a_greet', arguments: {} });
    expect(asked).toEqual([{ message: 'The MCP server "a" asks: What is your name?', fields: ['name'] }]);
  });

  it('may ask again and again after the person has agreed to the call, who is asked for that once', async () => {
    const { client, asked, journal } = await connect(mode, ALL);
    const result = await client.callTool({ name: 'a_remove', arguments: {} });
    expect(result).toMatchObject({ content: [{ text: 'Removed my which' }] });
    expect(asked.map(({ fields }) => fields)).toEqual([['do_not_ask_again'], ['why'], ['which']]);
    expect(journal.lines().filter((line) => line.startsWith('remove'))).toEqual([
      'remove []',
      'remove ["confirm"]',
      'remove ["confirm"]',
    ]);
  });

  it('may ask before it gives a prompt', async () => {
    const { client } = await connect(mode, ALL);
    expect(await client.getPrompt({ name: 'a_plan' })).toMatchObject({
      messages: [{ content: { text: 'Plan for my goal' } }],
    });
  });

  it('may ask before it gives a resource', async () => {
    const { client, asked } = await connect(mode, ALL);
    expect((await client.readResource({ uri: 'a+plan://secret' })).contents).toEqual([
      { uri: 'a+plan://secret', text: 'asked my word' },
    ]);
    expect(asked).toEqual([{ message: 'The MCP server "a" asks: Which word?', fields: ['word'] }]);
  });

  it('completes arguments of prompts and templates', async () => {
    const { client } = await connect(mode, ALL);
    const complete = async (ref: Parameters<Client['complete']>[0]['ref']) =>
      (await client.complete({ ref, argument: { name: 'city', value: 'Pa' } })).completion.values;
    expect(await complete({ type: 'ref/prompt', name: 'a_plan' })).toEqual(['plan city Pa']);
    expect(await complete({ type: 'ref/resource', uri: 'a+plan://{city}/of/{day}' })).toEqual([
      'plan://{city}/of/{day} city Pa',
    ]);
    expect(await complete({ type: 'ref/prompt', name: 'b_plan' })).toEqual([]);
  });

  it('has its resources read by their own addresses too', async () => {
    const { client } = await connect(mode, {});
    for (const uri of ['plan://now', 'plan://Paris/of/today', 'a+plan://now'])
      expect((await client.readResource({ uri })).contents).toMatchObject([
        { uri: `a+${uri.replace(/^a\+/, '')}`, text: `read ${uri.replace(/^a\+/, '')}` },
      ]);
    await expect(client.readResource({ uri: 'plan://Paris' })).rejects.toThrow('There is no resource');
  });
});

describe('a client that has not said that it can answer', () => {
  it('is told what is missing (2026-07-28)', async () => {
    const { client } = await connect('auto', { elicitation: { form: {} } });
    await expect(client.callTool({ name: 'a_ask_model', arguments: {} })).rejects.toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { sampling: {} } },
    });
    const { client: mute } = await connect('auto', {});
    await expect(mute.getPrompt({ name: 'a_plan' })).rejects.toMatchObject({ code: -32021 });
    await expect(mute.readResource({ uri: 'plan://secret' })).rejects.toMatchObject({ code: -32021 });
    await expect(mute.callTool({ name: 'a_greet', arguments: {} })).rejects.toMatchObject({ code: -32021 });
  });

  it('gets a failed call (before)', async () => {
    const { client } = await connect('legacy', {});
    expect(await client.callTool({ name: 'a_greet', arguments: {} })).toMatchObject({ isError: true });
  });

  it('gets no values from a server that completes nothing', async () => {
    const { client } = await connect('auto', ALL, 'second');
    const ref = { type: 'ref/prompt' as const, name: 'a_greet' };
    expect((await client.complete({ ref, argument: { name: 'who', value: '' } })).completion.values).toEqual([]);
  });
});

describe('another surface', () => {
  it.each([
    // A server of the SDK refuses to ask; one that asks all the same is told of.
    { script: 'asking', tool: 'a_greet', code: 'MCP_REFUSED' },
    { script: 'pushy', tool: 'a_greet', code: 'INPUT_REQUIRED' },
  ])('ends in $code with the server "$script"', async ({ script, tool, code }) => {
    const server = { command: process.execPath, args: [serverScript(script)] };
    const bridge = await openBridge({ specs: [], mcpServers: { a: server } });
    cleanUps.push(() => bridge.close());
    const { result } = await bridge.call(tool, {}, { surface: 'api' });
    expect(result).toMatchObject({ kind: 'failed', error: { code } });
  });

  it('may use the same idempotency key until there is an answer', async () => {
    const server = { command: process.execPath, args: [serverScript('asking')] };
    const bridge = await openBridge({ specs: [], mcpServers: { a: server } });
    cleanUps.push(() => bridge.close());
    const call = async (responses?: { readonly [key: string]: unknown }) =>
      (
        await bridge.call(
          'a_greet',
          {},
          {
            surface: 'mcp',
            idempotencyKey: 'one',
            serverInput: { capabilities: { elicitation: { form: {} } }, ...(responses ? { responses } : {}) },
          },
        )
      ).result;
    const who = (name: string) => ({ who: { action: 'accept', content: { name } } });
    expect(await call()).toMatchObject({ kind: 'failed', error: { code: 'INPUT_REQUIRED' } });
    expect(await call(who('Ada'))).toMatchObject({ kind: 'ok', content: { blocks: [{ text: 'Hello Ada' }] } });
    expect(await call(who('Bob'))).toMatchObject({ kind: 'ok', content: { blocks: [{ text: 'Hello Ada' }] } });
  });
});

it.each([
  { template: 'note://{id}', uri: 'note://one', matches: true },
  { template: 'note://{id}', uri: 'other://one', matches: false },
  { template: 'a://{x}/b/{y}/c', uri: 'a://1/b/2/c', matches: true },
  { template: 'a://{x}/b/{y}/c', uri: 'a://1/c', matches: false },
  { template: 'a://{x}/aa', uri: 'a:///a', matches: false },
  { template: '{+uri}', uri: 'a://1', matches: false },
  { template: 'a://1', uri: 'a://1', matches: true },
  { template: 7, uri: 'a://1', matches: false },
])('a template $template matches $uri: $matches', ({ template, uri, matches }) => {
  expect(matchesTemplate(template, uri)).toBe(matches);
});
