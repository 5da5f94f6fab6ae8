import { Client, type PriorDiscovery, SdkError, SdkErrorCode, type Tool } from '@modelcontextprotocol/client';
import * as z from 'zod/v4';
import type { CallContext } from '../call/execute.ts';
import type { ServerInput } from '../call/server-input.ts';
import { version } from '../version.ts';
import { createWatching, followLists, PARTS, type Watching } from './listening.ts';
import { inputParams } from './server-input.ts';
import { openTransport, type TransportOptions } from './transport.ts';
import type { Completion, CompletionRequest, Offer, Part, ServerTarget } from './types.ts';

/** One life of a server: from the start of its process, or the first request, to its end. */
export interface Connection extends Watching {
  /** What to connect with next time, without finding out which generation the server is of. */
  readonly prior: PriorDiscovery;
  readOffer(signal: AbortSignal): Promise<Offer>;
  /** Rejects with what the SDK and the network throw. `definition` as the server listed it. */
  callTool(call: ToolCall, signal: AbortSignal): Promise<ToolResult>;
  readResource(resource: ResourceCall, signal: AbortSignal): Promise<object>;
  getPrompt(prompt: PromptCall, signal: AbortSignal): Promise<object>;
  /** No values from a server that completes nothing. */
  complete(params: CompletionRequest, signal: AbortSignal): Promise<Completion>;
  close(): Promise<void>;
}

export interface ToolCall {
  readonly name: string;
  readonly arguments: { readonly [name: string]: unknown };
  readonly definition: unknown;
  readonly onProgress?: CallContext['onProgress'] | undefined;
  readonly input?: ServerInput | undefined;
}

export interface ResourceCall {
  readonly uri: string;
  readonly input?: ServerInput;
}

export interface PromptCall {
  readonly name: string;
  readonly arguments: { readonly [name: string]: string };
  readonly input?: ServerInput | undefined;
}

export type ToolResult = {
  readonly content?: unknown;
  readonly structuredContent?: unknown;
  readonly isError?: unknown;
};

export interface ConnectOptions extends Pick<TransportOptions, 'openFetch' | 'onStderr'> {
  readonly prior?: PriorDiscovery | undefined;
  /** Until the server has introduced itself. */
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly onChanged: (part: Part) => void;
  readonly onUpdated: (uri: string) => void;
  /** Once, when the connection is over and nobody has closed it. */
  readonly onEnd: (error: Error | undefined) => void;
}

/** The deadline of a call is the call's own; the SDK shall not have one besides. */
const NEVER_MS = 2 ** 31 - 1;
/** A server of the older generation may never answer the question which one it is of. */
const PROBE_MS = 10_000;

/** Starts the server, or reaches it, and finds out which generation of the protocol it speaks (2026-07-28, or one before). */
export async function connect(target: ServerTarget, options: ConnectOptions): Promise<Connection> {
  const client = new Client(
    { name: 'actionbridge', version },
    {
      capabilities: {},
      versionNegotiation: { mode: 'auto', probe: { timeoutMs: Math.min(PROBE_MS, options.timeoutMs) } },
      jsonSchemaValidator: {
        getValidator: () => (input) => ({ valid: true, data: input as never, errorMessage: undefined }),
      },
    },
  );
  let lost: Error | undefined;
  let state: 'opening' | 'open' | 'over' = 'opening';
  const end = async () => {
    const told = state === 'open';
    state = 'over';
    if (told) options.onEnd(lost);
    await client.close().catch(() => undefined);
    await opened.release();
  };
  const opened = await openTransport(target, {
    ...options,
    onLost: (error) => {
      lost ??= error;
      // After the request that found it out has failed with its own error.
      setImmediate(() => {
        if (state === 'open') void end();
      });
    },
  });
  client.onclose = () => {
    if (state === 'open') void end();
  };
  client.onerror = () => undefined;
  for (const part of PARTS)
    client.setNotificationHandler(`notifications/${part}/list_changed`, () => options.onChanged(part));
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => options.onUpdated(params.uri));
  const giveUp = () => void opened.transport.close().catch(() => undefined);
  options.signal.addEventListener('abort', giveUp, { once: true });
  try {
    await client.connect(opened.transport, {
      timeout: options.timeoutMs,
      signal: options.signal,
      ...(options.prior ? { prior: options.prior } : {}),
    });
  } catch (error) {
    state = 'over';
    await client.close().catch(() => undefined);
    await opened.transport.close().catch(() => undefined);
    await opened.release();
    throw lost ?? error;
  } finally {
    options.signal.removeEventListener('abort', giveUp);
  }
  state = 'open';
  if (client.getProtocolEra() === 'modern') void followLists(client, () => state === 'open', options.onChanged);
  return viewOf(client, options.onUpdated, async () => {
    const isOpen = state === 'open';
    state = 'over';
    if (isOpen) await opened.leave();
    await client.close().catch(() => undefined);
    await opened.release();
  });
}

