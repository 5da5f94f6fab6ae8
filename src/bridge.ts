import { randomUUID } from 'node:crypto';
import type { Auth } from './auth/auth.ts';
import type { CredentialStatus } from './auth/credentials.ts';
import type { LoginSource, UrlLogins } from './auth/url-login.ts';
import type { Call, CallContext, CallTrace, Planned } from './call/execute.ts';
import { failureOf } from './call/failure.ts';
import type { AuthDescription } from './call/middleware/authorize.ts';
import type { CallResult } from './call/types.ts';
import { createCallsUnderWay } from './call/under-way.ts';
import type { CallPath, KnownApi } from './call-path.ts';
import type { Clock } from './clock.ts';
import type { BridgeConfig } from './config/types.ts';
import type { Diagnostic } from './diagnostic.ts';
import { BridgeError } from './errors.ts';
import type { Inspect, ServedApi } from './load-apis.ts';
import type { ServedServers } from './load-servers.ts';
import { type LoadedTools, loadTools } from './load-tools.ts';
import { createLog, type Log } from './log.ts';
import type { NetworkOverrides } from './network.ts';
import type { Part } from './remote/types.ts';
import { createMasker } from './secrets.ts';
import type { SavedResponse } from './store/saved-responses.ts';
import type { Observer } from './telemetry/observer.ts';
import type { Registry } from './tool/registry.ts';
import type { Tool } from './tool/types.ts';

/** What became of a call, and what `_meta.actionbridge` tells about it. */
export interface CallOutcome {
  readonly tool: Tool;
  readonly result: CallResult;
  readonly requestId: string;
  readonly trace: CallTrace;
  readonly ms: number;
  /** The answer was too large to be shown: it is kept whole, as a resource. */
  readonly saved?: SavedResponse;
}

export type CallOptions = Omit<CallContext, 'requestId'> & { readonly requestId?: string };

/** One engine: the tools, and the one way to call them. Every surface is a view of it. */
export interface Bridge {
  /** A snapshot; another one after a change. */
  readonly registry: Registry;
  readonly apis: readonly ServedApi[];
  readonly diagnostics: readonly Diagnostic[];
  readonly resources: ResourceSource;
  /** Logins in a browser on this machine. */
  readonly logins: LoginSource;
  /** Absent without MCP servers. */
  readonly prompts?: PromptSource;
  readonly log: Log;
  /** Throws TOOL_UNKNOWN; anything else the world may do is a result. */
  call(name: string, args: unknown, options: CallOptions): Promise<CallOutcome>;
  /** The request a call would send; nothing is sent. Throws TOOL_UNKNOWN. */
  plan(name: string, args: unknown, options: CallOptions): Promise<DryRun>;
  /** What the documents ask for, and whether it is there. */
  credentials(): Promise<readonly CredentialStatus[]>;
  auth(): Promise<Auth>;
  /** The way of a call, for surfaces that share its network, stores and observers. */
  path(): Promise<CallPath>;
  /** Told after tools, or what MCP servers have besides, have changed; gives the way to stop being told. */
  onChange(listener: (part: Part) => void): () => void;
  /** Lets no new calls begin, and waits for those under way, `ms` at most. */
  drain(ms: number): Promise<void>;
  /** Ends the calls under way. */
  close(): Promise<void>;
}

/** A planned request, and how it would be authorized, every credential masked. */
export type DryRun = Planned & { readonly auth?: AuthDescription };

/** A resource, as MCP lists it. */
export interface Resource {
  readonly uri: string;
  readonly name: string;
  readonly mimeType?: string;
  readonly description?: string;
  /** Bytes. */
  readonly size?: number;
}

/** Text, or bytes in base64. */
export interface ResourceContents {
  readonly uri: string;
  readonly mimeType?: string;
  readonly text?: string;
  readonly blob?: string;
}

export interface ResourceTemplate extends Omit<Resource, 'uri'> {
  readonly uriTemplate: string;
}

/** Which MCP servers a caller may use; undefined: all. */
export type MaySee = ((server: string) => boolean) | undefined;

/** What can be read besides calling tools. Each principal sees its own. */
export interface ResourceSource {
  list(principal: string | undefined, maySee?: MaySee): Promise<readonly Resource[]>;
  templates(maySee?: MaySee): readonly ResourceTemplate[];
  /** Undefined for what is not there, or belongs to somebody else. Throws BridgeError when the MCP server that has it fails. */
  read(uri: string, principal: string | undefined, maySee?: MaySee): Promise<readonly ResourceContents[] | undefined>;
}

/** A prompt, as MCP lists it. */
export interface ListedPrompt {
  readonly name: string;
  readonly description?: string;
  readonly arguments?: readonly object[];
}

/** The prompts of MCP servers. */
export interface PromptSource {
  list(maySee?: MaySee): readonly ListedPrompt[];
  /** As prompts/get answers; undefined for what is not there. Throws BridgeError when the server fails. */
  get(name: string, args: { readonly [name: string]: string }, maySee?: MaySee): Promise<object | undefined>;
}

