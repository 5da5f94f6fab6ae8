import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { readRecords } from '../audit/support.ts';
import { type RunningBridge, repositoryFile, runBridge, startBridge } from '../support/bridge-process.ts';
import { type FakeApi, headerOf, startFakeApi } from '../support/fake-api.ts';

const SPEC = repositoryFile('test/fixtures/shop.yaml');
const folder = mkdtempSync(join(tmpdir(), 'chatgpt-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let api: FakeApi;
let bridge: RunningBridge | undefined;
beforeEach(async () => {
  api = await startFakeApi();
});
afterEach(async () => {
  await bridge?.stop();
  bridge = undefined;
  await api.close();
});

function configFile(ofAll: object, ofApi: object = {}): string {
  const file = join(folder, 'actionbridge.json');
  writeFileSync(file, JSON.stringify({ ...ofAll, apis: { shop: { spec: SPEC, baseUrl: `${api.url}/v1`, ...ofApi } } }));
  return file;
}

interface McpResult {
  readonly isError?: boolean;
  readonly content: readonly { readonly text: string }[];
  readonly structuredContent?: unknown;
  readonly tools?: readonly {
    readonly name: string;
    readonly _meta: { readonly [key: string]: unknown };
    readonly outputSchema?: object;
    readonly annotations: object;
  }[];
}

/** A request as ChatGPT makes it: of the stateless revision, with what it says about its user. */
async function send(method: string, params: { name?: string; arguments?: object }, meta: object = {}) {
  const response = await fetch(`${bridge!.url}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${bridge!.token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(params.name === undefined ? {} : { 'mcp-name': params.name }),
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method,
      params: {
        ...params,
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {},
          'io.modelcontextprotocol/clientInfo': { name: 'chatgpt', version: '1' },
          ...meta,
        },
      },
    }),
  });
  return ((await response.json()) as { result: McpResult }).result;
}

const call = (name: string, args: object, meta?: object) => send('tools/call', { name, arguments: args }, meta);

describe('search and fetch', () => {
  const mapping = {
    chatgpt: {
      search: { tool: 'searchOrders', arguments: {}, results: 'found.orders', title: "join(' of ', [item, buyer])" },
      fetch: { tool: 'getOrder', text: 'note' },
    },
  };

  it('are two tools more, in the form that ChatGPT asks for', async () => {
    bridge = await startBridge(['--config', configFile(mapping)]);
    const { tools } = await send('tools/list', {});
    expect(tools!.map(({ name }) => name).slice(-2)).toEqual(['search', 'fetch']);
    expect(tools!.at(-2)).toMatchObject({
      annotations: { readOnlyHint: true, destructiveHint: false },
      inputSchema: { required: ['query'], properties: { query: { type: 'string' } } },
      outputSchema: { properties: { results: { type: 'array' } } },
    });
    expect(tools!.at(-1)).toMatchObject({ inputSchema: { required: ['id'] }, annotations: { readOnlyHint: true } });
  });

  it('call the tools they are made from, and shape what these answer', async () => {
    bridge = await startBridge(['--config', configFile(mapping)]);
    const order = { id: 7, item: 'cup', buyer: 'Ann', html_url: 'https://shop.example/7' };
    api.answer({ json: { found: { orders: [order] } } });
    const found = await call('search', { query: 'cup' });
    const results = [{ id: '7', title: 'cup of Ann', url: 'https://shop.example/7' }];
    expect(JSON.parse(found.content[0]!.text)).toEqual({ results });
    expect(found.structuredContent).toEqual({ results });
    expect(api.requests[0]).toMatchObject({ method: 'POST', target: '/v1/orders/search' });
    expect(JSON.parse(api.requests[0]!.body.toString())).toEqual({ text: 'cup' });

    api.answer({ json: { ...order, title: 'An order', note: 'blue' } });
    const fetched = await call('fetch', { id: '7' });
    expect(JSON.parse(fetched.content[0]!.text)).toEqual({
      id: '7',
      title: 'An order',
      text: 'blue',
      url: 'https://shop.example/7',
    });
    expect(api.requests[1]!.target).toBe('/v1/orders/7');
  });

  it('find their way without a mapping, and say what the API says when it refuses', async () => {
    bridge = await startBridge(['--config', configFile({ chatgpt: { search: 'searchOrders', fetch: 'getOrder' } })]);
    api.answer({ json: [{ _id: 'a', name: 'cup' }] });
    expect((await call('search', { query: 'x' })).structuredContent).toEqual({
      results: [{ id: 'a', title: 'cup', url: '' }],
    });
    api.answer({ json: { name: 'cup', parts: [1] } });
    expect((await call('fetch', { id: 'a' })).structuredContent).toMatchObject({ text: '{"name":"cup","parts":[1]}' });
    api.answer({ status: 404, json: { error: 'gone' } });
    expect(await call('fetch', { id: 'b' })).toMatchObject({ isError: true });
    const sent = api.requests.length;
    expect((await call('search', {})).content[0]!.text).toContain('query: is required');
    expect((await call('fetch', { id: 'b', ids: [] })).content[0]!.text).toContain('ids: is not known');
    expect(api.requests).toHaveLength(sent);
  });

  test.each([
    [{ search: 'nothing' }, 'chatgpt.search.tool: no tool is named "nothing"'],
    [
      { search: { tool: 'searchOrders', query: 'words' } },
      'chatgpt.search.query: "searchOrders" has no argument "words"',
    ],
    [{ fetch: { tool: 'pay' } }, 'chatgpt.fetch.id: say which argument of "pay" it is'],
    [{ fetch: { tool: 'getOrder', text: 'a[' } }, 'chatgpt.fetch.text: not a JMESPath expression'],
    [{ find: 'getOrder' }, 'chatgpt'],
  ])('are refused as %j', async (chatgpt, message) => {
    const { code, stderr } = await runBridge(['tools', '--config', configFile({ chatgpt })]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('what ChatGPT says about its user', () => {
  const ann = { 'openai/subject': 'user-ann', 'openai/session': 'session-1' };

  it('stands in the audit log', async () => {
    const audit = join(folder, 'audit.jsonl');
    bridge = await startBridge(['--config', configFile({}), '--audit', audit]);
    await call('getOrder', { id: '1' }, ann);
    await call('getOrder', { id: '1' });
    expect(readRecords(audit).map(({ client_subject, client_session }) => [client_subject, client_session])).toEqual([
      ['user-ann', 'session-1'],
      ['user-ann', 'session-1'],
      [undefined, undefined],
      [undefined, undefined],
    ]);
  });

  it('tells users apart for limits where the config names ChatGPT, and only there', async () => {
    const limited = { rateLimit: { calls: 1, seconds: 60 } };
    bridge = await startBridge(['--config', configFile({ ...limited, chatgpt: {} })]);
    expect(await call('getOrder', { id: '1' }, ann)).not.toMatchObject({ isError: true });
    expect(await call('getOrder', { id: '1' }, ann)).toMatchObject({ isError: true });
    expect(await call('getOrder', { id: '1' }, { 'openai/subject': 'bob' })).not.toMatchObject({ isError: true });
    await bridge.stop();
    bridge = await startBridge(['--config', configFile(limited)]);
    expect(await call('getOrder', { id: '1' }, ann)).not.toMatchObject({ isError: true });
    expect(await call('getOrder', { id: '1' }, { 'openai/subject': 'bob' })).toMatchObject({ isError: true });
  });

  it('is answered by hints on each tool where the config names ChatGPT', async () => {
    bridge = await startBridge(['--config', configFile({ chatgpt: {} })]);
    const { tools } = await send('tools/list', {});
    expect(tools![0]!._meta).toMatchObject({
      'openai/toolInvocation/invoking': 'Read an order…',
      'openai/toolInvocation/invoked': 'Read an order: done',
    });
  });
});

describe('the headers of GPT Actions', () => {
  const NAMES = [
    'openai-conversation-id',
    'openai-ephemeral-user-id',
    'openai-gpt-id',
    'openai-subdivision-1-iso-code',
  ];
  const headersOf = (index: number) => NAMES.map((name) => headerOf(api.requests[index]!, name));

  it('are sent to an API that relies on them, by session, user and day', async () => {
    bridge = await startBridge(['--config', configFile({}, { gptHeaders: 'g-abc123' })]);
    const from = (subject: string, session: string) => ({
      'openai/subject': subject,
      'openai/session': session,
      'openai/userLocation': { country: 'US', region: 'CA' },
    });
    await call('getOrder', { id: '1' }, from('ann', 's1'));
    await call('getOrder', { id: '2' }, from('ann', 's2'));
    await call('getOrder', { id: '3' }, from('bob', 's1'));
    const [first, second, third] = [headersOf(0), headersOf(1), headersOf(2)];
    expect(first[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(first.slice(2)).toEqual(['g-abc123', 'US-CA']);
    expect([second[0] === first[0], second[1] === first[1]]).toEqual([false, true]);
    expect([third[0] === first[0], third[1] === first[1]]).toEqual([false, false]);
    expect(JSON.stringify(first)).not.toContain('ann');
  });

  it('are made up without a word from the client, and are the same for a while', async () => {
    bridge = await startBridge(['--config', configFile({}, { gptHeaders: true })]);
    await call('getOrder', { id: '1' });
    await call('getOrder', { id: '2' });
    expect(headersOf(0)).toEqual(headersOf(1));
    expect(headersOf(0)[2]).toMatch(/^g-[0-9a-f]{9}$/);
    expect(headersOf(0)[3]).toBeUndefined();
  });

  it('are not sent otherwise', async () => {
    bridge = await startBridge(['--config', configFile({})]);
    await call('getOrder', { id: '1' }, { 'openai/subject': 'ann' });
    expect(headersOf(0)).toEqual([undefined, undefined, undefined, undefined]);
  });
});
