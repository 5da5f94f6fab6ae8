import { randomUUID } from 'node:crypto';
import type { UrlLogins } from './auth/url-login.ts';
import type { Bridge, CallOptions, CallOutcome } from './bridge-types.ts';
import type { CallTrace } from './call/execute.ts';
import { createCallsUnderWay } from './call/under-way.ts';
import { logCall, longText, refusedCall } from './call-outcome.ts';
import type { Clock } from './clock.ts';
import type { BridgeConfig } from './config/types.ts';
import { BridgeError } from './errors.ts';
import type { KnownApi } from './known-apis.ts';
import type { Inspect } from './load-apis.ts';
import type { ServedServers } from './load-servers.ts';
import { type LoadedTools, loadTools } from './load-tools.ts';
import { createLog, type Log } from './log.ts';
import type { NetworkOverrides } from './network.ts';
import type { Part } from './remote/types.ts';
import { createMasker } from './secrets.ts';
import type { Observer } from './telemetry/observer.ts';
import type { Registry } from './tool/registry.ts';
import type { Tool } from './tool/types.ts';

export type {
  Bridge,
  CallOptions,
  CallOutcome,
  DryRun,
  ListedPrompt,
  MaySee,
  PromptSource,
  Resource,
  ResourceContents,
  ResourceSource,
  ResourceTemplate,
} from './bridge-types.ts';

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
    context: { requestId: randomUUID(), ...options },
    trace: { attempts: 0, cached: false, timings: {} } satisfies CallTrace,
  });

  async function run(name: string, args: unknown, options: CallOptions): Promise<CallOutcome> {
    const call = callOf(name, args, options);
    if (underWay.closed)
      return refusedCall(call, new BridgeError('BUSY', 'The bridge is shutting down', { retryable: true }));
    underWay.begin();
    try {
      const path = callPath.value ?? (await callPath());
      const started = performance.now();
      const result = await path.execute(call);
      const long = longText(result);
      const saved = long && (await (await responses()).save(long.text, long.mediaType, options.principal));
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
    } finally {
      underWay.end();
    }
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
        // Clients ask for this as they start; before the first answer is kept it is not worth loading the way of calls.
        const kept = await responses.pending;
        const saved = kept ? (await import('./resources.ts')).listSaved(kept, principal) : [];
        return [...saved, ...(servers?.offers.resources(maySee) ?? [])];
      },
      templates: (maySee) => servers?.offers.templates(maySee) ?? [],
      async read(asked, principal, maySee) {
        const { readSaved } = await import('./resources.ts');
        const saved = await readSaved(await responses(), asked.uri, principal);
        return saved ? { contents: saved } : servers?.offers.read(asked, maySee);
      },
      watch: async (uri, onUpdated, maySee) => servers?.offers.watch(uri, onUpdated, maySee),
    },
    logins: {
      start: async (wanted) => (await logins()).start(wanted),
      find: async (id) => (await logins.pending)?.find(id),
    },
    ...(servers
      ? {
          prompts: {
            list: (maySee) => servers.offers.prompts(maySee),
            get: (asked, maySee) => servers.offers.prompt(asked, maySee),
            complete: (request, maySee) => servers.offers.complete(request, maySee),
          },
        }
      : {}),
    call: run,
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

function knownApis({ apis, configs, security }: LoadedTools): ReadonlyMap<string, KnownApi> {
  return new Map(
    apis.map(({ name }, index) => [name, { config: configs[index]!, security: security[index]! }] as const),
  );
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