export interface BridgeDependencies {
  /** Text of the document given as `-`. */
  readonly stdin?: () => Promise<string>;
  readonly observers?: readonly Observer[];
  readonly log?: Log;
  /** How long MCP servers are waited for at the start; those that come later are added then. Default 10 s. */
  readonly serversWaitMs?: number;
  /** A caller's own token, for token exchange; it goes to the token endpoint and never to the API. */
  readonly subjectToken?: (principal: string) => Promise<string | undefined>;
  readonly clock?: Clock;
  /** From 0 up to 1. */
  readonly random?: () => number;
  readonly network?: NetworkOverrides;
  /** Shown each document as it is read; the cache of compiled tools is passed by. */
  readonly inspect?: Inspect;
}

/**
 * Composition root: documents → registry, and the way of a call. What only calls need (network, validation, encoding) is
 * loaded by the first call. Throws BridgeError when a document cannot be served at all.
 */
export async function openBridge(config: BridgeConfig, dependencies: BridgeDependencies = {}): Promise<Bridge> {
  const log = dependencies.log ?? createLog({ level: config.logLevel, mask: createMasker().mask });
  const { observers, subjectToken, clock, random, network } = dependencies;
  const underWay = createCallsUnderWay();
  let known: ReadonlyMap<string, KnownApi> = new Map();
  const callPath = once(async () => {
    const { createCallPath } = await import('./call-path.ts');
    return createCallPath(config, {
      apiOf: (api) => known.get(api),
      log,
      ending: underWay.ending,
      ...(servers ? { sendToServer: servers.send } : {}),
      ...(observers ? { observers } : {}),
      ...(subjectToken ? { subjectToken } : {}),
      ...(clock ? { clock } : {}),
      ...(random ? { random } : {}),
      ...(network ? { network } : {}),
    });
  });
  const responses = once(async () => {
    const { createSharedResponses } = await import('./store/shared-responses.ts');
    return createSharedResponses((await callPath()).store.texts);
  });
  const logins = once(async (): Promise<UrlLogins> => {
    const [{ createUrlLogins }, { auth }] = await Promise.all([import('./auth/url-login.ts'), callPath()]);
    return createUrlLogins({ auth, tools: () => loaded.registry.tools });
  });
  const load = () =>
    loadTools(config, {
      ...dependencies,
      fetchText: async (url, limits) => (await callPath()).fetchText(url, limits),
    });
  const servers = await startServers(config, log);
  const joined = (next: LoadedTools) => servers?.join(next) ?? next;
  const begin = async () => {
    const first = await load();
    await servers?.settle(dependencies.serversWaitMs ?? SERVERS_WAIT_MS);
    return { first, all: joined(first) };
  };
  const begun = await begin().catch(async (error: unknown) => {
    await servers?.close();
    throw error;
  });
  let documents = begun.first;
  let loaded = begun.all;
  known = knownApis(loaded);

  const listeners = new Set<(part: Part) => void>();
  const tell = (part: Part) => {
    for (const listener of listeners) listener(part);
  };
  const replace = (next: LoadedTools) => {
    loaded = joined(next);
    documents = next;
    known = knownApis(loaded);
    tell('tools');
  };
  servers?.onChange((part) => (part === 'tools' ? replace(documents) : tell(part)));
  const watching = config.watch
    ? (await import('./watch.ts')).watchDocuments({ config, load, current: () => documents, replace, log })
    : undefined;

  const callOf = (name: string, args: unknown, options: CallOptions) => ({
    tool: find(loaded.registry, name),
    args,
    context: { ...options, requestId: options.requestId ?? randomUUID() },
    trace: { attempts: 0, cached: false, timings: {} } satisfies CallTrace,
  });

  async function run(call: Call, principal: string | undefined): Promise<CallOutcome> {
    const path = callPath.value ?? (await callPath());
    const started = performance.now();
    const result = await path.execute(call);
    const text = longText(result);
    const saved = text === undefined ? undefined : await (await responses()).save(text.text, text.mediaType, principal);
    const outcome: CallOutcome = {
      tool: call.tool,
      result,
      requestId: call.context.requestId,
      trace: call.trace,
      ms: performance.now() - started,
      ...(saved ? { saved } : {}),
    };
    path.observer.observeCall(outcome);
    if (call.context.surface !== 'cli') logCall(log, outcome);
    return outcome;
  }

  const bridge: Bridge = {
    get registry() {
      return loaded.registry;
    },
    get apis() {
      return loaded.apis;
    },
    get diagnostics() {
      return loaded.diagnostics;
    },
    log,
    resources: {
      async list(principal, maySee) {
        const saved = (await import('./resources.ts')).listSaved(await responses(), principal);
        return [...saved, ...(servers?.offers.resources(maySee) ?? [])];
      },
      templates: (maySee) => servers?.offers.templates(maySee) ?? [],
      async read(uri, principal, maySee) {
        const { readSaved } = await import('./resources.ts');
        const saved = await readSaved(await responses(), uri, principal);
        return saved ?? servers?.offers.read(uri, maySee);
      },
    },
    logins: {
      start: async (wanted) => (await logins()).start(wanted),
      find: async (id) => (await logins.pending)?.find(id),
    },
    ...(servers
      ? {
          prompts: {
            list: (maySee) => servers.offers.prompts(maySee),
            get: (name, args, maySee) => servers.offers.prompt(name, args, maySee),
          },
        }
      : {}),
    async call(name, args, options) {
      const call = callOf(name, args, options);
      if (underWay.closed)
        return refused(call, new BridgeError('BUSY', 'The bridge is shutting down', { retryable: true }));
      underWay.begin();
      try {
        return await run(call, options.principal);
      } finally {
        underWay.end();
      }
    },
    async plan(name, args, options) {
      const call = callOf(name, args, options);
      const path = await callPath();
      const planned = await path.plan(call);
      return planned.ok && !call.tool.remote ? { ...planned, auth: await path.describe(call, planned) } : planned;
    },
    async credentials() {
      const { describeCredentials } = await import('./auth/credentials.ts');
      const { auth } = await callPath();
      const { apis, registry } = loaded;
      return (await Promise.all(apis.map(({ name }) => describeCredentials(auth, name, registry.tools)))).flat();
    },
    auth: async () => (await callPath()).auth,
    path: () => callPath(),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async drain(ms) {
      await underWay.drain(ms);
    },
    async close() {
      watching?.stop();
      await underWay.cancel();
      (await logins.pending)?.close();
      await servers?.close();
      await (await callPath.pending)?.close();
      log.flush();
    },
  };
  const { chatgpt } = config;
  if (!chatgpt?.search && !chatgpt?.fetch) return bridge;
  return (await import('./chatgpt-tools.ts')).withChatGptTools(bridge, chatgpt);
}

