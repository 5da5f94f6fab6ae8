import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import {
  type AuthInfo,
  createMcpHandler,
  isInitializeRequest,
  isLegacyRequest,
  type JSONRPCRequest,
  type McpRequestContext,
  type RequestId,
  SUPPORTED_PROTOCOL_VERSIONS,
} from '@modelcontextprotocol/server';
import type { Caller } from '../config/http-types.ts';
import { STATELESS_REVISION } from '../mcp/protocol.ts';
import { createResourceListeners, isListen } from '../mcp/resource-listeners.ts';
import { createMcpServers, type McpOptions, type McpServers, type ToolSource } from '../mcp/server.ts';
import type { Part } from '../remote/types.ts';
import type { CellStore } from '../store/types.ts';
import type { Admitted } from './guard.ts';
import { answerDirectly, isPlainStateless, isToolRequest } from './mcp-direct.ts';
import { createSessions, type SessionsOptions } from './mcp-sessions.ts';
import { RequestRefused } from './refusal.ts';

export interface McpEndpointOptions extends Pick<SessionsOptions, 'maxSessions' | 'idleMs' | 'clock' | 'sessionKey'> {
  /** The tools as one caller may use them. */
  readonly viewFor: (caller: Caller) => ToolSource;
  /** Whether what a caller sees depends on who it is. */
  readonly isFiltered: boolean;
  readonly listChanged: boolean;
  readonly cells: CellStore;
  /** Streams that wait for changes, of all clients of 2026-07-28 together; default 500. */
  readonly maxSubscriptions?: number;
  readonly progressEveryMs?: number;
  readonly onError?: (error: Error) => void;
}

/** `/mcp`: both generations of the protocol, told apart per request. */
export interface McpEndpoint {
  /** Throws RequestRefused. */
  serve(request: IncomingMessage, response: ServerResponse, admitted: Admitted): Promise<void>;
  changed(part: Part): void;
  /** Ends the streams on which clients wait for changes; calls go on. */
  endStreams(): Promise<void>;
  close(): Promise<void>;
}

const LEGACY_REVISIONS: readonly string[] = SUPPORTED_PROTOCOL_VERSIONS;
const SESSION_NOT_FOUND = -32001;

export function createMcpEndpoint(options: McpEndpointOptions): McpEndpoint {
  const factories = createFactories(options);
  const stateless = createMcpHandler((context) => factories(callerOf(context)).checked.create(), {
    legacy: 'reject',
    maxSubscriptions: options.maxSubscriptions ?? 500,
    ...(options.onError ? { onerror: options.onError } : {}),
  });
  const serveStateless = toNodeHandler(stateless) as unknown as NodeHandler;
  const listeners = createResourceListeners((uri) => stateless.notify.resourceUpdated(uri));
  const listBytesFor = (caller: Caller) => options.viewFor(caller).registry.listBytes();
  const underWay = new Set<Promise<void>>();
  let ending = false;
  const sessions = createSessions({ ...options, serversFor: (caller) => factories(caller).session, listBytesFor });

  async function serveSession(request: IncomingMessage, response: ServerResponse, { body, caller }: Admitted) {
    const message = body?.value;
    const id = request.headers['mcp-session-id'];
    if (typeof id !== 'string') {
      if (!body) throw noStream();
      if (!isInitializeRequest(message)) throw noSession();
      const session = await sessions.begin(message as unknown as JSONRPCRequest, caller);
      return session.handle(request, response, message);
    }
    const found = sessions.find(id, caller);
    const session = found instanceof Promise ? await found : found;
    if (!session) throw sessionNotFound();
    if (ending && request.method === 'GET') throw stopping();
    if (isPlainInSession(message, request.headers) && session.transport.answerDirectly(message, response)) return;
    await session.handle(request, response, message);
    const cancelled = cancelledRequest(message);
    if (cancelled !== undefined) session.abandon(cancelled);
  }

  async function serveOther(request: IncomingMessage, response: ServerResponse, admitted: Admitted): Promise<void> {
    const { body, caller } = admitted;
    const message = body?.value;
    if (await isLegacyRequest(requestHead(request), message ?? NO_BODY))
      return serveSession(request, response, admitted);
    const listening = isListen(message) ? await listeners.begin(message, options.viewFor(caller)) : undefined;
    const sent = listening?.request ?? message;
    const served = serveStateless(Object.assign(request, { auth: authOf(caller) }), response, sent);
    if (isSubscription(message)) return served.finally(() => listening?.end());
    underWay.add(served);
    await served.finally(() => underWay.delete(served));
  }

  return {
    serve(request, response, admitted) {
      const { body, caller } = admitted;
      const message = body?.value;
      if (isPlainStateless(message, request.headers)) {
        const listBytes = () => listBytesFor(caller);
        return answerDirectly(factories(caller).direct, message, { response, listBytes });
      }
      const serves = isPlainInSession(message, request.headers) ? serveSession : serveOther;
      return serves(request, response, admitted);
    },
    changed(part) {
      stateless.notify[NOTICES[part]]();
      sessions.changed(part);
    },
    async endStreams() {
      ending = true;
      sessions.endStreams();
      await Promise.allSettled(underWay);
      await stateless.close();
    },
    async close() {
      await Promise.all([stateless.close(), sessions.close()]);
    },
  };
}

