import { Client, StreamableHTTPClientTransport, type VersionNegotiationMode } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioClientTransport1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as HttpTransport1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { BUNDLE, CACHE_ENVIRONMENT, startBridge } from './bridge-process.ts';

export interface ListedTool {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly inputSchema: { readonly [keyword: string]: unknown };
  readonly annotations?: { readonly [hint: string]: unknown } | undefined;
}

export interface CallAnswer {
  readonly isError: boolean;
  /** The text parts, joined. */
  readonly text: string;
  readonly content: readonly { readonly type: string }[];
  readonly meta: { readonly [key: string]: unknown };
}

export interface CallSettings {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: number) => void;
}

/** What a person is asked. */
export interface Asked {
  readonly mode: 'form' | 'url';
  readonly message: string;
  readonly url?: string;
  /** Names of the form's fields. */
  readonly fields: readonly string[];
}

export interface Answered {
  readonly action: 'accept' | 'decline' | 'cancel';
  readonly content?: { readonly [field: string]: string | number | boolean };
}

/** Who sits in front of a client. Without one, it does not say that it can ask. */
export interface Person {
  /** What the client says that it can show; default: forms. */
  readonly shown?: { form?: Record<string, never>; url?: Record<string, never> };
  answer(asked: Asked): Answered | Promise<Answered>;
}

export interface ConnectOptions {
  readonly person?: Person;
  /** Of the command that is started. */
  readonly env?: { readonly [name: string]: string };
}

/** What a client brings back (MCP "Multi Round-Trip Requests"). */
export interface LegAnswer {
  readonly requestState: string;
  readonly inputResponses: { readonly [key: string]: Answered };
}

export interface CallLeg extends CallAnswer {
  /** The server wants something before it goes on. */
  readonly required?: { readonly requestState: string; readonly inputRequests: { readonly [key: string]: unknown } };
}

/** One of the official clients, connected. */
export interface ConnectedClient {
  readonly revision: string | undefined;
  readonly server: { readonly name: string; readonly version: string };
  readonly instructions: string | undefined;
  /** What the client found wrong with what came over the wire. */
  readonly errors: readonly Error[];
  /** Of the command that was started for it. */
  readonly pid: () => number;
  listTools(): Promise<readonly ListedTool[]>;
  /** Rejects with `code` for a JSON-RPC error, and when `signal` aborts. */
  call(name: string, args: { [name: string]: unknown }, settings?: AbortSignal | CallSettings): Promise<CallAnswer>;
  /** One leg of a call, as a client makes it that fulfils `input_required` itself; only since 2026-07-28. */
  callLeg?(name: string, args: { [name: string]: unknown }, answer?: LegAnswer): Promise<CallLeg>;
  /** Resolves when the server says that its tools are others; those that came before it was asked count. */
  toolsChanged(): Promise<void>;
  /** Ends the connection, and with it a command that was started for it. */
  close(): Promise<void>;
}

/** Where a client finds a listener. */
export interface Address {
  /** Of `/mcp`. */
  readonly url: string;
  readonly token?: string;
}

export interface OfficialClient {
  readonly name: string;
  readonly transport: 'stdio' | 'http';
  /** The protocol revision it must end up with. */
  readonly revision: string;
  /** Starts the built command with these words and connects to it. */
  connect(words: readonly string[], options?: ConnectOptions): Promise<ConnectedClient>;
}

/** One way in which an official client opens a conversation. */
interface Generation {
  readonly name: string;
  readonly revision: string;
  readonly open: (transport: Transport, options?: ConnectOptions) => Promise<ConnectedClient>;
}

/** The transport's two forms, of which a client takes its own. */
type Transport = { readonly words: readonly string[] } | Address;

const GENERATIONS: readonly Generation[] = [
  { name: 'SDK 1.x', revision: '2025-11-25', open: openFirst },
  {
    name: 'SDK 2.x, legacy',
    revision: '2025-11-25',
    open: (transport, options) => openSecond(transport, 'legacy', options),
  },
  {
    name: 'SDK 2.x, auto',
    revision: '2026-07-28',
    open: (transport, options) => openSecond(transport, 'auto', options),
  },
  {
    name: 'SDK 2.x, pinned',
    revision: '2026-07-28',
    open: (transport, options) => openSecond(transport, { pin: '2026-07-28' }, options),
  },
];

/** Both generations of the official client, in every way they negotiate, over both transports. */
export const OFFICIAL_CLIENTS: readonly OfficialClient[] = GENERATIONS.flatMap(({ name, revision, open }) => [
  {
    name: `${name} over stdio`,
    transport: 'stdio' as const,
    revision,
    connect: (words, options) => open({ words }, options),
  },
  {
    name: `${name} over HTTP`,
    transport: 'http' as const,
    revision,
    connect: (words, options) => connectHttp(words, open, options),
  },
]);

/** The same clients, for a listener that the test has started. */
export const HTTP_CLIENTS: readonly (Omit<Generation, 'open'> & {
  readonly open: (address: Address, options?: ConnectOptions) => Promise<ConnectedClient>;
})[] = GENERATIONS;

const INFO = { name: 'actionbridge-test', version: '1.0.0' };

async function connectHttp(
  words: readonly string[],
  open: Generation['open'],
  options: ConnectOptions = {},
): Promise<ConnectedClient> {
  const bridge = await startBridge(words, options.env ? { env: options.env } : {});
  const client = await open({ url: `${bridge.url}/mcp`, token: bridge.token }, options).catch(
    async (error: unknown) => {
      await bridge.stop();
      throw error;
    },
  );
  return Object.assign(client, {
    pid: () => bridge.pid,
    close: closeBoth(client.close, () => bridge.stop()),
  });
}