const SERVERS_WAIT_MS = 10_000;

/** Nothing of this is loaded where there are none. */
async function startServers(config: BridgeConfig, log: Log): Promise<ServedServers | undefined> {
  if (config.mcpServers.length === 0) return undefined;
  return (await import('./load-servers.ts')).openServers(config, log);
}

/** A line a call, for whoever asks for it; a call that broke, or whose outcome is unknown, is worth one in any case. A person at a terminal sees it anyway. */
function logCall(log: Log, { tool, result, requestId, trace, ms }: CallOutcome): void {
  const broken = result.kind === 'failed' || result.kind === 'unknown';
  const said = broken
    ? `${result.error.code}: ${firstLine(result.error.message)}`
    : 'status' in result
      ? `HTTP ${result.status}`
      : result.kind;
  const fields = { requestId, api: tool.api, attempts: trace.attempts, cached: trace.cached, ms: Math.round(ms) };
  log[broken && !isQuestion(result) ? 'warn' : 'info'](`${tool.name}: ${said}`, fields);
}

/** What a person is asked, or has said, is nothing that broke. */
function isQuestion(result: CallResult): boolean {
  return result.kind === 'failed' && result.error.code.startsWith('CONFIRMATION_');
}

/** Further lines may show arguments. */
function firstLine(text: string): string {
  return text.split('\n', 1)[0]!;
}

function knownApis({ apis, configs, security }: LoadedTools): ReadonlyMap<string, KnownApi> {
  return new Map(
    apis.map(({ name }, index) => [name, { config: configs[index]!, security: security[index]! }] as const),
  );
}

/** Characters of an answer that a model is shown (SECURITY.md, Defaults); longer ones are kept whole. */
const MAX_SHOWN = 100_000;

function longText(result: CallResult): { readonly text: string; readonly mediaType: string } | undefined {
  if (result.kind !== 'ok' && result.kind !== 'refused') return undefined;
  const { content } = result;
  if (content.kind === 'mcp') {
    const text = content.blocks.map((block) => (block.type === 'text' ? block.text : '')).join('\n');
    return text.length <= MAX_SHOWN ? undefined : { text, mediaType: 'text/plain' };
  }
  if ((content.kind !== 'json' && content.kind !== 'text') || content.text.length <= MAX_SHOWN) return undefined;
  return { text: content.text, mediaType: content.kind === 'json' ? 'application/json' : content.mediaType };
}

function refused({ tool, context, trace }: Call, error: BridgeError): CallOutcome {
  return { tool, result: { kind: 'failed', error: failureOf(error) }, requestId: context.requestId, trace, ms: 0 };
}

function find(registry: Registry, name: string): Tool {
  const tool = registry.get(name);
  if (!tool) throw new BridgeError('TOOL_UNKNOWN', `There is no tool named ${JSON.stringify(name)}`);
  return tool;
}

interface Once<T> {
  (): Promise<T>;
  pending?: Promise<T>;
  value?: T;
}

function once<T>(make: () => Promise<T>): Once<T> {
  const get: Once<T> = () => {
    get.pending ??= make().then((value) => {
      get.value = value;
      return value;
    });
    return get.pending;
  };
  return get;
}
