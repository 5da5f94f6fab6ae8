import { Client, type VersionNegotiationMode } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioClientTransport1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { BUNDLE, CACHE_ENVIRONMENT } from './bridge-process.ts';

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

/** One of the official clients, connected to the built command over stdio. */
export interface ConnectedClient {
  readonly revision: string | undefined;
  readonly server: { readonly name: string; readonly version: string };
  readonly instructions: string | undefined;
  /** What the client found wrong with what came over the wire. */
  readonly errors: readonly Error[];
  listTools(): Promise<readonly ListedTool[]>;
  /** Rejects with `code` for a JSON-RPC error, and when `signal` aborts. */
  call(name: string, args: { [name: string]: unknown }, signal?: AbortSignal): Promise<CallAnswer>;
  /** Ends the command by closing its standard input. */
  close(): Promise<void>;
}

export interface OfficialClient {
  readonly name: string;
  /** The protocol revision it must end up with. */
  readonly revision: string;
  connect(words: readonly string[]): Promise<ConnectedClient>;
}

/** Both generations of the official client, in every way they negotiate. */
export const OFFICIAL_CLIENTS: readonly OfficialClient[] = [
  { name: 'SDK 1.x', revision: '2025-11-25', connect: connectFirst },
  { name: 'SDK 2.x, legacy', revision: '2025-11-25', connect: (words) => connectSecond(words, 'legacy') },
  { name: 'SDK 2.x, auto', revision: '2026-07-28', connect: (words) => connectSecond(words, 'auto') },
  { name: 'SDK 2.x, pinned', revision: '2026-07-28', connect: (words) => connectSecond(words, { pin: '2026-07-28' }) },
];

const INFO = { name: 'actionbridge-test', version: '1.0.0' };

async function connectFirst(words: readonly string[]): Promise<ConnectedClient> {
  const client = new Client1(INFO);
  const errors: Error[] = [];
  client.onerror = (error) => errors.push(error);
  let revision: string | undefined;
  const transport = new StdioClientTransport1(serverOf(words));
  const noted = Object.assign(transport, {
    setProtocolVersion(version: string) {
      revision = version;
    },
  });
  await client.connect(noted);
  return {
    revision,
    server: client.getServerVersion()!,
    instructions: client.getInstructions(),
    errors,
    listTools: async () => (await client.listTools()).tools,
    call: async (name, args, signal) =>
      toAnswer(await client.callTool({ name, arguments: args }, undefined, signal ? { signal } : {})),
    close: () => client.close(),
  };
}

async function connectSecond(words: readonly string[], mode: VersionNegotiationMode): Promise<ConnectedClient> {
  const client = new Client(INFO, { versionNegotiation: { mode } });
  const errors: Error[] = [];
  client.onerror = (error) => errors.push(error);
  await client.connect(new StdioClientTransport(serverOf(words)));
  return {
    revision: client.getNegotiatedProtocolVersion(),
    server: client.getServerVersion()!,
    instructions: client.getInstructions(),
    errors,
    listTools: async () => (await client.listTools()).tools,
    call: async (name, args, signal) =>
      toAnswer(await client.callTool({ name, arguments: args }, signal ? { signal } : {})),
    close: () => client.close(),
  };
}

function serverOf(words: readonly string[]) {
  return { command: process.execPath, args: [BUNDLE, ...words], env: { ...CACHE_ENVIRONMENT } };
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
