import {
  type JSONRPCMessage,
  type JSONRPCRequest,
  SUPPORTED_PROTOCOL_VERSIONS,
  type Transport,
} from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bridge, openBridge } from '../../src/bridge.ts';
import { EMPTY_CONFIG, parseSpecArgument } from '../../src/config/flags.ts';
import { introduce } from '../../src/mcp/introduction.ts';
import { INITIALIZED_REVISIONS } from '../../src/mcp/protocol.ts';
import { createQuickOpening, toResponse } from '../../src/mcp/quick-opening.ts';
import { createMcpServers, type McpOptions } from '../../src/mcp/server.ts';
import { repositoryFile } from '../support/bridge-process.ts';

type Sent = Pick<JSONRPCRequest, 'method'> & { readonly id?: number; readonly params?: object };

const OPTIONS: McpOptions = { surface: 'stdio', listIsWrittenByTransport: true, listChanged: true };
const CLIENT = { name: 'test', version: '1' };
const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': CLIENT,
  'io.modelcontextprotocol/clientCapabilities': {},
};

let bridge: Bridge;

beforeAll(async () => {
  bridge = await openBridge({
    ...EMPTY_CONFIG,
    cacheTools: false,
    logLevel: 'silent',
    environment: {},
    apis: [parseSpecArgument(`items=${repositoryFile('test/fixtures/items.yaml')}`)],
  });
});

afterAll(() => bridge.close());

/** What the quick way answers to each message in turn; undefined: it is for the SDK. */
function answerQuickly(sent: readonly Sent[]): unknown[] {
  const answer = createQuickOpening(introduce(bridge, OPTIONS));
  let client: Parameters<typeof answer>[1];
  return sent.map((message) => {
    const quick = answer(message as never, client);
    client = quick?.client ?? client;
    return quick && (quick.result ? toResponse(message as never, quick.result) : 'nothing');
  });
}

/** The same by the SDK on a connection of its own. */
async function answerBySdk(sent: readonly Sent[]): Promise<unknown[]> {
  const received: JSONRPCMessage[] = [];
  const transport: Transport = {
    start: async () => undefined,
    close: async () => undefined,
    // As it arrives: what the SDK marks with symbols stays here.
    send: async (message) => void received.push(JSON.parse(JSON.stringify(message))),
  };
  const servers = createMcpServers(bridge, OPTIONS);
  const connection = serveStdio(({ era }) => servers.create(era === 'legacy'), { transport: transport as never });
  const answers: unknown[] = [];
  for (const message of sent) {
    received.length = 0;
    transport.onmessage?.({ jsonrpc: '2.0', ...message } as JSONRPCMessage);
    await new Promise((resolve) => setTimeout(resolve, 20));
    answers.push(received[0] ?? 'nothing');
  }
  await connection.close();
  return answers;
}

function initialize(params: object = {}): Sent {
  const known = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: CLIENT };
  return { id: 1, method: 'initialize', params: { ...known, ...params } };
}

const INITIALIZED: Sent = { method: 'notifications/initialized' };
const LIST: Sent = { id: 2, method: 'tools/list' };
const ALL_CAPABILITIES = {
  roots: { listChanged: true },
  sampling: {},
  elicitation: { form: {}, url: {} },
  experimental: { 'example.com/x': { deep: [1] } },
  extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/html'] } },
};

describe('what a connection opens with is answered as the SDK’s server answers it', () => {
  it.each<{ title: string; sent: readonly Sent[] }>([
    ...INITIALIZED_REVISIONS.map((protocolVersion) => ({
      title: `initialize of ${protocolVersion}`,
      sent: [initialize({ protocolVersion })],
    })),
    { title: 'initialize of a client that can much', sent: [initialize({ capabilities: ALL_CAPABILITIES })] },
    {
      title: 'initialize of a client that says much',
      sent: [
        initialize({ clientInfo: { ...CLIENT, title: 'T', description: 'D', websiteUrl: 'https://example.com' } }),
      ],
    },
    { title: 'lists of a session', sent: [initialize(), INITIALIZED, LIST, { ...LIST, id: 3, params: {} }] },
    { title: 'ping', sent: [initialize(), INITIALIZED, { id: 2, method: 'ping' }] },
    { title: 'server/discover', sent: [{ id: 1, method: 'server/discover', params: { _meta: ENVELOPE } }] },
    { title: 'lists of 2026-07-28', sent: [1, 2].map((id) => ({ ...LIST, id, params: { _meta: ENVELOPE } })) },
    {
      title: 'the older generation after a probe of the newer',
      sent: [{ id: 1, method: 'server/discover', params: { _meta: ENVELOPE } }, initialize(), INITIALIZED, LIST],
    },
  ])('$title', async ({ sent }) => {
    const quick = answerQuickly(sent);
    expect(quick).toEqual(await answerBySdk(sent));
  });

  it('of every revision before 2026-07-28 that the SDK knows', () => {
    expect(INITIALIZED_REVISIONS).toEqual(SUPPORTED_PROTOCOL_VERSIONS);
  });
});

describe('any other message is left to the SDK', () => {
  it.each<{ title: string; sent: Sent; opened?: boolean }>([
    { title: 'initialize of a revision of its own', sent: initialize({ protocolVersion: '2030-01-01' }) },
    { title: 'initialize without a client', sent: initialize({ clientInfo: undefined }) },
    { title: 'initialize of a nameless client', sent: initialize({ clientInfo: { version: '1' } }) },
    { title: 'initialize with an icon', sent: initialize({ clientInfo: { ...CLIENT, icons: [{ src: 'x' }] } }) },
    { title: 'initialize with a capability that is none', sent: initialize({ capabilities: { roots: true } }) },
    { title: 'initialize with one half known', sent: initialize({ capabilities: { roots: { listChanged: 1 } } }) },
    { title: 'initialize with tasks', sent: initialize({ capabilities: { tasks: {} } }) },
    { title: 'initialize with metadata', sent: initialize({ _meta: {} }) },
    { title: 'initialize once more', opened: true, sent: initialize() },
    { title: 'a list before initialize', sent: LIST },
    { title: 'a ping before initialize', sent: { id: 1, method: 'ping' } },
    { title: 'a list from a cursor', opened: true, sent: { ...LIST, params: { cursor: 'x' } } },
    { title: 'a list with progress', opened: true, sent: { ...LIST, params: { _meta: { progressToken: 1 } } } },
    { title: 'another list', opened: true, sent: { ...LIST, method: 'resources/list' } },
    { title: 'a level of log messages', opened: true, sent: { ...LIST, method: 'logging/setLevel' } },
    { title: 'a list of 2026-07-28 from a cursor', sent: { ...LIST, params: { _meta: ENVELOPE, cursor: 'x' } } },
    {
      title: 'a list of 2026-07-28 with log messages',
      sent: { ...LIST, params: { _meta: { ...ENVELOPE, 'io.modelcontextprotocol/logLevel': 'info' } } },
    },
    {
      title: 'a list of a revision to come',
      sent: { ...LIST, params: { _meta: { ...ENVELOPE, 'io.modelcontextprotocol/protocolVersion': '2030-01-01' } } },
    },
  ])('$title', ({ sent, opened = false }) => {
    expect(answerQuickly([...(opened ? [initialize()] : []), sent]).at(-1)).toBeUndefined();
  });
});
