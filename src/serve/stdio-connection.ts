import type { JSONRPCMessage, JSONRPCRequest, RequestId } from '@modelcontextprotocol/server';
import type { Bridge } from '../bridge.ts';
import { introduce } from '../mcp/introduction.ts';
import { type ConnectedClient, createQuickCalls, type QuickCalls } from '../mcp/quick-call.ts';
import { createQuickOpening, isAnswerable, toResponse } from '../mcp/quick-opening.ts';
import { createRenderer } from '../mcp/renderer.ts';
import { isListen } from '../mcp/resource-listeners.ts';
import type { McpOptions, McpServers } from '../mcp/server.ts';
import type { Part } from '../remote/types.ts';
import type { Signal } from '../signal.ts';
import { AwaitedAnswers } from './awaited-answers.ts';
import { readLocalFile } from './local-files.ts';
import type { MessageInput } from './message-input.ts';
import { createQuickRun } from './quick-run.ts';
import { createStdioListening } from './stdio-listening.ts';
import type { StdioOutput } from './stdio-output.ts';
import type { SdkConnection } from './stdio-sdk.ts';

export interface StdioConnectionOptions {
  readonly bridge: Bridge;
  readonly listChanged: boolean;
  readonly input: MessageInput;
  readonly output: StdioOutput;
}

/** The one connection over stdin and stdout. */
export interface StdioConnection {
  /** Tells the client that a list is another one. */
  tell(part: Part): void;
  /** Resolves when all that has come is answered, but for plain calls (`bridge.drain`); after `ms` at the latest. */
  settled(ms: number): Promise<void>;
  /** Nobody waits for answers any more. */
  close(): void;
}

type Message = Partial<JSONRPCRequest>;

interface Sdk extends SdkConnection {
  readonly servers: McpServers;
}

/**
 * Answers what a client opens with, and plain calls, past the SDK's protocol layer (`createQuickOpening`,
 * `createQuickCalls`). The SDK is loaded by the first message that is for it, and is shown the `initialize` before it first.
 */
export function openStdioConnection({ bridge, listChanged, input, output }: StdioConnectionOptions): StdioConnection {
  const options: McpOptions = {
    surface: 'stdio',
    readFile: readLocalFile,
    listIsWrittenByTransport: true,
    listChanged,
  };
  const introduction = introduce(bridge, options);
  const answerOpening = createQuickOpening(introduction);
  const callQuickly = createQuickCalls(bridge, { ...options, info: introduction.info, render: createRenderer() });
  const send = (message: JSONRPCMessage) => void output.send(message).catch(() => undefined);
  const run = createQuickRun({ call: callOf, send });
  const listening = createStdioListening({
    source: bridge,
    pass: (request) => void loadSdk().then(() => input.emit('data', Buffer.from(`${JSON.stringify(request)}\n`))),
    tell: (uri) =>
      void sdk
        ?.server()
        ?.sendResourceUpdated({ uri })
        .catch(() => undefined),
  });
  /** Of the SDK. */
  const answers = new AwaitedAnswers();
  /** `initialize` and what belongs to it, for the SDK. */
  const opening: Uint8Array[] = [];
  const answered = new Set<RequestId>();
  const waiting: Uint8Array[] = [];
  let client: ConnectedClient | undefined;
  let sdk: Sdk | undefined;
  let loading: Promise<void> | undefined;
  let closed = false;

  input.offerTo((line) => {
    const message = parse(line);
    if (message?.method === 'notifications/cancelled') {
      const id = message.params?.['requestId'] as RequestId;
      if (run.cancel(id)) return true;
      listening.end(id);
    }
    if (isListen(message)) {
      listening.begin(message);
      return true;
    }
    const isWaiting = loading !== undefined && !sdk;
    if (!isWaiting && message && isAnswerable(message) && (call(message) || answer(message, line))) return true;
    if (sdk) {
      if (message) answers.expect(message);
      return false;
    }
    waiting.push(line);
    void loadSdk();
    return true;
  });

  function loadSdk(): Promise<void> {
    loading ??= connect();
    return loading;
  }

  async function connect(): Promise<void> {
    const [{ createMcpServers }, { connectSdk }] = await Promise.all([
      import('../mcp/server.ts'),
      import('./stdio-sdk.ts'),
    ]);
    if (closed) return;
    const servers = createMcpServers(bridge, options);
    const connection = connectSdk({ servers, input, output, answered, onAnswer });
    for (const line of opening) input.emit('data', line);
    await endOfTurn();
    sdk = { ...connection, servers };
    for (const line of waiting.splice(0)) input.pass(line);
  }

  function onAnswer(id: RequestId): void {
    answers.settle(id);
    listening.end(id);
  }

  function call(message: Message): boolean {
    return message.method === 'tools/call' && run.begin(message as JSONRPCRequest);
  }

  function callOf(request: JSONRPCRequest, signal: Signal): ReturnType<QuickCalls> {
    if (!sdk) return callQuickly(request, signal, client);
    const server = sdk.server();
    return server && sdk.servers.quickOn(server, request, { signal });
  }

  /** As the SDK answers, until it has been loaded. */
  function answer(message: Message, line: Uint8Array): boolean {
    const quick = sdk ? undefined : answerOpening(message, client);
    if (!quick) return false;
    if (quick.client || !quick.result) opening.push(Uint8Array.from(line));
    if (quick.client) {
      client = quick.client;
      answered.add(message.id!);
    }
    if (quick.result) send(toResponse(message, quick.result));
    return true;
  }

  async function tell(part: Part): Promise<void> {
    if (!client && !loading) return;
    const [{ tellChanged }] = await Promise.all([import('../mcp/tell.ts'), loadSdk()]);
    const server = sdk?.server();
    if (server) await tellChanged(server, part);
  }

  return {
    tell: (part) => void tell(part).catch(() => undefined),
    async settled(ms) {
      await loading;
      await answers.drain(ms);
    },
    close() {
      closed = true;
      run.close();
      listening.close();
    },
  };
}

/** What is no JSON the SDK finds out as well. */
function parse(line: Uint8Array): Message | undefined {
  try {
    const message = JSON.parse(Buffer.from(line.buffer, line.byteOffset, line.length).toString()) as Message;
    return message?.jsonrpc === '2.0' ? message : undefined;
  } catch {
    return undefined;
  }
}

/** What has arrived is dealt with before the next turn of the loop. */
function endOfTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
