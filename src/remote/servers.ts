import type { Handler } from '../call/compose.ts';
import type { Exchange } from '../call/execute.ts';
import { mcpResponse, readMcpCall } from '../call/mcp-request.ts';
import type { RawResponse } from '../call/types.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { Log } from '../log.ts';
import { createAddressPolicy } from '../net/address.ts';
import { toAbortSignal } from '../signal.ts';
import type { Connection, ConnectOptions, PromptCall, ResourceCall } from './connection.ts';
import { answerOfFailure, errorOfFailure, isForgotten } from './failure.ts';
import type { ReadResult } from './offers.ts';
import { withAsker } from './server-input.ts';
import { type SupervisedServer, supervise } from './supervisor.ts';
import type { Completion, CompletionRequest, Offer, Part, ServerOptions } from './types.ts';
import { createUriSpace, type UriSpace, withOutsideUris } from './uris.ts';
import { createResourceWatches } from './watches.ts';

/** The MCP servers of a bridge, each kept running, none depending on another. */
export interface RemoteServers {
  /** In the order of the config; `offer` is undefined for one that has not been there yet. */
  readonly servers: readonly ServerState[];
  /** Resolves when every server has been tried once, after `ms` at the latest. */
  settle(ms: number): Promise<void>;
  /** The end of the wire for their tools. */
  readonly send: Handler<Exchange, RawResponse>;
  readonly uris: UriSpace;
  /** Throws BridgeError: MCP_REFUSED, MCP_SERVER_FAILED, BREAKER_OPEN. */
  readResource(server: string, resource: ResourceCall, signal: AbortSignal): Promise<ReadResult>;
  /** May be a question (`resultType: 'input_required'`) instead. */
  getPrompt(server: string, prompt: PromptCall, signal: AbortSignal): Promise<object>;
  complete(server: string, request: CompletionRequest, signal: AbortSignal): Promise<Completion>;
  /** Tells of changes of a resource until it is stopped, also over other connections. Throws as `readResource` does. */
  watchResource(server: string, uri: string, onUpdated: () => void): Promise<() => void>;
  onChange(listener: (part: Part) => void): () => void;
  close(): Promise<void>;
}

export interface ServerState {
  readonly name: string;
  readonly offer: Offer | undefined;
  readonly failure: string | undefined;
}

export interface RemoteOptions {
  readonly servers: readonly ServerOptions[];
  /** Beside the origins of the servers' own URLs. */
  readonly allowHosts: readonly string[];
  /** Where `HTTPS_PROXY` and its like are. */
  readonly environment: { readonly [name: string]: string | undefined };
  /** File of further certificates to trust. */
  readonly ca?: string;
  readonly log: Log;
  readonly clock?: Clock;
  readonly startTimeoutMs?: number;
}

/** Starts all of them at once, and does not wait. */
export function openRemoteServers(options: RemoteOptions): RemoteServers {
  const clock = options.clock ?? systemClock;
  const listeners = new Set<(part: Part) => void>();
  const onChanged = (part: Part) => {
    for (const listener of listeners) listener(part);
  };
  const openFetch = createFetches(options);
  const watches = createResourceWatches();
  const uris = createUriSpace(options.servers.map(({ name }) => name));
  const supervised = new Map(
    options.servers.map((server) => [
      server.name,
      supervise({
        ...server,
        openFetch,
        onChanged,
        onUpdated: (uri) => watches.updated(server.name, uri),
        onConnected: (connection) => watches.reconnected(server.name, connection),
        log: options.log,
        clock,
        ...(options.startTimeoutMs === undefined ? {} : { startTimeoutMs: options.startTimeoutMs }),
      }),
    ]),
  );
  const servers = [...supervised.values()];

  async function use<T>(server: string, work: (connection: Connection) => Promise<T>, signal: AbortSignal): Promise<T> {
    const found = supervised.get(server)!;
    const connection = await found.connection(signal).catch((error: unknown) => {
      throw errorOfFailure(error, server, signal);
    });
    try {
      const result = await work(connection);
      found.answered();
      return result;
    } catch (error) {
      if (isForgotten(error)) found.renew(connection, FORGOTTEN);
      throw errorOfFailure(error, server, signal);
    }
  }

  const send: Handler<Exchange, RawResponse> = async ({ call, plan, signal: given }) => {
    const signal = toAbortSignal(given);
    const { server } = call.tool.remote!;
    const { name, arguments: args } = readMcpCall(call, plan);
    const found = supervised.get(server)!;
    const connection = await found.connection(signal);
    call.trace.attempts++;
    const started = performance.now();
    try {
      const definition = definitionOf(found, name);
      const { onProgress, serverInput: input } = call.context;
      const result = await connection.callTool({ name, arguments: args, definition, onProgress, input }, signal);
      found.answered();
      return mcpResponse({ result: withOutsideUris(withAsker(result, server), (uri) => uris.outside(server, uri)) });
    } catch (error) {
      if (isForgotten(error)) found.renew(connection, FORGOTTEN);
      const answer = answerOfFailure(error, server, signal);
      found.answered();
      return answer;
    } finally {
      call.trace.timings['upstream'] = (call.trace.timings['upstream'] ?? 0) + performance.now() - started;
    }
  };

  return {
    servers,
    send,
    uris,
    async settle(ms) {
      const stop = new AbortController();
      const late = clock.sleep(ms, stop.signal).catch(() => undefined);
      await Promise.race([late, Promise.all(servers.map(({ settled }) => settled))]);
      stop.abort();
    },
    readResource: async (server, asked, signal) => {
      const read = await use(server, (connection) => connection.readResource(asked, signal), signal);
      return withOutsideUris(withAsker(read, server), (uri) => uris.outside(server, uri));
    },
    getPrompt: async (server, asked, signal) => {
      const prompt = await use(server, (connection) => connection.getPrompt(asked, signal), signal);
      return withOutsideUris(withAsker(prompt, server), (uri) => uris.outside(server, uri));
    },
    complete: (server, request, signal) => use(server, (connection) => connection.complete(request, signal), signal),
    watchResource: (server, uri, onUpdated) =>
      watches.watch(server, uri, {
        use: (work) => use(server, work, AbortSignal.timeout(WATCH_MS)),
        onUpdated,
      }),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      listeners.clear();
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}

/** Until a server has said that it will tell. */
const WATCH_MS = 45_000;
const FORGOTTEN = 'it has forgotten the session';

function definitionOf({ offer }: SupervisedServer, name: string): unknown {
  const listed = offer?.tools.find((tool) => (tool as { readonly name?: unknown } | null)?.name === name);
  return listed ?? { name, inputSchema: { type: 'object' } };
}

/** A server's own host is named by its URL; nothing else on the inside may be reached. */
function createFetches({ allowHosts, environment, ca }: RemoteOptions): ConnectOptions['openFetch'] {
  return async (url, onBroken) => {
    const [{ createGuardedFetch }, { createProxyOf }, { readCertificates }] = await Promise.all([
      import('../net/guarded-fetch.ts'),
      import('../net/proxy.ts'),
      import('../net/routes.ts'),
    ]);
    return createGuardedFetch({
      policy: createAddressPolicy([...allowHosts, new URL(url).origin]),
      proxyOf: createProxyOf(environment),
      ...(ca === undefined ? {} : { ca: readCertificates(ca) }),
      onBroken,
    });
  };
}