function viewOf(client: Client, onUpdated: (uri: string) => void, close: () => Promise<void>): Connection {
  const discover = client.getDiscoverResult();
  const capabilities = client.getServerCapabilities() ?? {};
  const asks = client.getProtocolEra() === 'modern';
  const list = (part: keyof typeof LISTS, signal: AbortSignal) => listAll(client, LISTS[part], signal);
  return {
    prior: discover ? { kind: 'modern', discover } : { kind: 'legacy' },
    async readOffer(signal) {
      const [tools, resources, templates, prompts] = await Promise.all([
        capabilities.tools ? list('tools', signal) : [],
        capabilities.resources ? list('resources', signal) : [],
        capabilities.resources ? list('templates', signal).catch(() => []) : [],
        capabilities.prompts ? list('prompts', signal) : [],
      ]);
      const about = client.getServerVersion();
      return {
        title: about?.title ?? about?.name ?? '',
        version: about?.version ?? '',
        instructions: client.getInstructions() ?? '',
        tools,
        resources,
        templates,
        prompts,
      };
    },
    callTool: ({ definition, onProgress, input, ...params }, signal) =>
      client.callTool(
        { name: params.name, arguments: { ...params.arguments }, ...(asks ? inputParams(input) : {}) },
        {
          signal,
          allowInputRequired: true,
          timeout: NEVER_MS,
          toolDefinition: withoutOutput(definition),
          ...(onProgress ? { onprogress: onProgress } : {}),
        },
      ),
    readResource: ({ uri, input }, signal) =>
      client.readResource(
        { uri, ...(asks ? inputParams(input) : {}) },
        { signal, timeout: NEVER_MS, cacheMode: 'bypass', allowInputRequired: true },
      ),
    getPrompt: ({ name, arguments: args, input }, signal) =>
      client.getPrompt(
        { name, arguments: { ...args }, ...(asks ? inputParams(input) : {}) },
        { signal, timeout: NEVER_MS, allowInputRequired: true },
      ),
    complete: async (params, signal) =>
      capabilities.completions
        ? (await client.complete(params as CompleteParams, { signal, timeout: NEVER_MS })).completion
        : { values: [] },
    ...createWatching(client, onUpdated),
    close,
  };
}

/** The schema of answers is not for this client to check: servers break their own. */
function withoutOutput(definition: unknown): Tool {
  const { outputSchema: _, ...rest } = definition as Tool;
  return rest;
}

const LISTS = {
  tools: { method: 'tools/list', member: 'tools' },
  resources: { method: 'resources/list', member: 'resources' },
  templates: { method: 'resources/templates/list', member: 'resourceTemplates' },
  prompts: { method: 'prompts/list', member: 'prompts' },
} as const;

type CompleteParams = Parameters<Client['complete']>[0];

const MAX_PAGES = 100;
const PAGE = z.looseObject({ nextCursor: z.string().nullish() });

/** All pages, entries unchecked: one that is broken must not take the others along. */
async function listAll(
  client: Client,
  { method, member }: (typeof LISTS)[keyof typeof LISTS],
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  const entries: unknown[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const request = { method, ...(cursor === undefined ? {} : { params: { cursor } }) };
    const answer = await client.request(request, PAGE, { signal, timeout: NEVER_MS });
    const found = answer[member];
    if (Array.isArray(found)) entries.push(...found);
    if (!answer.nextCursor || answer.nextCursor === cursor) return entries;
    cursor = answer.nextCursor;
  }
  throw new SdkError(SdkErrorCode.ListPaginationExceeded, `${method} has more than ${MAX_PAGES} pages`);
}