type NodeHandler = (request: IncomingMessage, response: ServerResponse, body: unknown) => Promise<void>;

const NOTICES = { tools: 'toolsChanged', resources: 'resourcesChanged', prompts: 'promptsChanged' } as const;

/** Of GET and DELETE; it is not looked at. */
const NO_BODY = {};

interface Factories {
  /** Answered straight into the HTTP response, the list as prepared text. */
  readonly direct: McpServers;
  readonly session: McpServers;
  /** Answered through the SDK's own handler. */
  readonly checked: McpServers;
}

/** Servers of each caller; a caller's factories are made once. */
function createFactories(options: McpEndpointOptions): (caller: Caller) => Factories {
  const made = new WeakMap<Caller, Factories>();
  const shared: McpOptions = {
    surface: 'mcp',
    listChanged: options.listChanged,
    listScope: options.isFiltered ? 'private' : 'public',
    ...(options.progressEveryMs === undefined ? {} : { progressEveryMs: options.progressEveryMs }),
  };
  const prepared = { ...shared, listIsWrittenByTransport: true };
  return (caller) => {
    let factories = made.get(caller);
    if (!factories) {
      const view = options.viewFor(caller);
      factories = {
        direct: createMcpServers(view, { ...prepared, protocolVersions: [STATELESS_REVISION] }),
        session: createMcpServers(view, prepared),
        checked: createMcpServers(view, shared),
      };
      made.set(caller, factories);
    }
    return factories;
  };
}

/** Calls and lists of a session that need no look from the SDK's HTTP transport: it asks for both media types, and a revision it knows. */
function isPlainInSession(message: unknown, headers: IncomingHttpHeaders): message is JSONRPCRequest {
  const { accept, 'mcp-protocol-version': revision, 'mcp-session-id': id } = headers;
  if (id === undefined || !isToolRequest(message)) return false;
  if (!accept?.includes('application/json') || !accept.includes('text/event-stream')) return false;
  const isOld = revision === undefined || LEGACY_REVISIONS.includes(revision as string);
  return isOld && message.params?._meta?.['io.modelcontextprotocol/protocolVersion'] === undefined;
}

/** As much of a web Request as the SDK looks at when the body is given besides. */
function requestHead({ method, headers }: IncomingMessage): Request {
  const get = (name: string) => [headers[name]].flat().join(', ') || null;
  return { method, headers: { get } } as unknown as Request;
}

function authOf(caller: Caller): AuthInfo {
  return { token: '', clientId: caller.principal ?? '', scopes: [], extra: { caller } };
}

function callerOf({ authInfo }: McpRequestContext): Caller {
  return authInfo?.extra?.['caller'] as Caller;
}

function isSubscription(message: unknown): boolean {
  return (message as { readonly method?: unknown } | undefined)?.method === 'subscriptions/listen';
}

function cancelledRequest(message: unknown): RequestId | undefined {
  const { method, params } = (message ?? {}) as { method?: unknown; params?: { requestId?: RequestId } };
  return method === 'notifications/cancelled' ? params?.requestId : undefined;
}

/** Without a session there is no stream to open and nothing to end (MCP 2026-07-28 "Streamable HTTP"). */
function noStream(): RequestRefused {
  const message = 'Only POST is served without a session';
  return new RequestRefused({ status: 405, code: 'METHOD', message, headers: { allow: 'POST' } });
}

/** A client opens its stream again as soon as it has ended: here it would keep the listener from closing. */
function stopping(): RequestRefused {
  const message = 'The bridge is shutting down';
  return new RequestRefused({
    status: 503,
    code: 'BUSY',
    message,
    headers: { 'retry-after': '1', connection: 'close' },
  });
}

function noSession(): RequestRefused {
  const message = 'Mcp-Session-Id is required: begin with "initialize"';
  return new RequestRefused({ status: 400, code: 'NO_SESSION', message });
}

function sessionNotFound(): RequestRefused {
  const message = 'Session not found: begin with "initialize"';
  return new RequestRefused({ status: 404, code: 'NO_SESSION', message, rpcCode: SESSION_NOT_FOUND });
}
