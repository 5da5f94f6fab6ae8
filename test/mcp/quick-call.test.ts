import {
  type JSONRPCMessage,
  type JSONRPCRequest,
  type MessageClassification,
  PerRequestHTTPServerTransport,
  type Server,
} from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bridge, openBridge } from '../../src/bridge.ts';
import { EMPTY_CONFIG, parseSpecArgument } from '../../src/config/flags.ts';
import { createMcpServers, type McpServers, type ToolSource } from '../../src/mcp/server.ts';
import { Abort } from '../../src/signal.ts';
import { repositoryFile } from '../support/bridge-process.ts';
import { type FakeApi, type Reply, startFakeApi } from '../support/fake-api.ts';

const REVISION = '2026-07-28';
const CLASSIFICATION: MessageClassification = { era: 'modern', revision: REVISION };
const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': REVISION,
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

let api: FakeApi;
let bridge: Bridge;
let modern: McpServers;
let older: McpServers;

beforeAll(async () => {
  api = await startFakeApi();
  bridge = await openBridge({
    ...EMPTY_CONFIG,
    cacheTools: false,
    logLevel: 'silent',
    environment: {},
    policy: { rateLimit: false, retry: { tries: 1 } },
    apis: [{ ...parseSpecArgument(`items=${repositoryFile('test/fixtures/items.yaml')}`), baseUrl: `${api.url}/v1` }],
  });
  modern = createMcpServers(bridge, { surface: 'mcp', protocolVersions: [REVISION] });
  older = createMcpServers(bridge, { surface: 'mcp' });
});

afterAll(async () => {
  await bridge.close();
  await api.close();
});

interface Call {
  readonly name?: string;
  readonly args?: unknown;
  readonly meta?: object;
  readonly more?: object;
}

function requestOf({ name = 'getItem', args = { id: '1' }, meta, more }: Call, envelope?: object): JSONRPCRequest {
  const _meta = envelope || meta ? { _meta: { ...envelope, ...meta } } : {};
  return { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name, arguments: args, ..._meta, ...more } } as never;
}

/** A connection of the older generation that has been through `initialize`. */
async function connect(capabilities: object, servers = older) {
  const answers = new Map<unknown, (message: JSONRPCMessage) => void>();
  const transport = {
    start: async () => undefined,
    close: async () => undefined,
    send: async (message: JSONRPCMessage) => answers.get((message as { id?: unknown }).id)?.(message),
    onmessage: undefined as ((message: JSONRPCMessage) => void) | undefined,
  };
  const server = servers.create();
  await server.connect(transport);
  const ask = (message: JSONRPCRequest) =>
    new Promise<JSONRPCMessage>((resolve) => {
      answers.set(message.id, resolve);
      transport.onmessage?.(message);
    });
  const clientInfo = { name: 'test', version: '1' };
  const params = { protocolVersion: '2025-11-25', capabilities, clientInfo };
  await ask({ jsonrpc: '2.0', id: 0, method: 'initialize', params });
  transport.onmessage?.({ jsonrpc: '2.0', method: 'notifications/initialized' });
  return { server, ask };
}

/** What the SDK's server answers to one request of 2026-07-28. */
function askModern(message: JSONRPCRequest): Promise<JSONRPCMessage> {
  return new Promise((resolve) => {
    class Transport extends PerRequestHTTPServerTransport {
      constructor() {
        super({ classification: CLASSIFICATION });
      }
      override async send(answer: JSONRPCMessage) {
        resolve(answer);
      }
    }
    const transport = new Transport();
    void modern
      .create()
      .connect(transport)
      .then(() => transport.onmessage?.(message, { classification: CLASSIFICATION }));
  });
}

/** Numbers of each call's own, and the order of members, do not count. */
function comparable(message: unknown): unknown {
  const text = JSON.stringify(message, (key, value) =>
    key === 'requestId' || key === 'ms' || key === 'timings' ? typeof value : value,
  );
  return JSON.parse(text);
}