function closeBoth(first: () => Promise<void>, second: () => Promise<unknown>): () => Promise<void> {
  return async () => {
    await first();
    await second();
  };
}

async function openFirst(target: Transport, options: ConnectOptions = {}): Promise<ConnectedClient> {
  const errors: Error[] = [];
  const changed = createSignal();
  const { person } = options;
  const client = new Client1(INFO, {
    ...(person ? { capabilities: { elicitation: person.shown ?? {} } } : {}),
    listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged: changed.raise } },
  });
  client.onerror = (error) => errors.push(error);
  if (person)
    client.setRequestHandler(
      ElicitRequestSchema,
      async ({ params }) => (await person.answer(toAsked(params))) as { action: 'accept' },
    );
  let revision: string | undefined;
  const transport =
    'words' in target
      ? new StdioClientTransport1(serverOf(target.words, options))
      : new HttpTransport1(new URL(target.url), { requestInit: { headers: bearer(target) } });
  const setVersion = (transport as HttpTransport1).setProtocolVersion?.bind(transport);
  const noted = Object.assign(transport, {
    setProtocolVersion(version: string) {
      revision = version;
      setVersion?.(version);
    },
  });
  await client.connect(noted as StdioClientTransport1);
  return {
    revision,
    server: client.getServerVersion()!,
    instructions: client.getInstructions(),
    errors,
    pid: () => (transport as unknown as { pid: number }).pid,
    listTools: async () => (await client.listTools()).tools,
    call: async (name, args, settings) =>
      toAnswer(await client.callTool({ name, arguments: args }, undefined, optionsOf(settings))),
    toolsChanged: changed.seen,
    async close() {
      if (transport instanceof HttpTransport1) await transport.terminateSession();
      await client.close();
    },
  };
}

async function openSecond(
  target: Transport,
  mode: VersionNegotiationMode,
  options: ConnectOptions = {},
): Promise<ConnectedClient> {
  const errors: Error[] = [];
  const changed = createSignal();
  const { person } = options;
  const client = new Client(INFO, {
    ...(person ? { capabilities: { elicitation: person.shown ?? {} } } : {}),
    versionNegotiation: { mode },
    listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged: changed.raise } },
  });
  client.onerror = (error) => errors.push(error);
  if (person)
    client.setRequestHandler(
      'elicitation/create',
      async ({ params }) => (await person.answer(toAsked(params))) as { action: 'accept' },
    );
  const transport =
    'words' in target
      ? new StdioClientTransport(serverOf(target.words, options))
      : new StreamableHTTPClientTransport(new URL(target.url), { requestInit: { headers: bearer(target) } });
  await client.connect(transport);
  return {
    revision: client.getNegotiatedProtocolVersion(),
    server: client.getServerVersion()!,
    instructions: client.getInstructions(),
    errors,
    pid: () => (transport as unknown as { pid: number }).pid,
    listTools: async () => (await client.listTools()).tools,
    call: async (name, args, settings) =>
      toAnswer(await client.callTool({ name, arguments: args }, optionsOf(settings))),
    async callLeg(name, args, answer) {
      const parameters = { name, arguments: args, ...answer } as Parameters<typeof client.callTool>[0];
      const result: unknown = await client.callTool(parameters, { allowInputRequired: true });
      const leg = result as { resultType?: string } & NonNullable<CallLeg['required']>;
      return {
        ...toAnswer({ content: [], ...leg }),
        ...(leg.resultType === 'input_required' ? { required: leg } : {}),
      };
    },
    toolsChanged: changed.seen,
    async close() {
      if (transport instanceof StreamableHTTPClientTransport && transport.sessionId !== undefined)
        await transport.terminateSession();
      await client.close();
    },
  };
}

function serverOf(words: readonly string[], { env }: ConnectOptions) {
  return { command: process.execPath, args: [BUNDLE, ...words], env: { ...CACHE_ENVIRONMENT, ...env } };
}

/** The two generations declare the request differently; it is the same. */
function toAsked(params: unknown): Asked {
  const { mode, message, url, requestedSchema } = params as {
    mode?: 'form' | 'url';
    message: string;
    url?: string;
    requestedSchema?: { properties: object };
  };
  return {
    mode: mode ?? 'form',
    message,
    ...(url === undefined ? {} : { url }),
    fields: Object.keys(requestedSchema?.properties ?? {}),
  };
}

function bearer({ token }: Address): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

function optionsOf(settings: AbortSignal | CallSettings = {}) {
  const { signal, onProgress } = settings instanceof AbortSignal ? { signal: settings } : settings;
  return {
    ...(signal ? { signal } : {}),
    ...(onProgress ? { onprogress: ({ progress }: { progress: number }) => onProgress(progress) } : {}),
  };
}

/** Counts what happened, so that whoever asks later is told as well. */
function createSignal(): { readonly raise: () => void; readonly seen: () => Promise<void> } {
  let count = 0;
  let wake: (() => void) | undefined;
  return {
    raise() {
      count++;
      wake?.();
    },
    async seen() {
      if (count === 0) await new Promise<void>((resolve) => (wake = resolve));
      count--;
    },
  };
}

/** The result types of the two generations differ in what is declared, not in what is sent. */
function toAnswer(result: unknown): CallAnswer {
  const { content, isError, _meta } = result as {
    content: { type: string; text?: string }[];
    isError?: boolean;
    _meta?: { [key: string]: unknown };
  };
  const text = content.flatMap((part) => (part.text === undefined ? [] : [part.text])).join('\n');
  return { isError: isError === true, text, content, meta: _meta ?? {} };
}