const PLAIN: readonly (Call & { readonly title: string; readonly reply?: Reply })[] = [
  { title: 'an object', reply: { json: { id: 1, name: 'one' } } },
  { title: 'a list', name: 'listItems', args: {}, reply: { json: [1, 2] } },
  { title: 'no arguments', name: 'listItems', args: undefined, reply: { json: [] } },
  { title: 'text', reply: { headers: { 'content-type': 'text/plain' }, body: 'so' } },
  { title: 'an image', reply: { headers: { 'content-type': 'image/png' }, body: new Uint8Array([1, 2, 3]) } },
  { title: 'nothing', reply: { status: 204 } },
  { title: 'what the API refuses', reply: { status: 404, json: { error: 'gone' } } },
  { title: 'what breaks', reply: { end: 'reset' } },
  { title: 'wrong arguments', args: { wrong: true } },
  { title: 'a trace', meta: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' } },
  { title: 'hints of the client', meta: { 'openai/subject': 'someone', 'example.com/else': [1] } },
];

describe('a plain call is answered as the SDK’s server answers it', () => {
  it.each(PLAIN)('2026-07-28: $title', async ({ reply = {}, ...call }) => {
    api.answer(reply);
    const request = requestOf(call, ENVELOPE);
    const quick = await modern.quick(request, new Abort());
    expect(comparable(quick)).toEqual(comparable(await askModern(request)));
  });

  it.each(PLAIN)('before it: $title', async ({ reply = {}, ...call }) => {
    api.answer(reply);
    const { server, ask } = await connect({ roots: { listChanged: true } });
    const request = requestOf(call);
    const quick = await older.quickOn(server, request, { signal: new Abort() });
    expect(comparable(quick)).toEqual(comparable(await ask(request)));
  });
});

const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const INFO = 'io.modelcontextprotocol/clientInfo';
const OTHERS: readonly (Call & { readonly title: string })[] = [
  { title: 'of a tool that is not there', name: 'nothing' },
  { title: 'with arguments that are no object', args: [1] },
  { title: 'that wants to hear of progress', meta: { progressToken: 1 } },
  { title: 'that belongs to a task', meta: { 'io.modelcontextprotocol/related-task': { taskId: '1' } } },
  { title: 'with members of its own', more: { task: { ttl: 1 } } },
  { title: 'that brings answers of a person', more: { inputResponses: {} } },
  { title: 'that wants log messages', meta: { 'io.modelcontextprotocol/logLevel': 'info' } },
  { title: 'with metadata that is none', more: { _meta: [] } },
];
const BROKEN_ENVELOPES = [
  { title: 'of another revision', meta: { 'io.modelcontextprotocol/protocolVersion': '2025-11-25' } },
  { title: 'without capabilities', meta: { [CAPABILITIES]: undefined } },
  { title: 'with a capability that is none', meta: { [CAPABILITIES]: { roots: true } } },
  { title: 'of a nameless client', meta: { [INFO]: { version: '1' } } },
  { title: 'of a client that says much', meta: { [INFO]: { name: 'a', version: '1', icons: 'x' } } },
];

describe('any other is left to the SDK', () => {
  it.each([...OTHERS, ...BROKEN_ENVELOPES])('2026-07-28: one $title', (call) => {
    expect(modern.quick(requestOf(call, ENVELOPE), new Abort())).toBeUndefined();
  });

  it.each(OTHERS)('before it: one $title', async (call) => {
    const { server } = await connect({});
    expect(older.quickOn(server, requestOf(call), { signal: new Abort() })).toBeUndefined();
  });

  it.each([
    { title: 'has not been through initialize', server: () => Promise.resolve(older.create()) },
    {
      title: 'has asked for log messages',
      async server(): Promise<Server> {
        const { server, ask } = await connect({});
        await ask({ jsonrpc: '2.0', id: 1, method: 'logging/setLevel', params: { level: 'info' } });
        return server;
      },
    },
  ])('before it: one whose client $title', async ({ server }) => {
    expect(older.quickOn(await server(), requestOf({}), { signal: new Abort() })).toBeUndefined();
  });

  it.each([
    { elicitation: {}, confirmation: true, logins: false, quick: false },
    { elicitation: {}, confirmation: false, logins: true, quick: true },
    { elicitation: { url: {} }, confirmation: false, logins: true, quick: false },
    { elicitation: { url: {} }, confirmation: false, logins: false, quick: true },
    { elicitation: undefined, confirmation: true, logins: true, quick: true },
  ])('a question may have to be asked: %j', async ({ elicitation, confirmation, logins, quick }) => {
    const tools = bridge.registry.tools.map((tool) => (confirmation ? { ...tool, confirmation: {} } : tool));
    const source = {
      registry: { tools, get: (name: string) => tools.find((tool) => tool.name === name) },
      apis: bridge.apis,
      resources: bridge.resources,
      call: bridge.call,
      ...(logins ? { logins: bridge.logins } : {}),
    } as unknown as ToolSource;
    const servers = createMcpServers(source, { surface: 'mcp' });
    const { server } = await connect(elicitation ? { elicitation } : {}, servers);
    const answering = servers.quickOn(server, requestOf({}), { signal: new Abort() });
    expect(answering !== undefined).toBe(quick);
    await answering;
  });
});

describe('a call that its client has cancelled', () => {
  it('reaches the socket, and has no answer', async () => {
    api.answer({ after: new Promise(() => undefined) });
    const end = new Abort();
    const answering = modern.quick(requestOf({}, ENVELOPE), end);
    const request = await nextOf(api);
    end.abort(new Error('cancelled'));
    await request.abandoned;
    expect(await answering).toBeUndefined();
  });
});

/** The request that arrives from now on. */
async function nextOf(from: FakeApi) {
  const before = from.requests.length;
  while (from.requests.length === before) await new Promise((resolve) => setTimeout(resolve, 5));
  return from.requests[before]!;
}
