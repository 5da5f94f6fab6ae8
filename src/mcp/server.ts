import {
  type CallToolResult,
  type InputRequiredResult,
  type JSONRPCRequest,
  type Tool as McpTool,
  ProtocolError,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { LoginSource } from '../auth/url-login.ts';
import type { Bridge } from '../bridge.ts';
import type { CallContext, Surface } from '../call/execute.ts';
import { BridgeError } from '../errors.ts';
import type { Signal } from '../signal.ts';
import { toMcpTool } from '../tool/mcp-tool.ts';
import type { Registry } from '../tool/registry.ts';
import { callContextOf, type RequestFacts } from './call-context.ts';
import { type ClientLog, createClientLog, describeOutcome, describeTool } from './call-log.ts';
import { createElicitation } from './elicit.ts';
import { introduce } from './introduction.ts';
import { refuseMissingCapability } from './missing-capability.ts';
import { offerCompletions, offerPrompts } from './offer-prompts.ts';
import { offerResources } from './offer-resources.ts';
import { offerSubscriptions } from './offer-subscriptions.ts';
import type { ProgressReport } from './progress.ts';
import { INVALID_PARAMS, STATELESS_REVISION } from './protocol.ts';
import { createQuickCalls, type QuickCalls } from './quick-call.ts';
import { createRenderer, type Renderer } from './renderer.ts';

/** What a server shows and calls: the bridge, or a caller's part of it. */
export type ToolSource = Pick<Bridge, 'registry' | 'apis' | 'call' | 'resources' | 'prompts'> & {
  /** Pages on the machine of the bridge; absent where the person's browser cannot reach them. */
  readonly logins?: LoginSource;
};

export interface McpOptions {
  readonly surface: Surface;
  /** Reads a file that a `path` argument names; only given on local surfaces. */
  readonly readFile?: (path: string) => Uint8Array;
  /** The transport puts the list's text into the (empty) result itself: see `tool/registry.ts`, `listBytes`. */
  readonly listIsWrittenByTransport?: boolean;
  /** Tools may change while this serves, and clients are told. */
  readonly listChanged?: boolean;
  /** Who may see the lists: `private` where they depend on the caller. Default: `public`. */
  readonly listScope?: 'public' | 'private';
  /** Milliseconds between progress notifications; default 2 s. */
  readonly progressEveryMs?: number;
  /** Default: the SDK's, which is the revisions that begin with `initialize`. */
  readonly protocolVersions?: readonly string[];
}

/** MCP over one source of tools. */
export interface McpServers {
  /** A server of the SDK's: one a connection (stdio, session), or one a request. `older`: for a revision before 2026-07-28. */
  create(older?: boolean): Server;
  /** Answers plain calls of 2026-07-28 without a server. */
  quick(request: JSONRPCRequest, signal: Signal): ReturnType<QuickCalls>;
  /** The same on the connection of a server made here, once it is known what its client speaks. */
  quickOn(server: Server, request: JSONRPCRequest, call: QuickCall): ReturnType<QuickCalls>;
}

export interface QuickCall {
  readonly signal: Signal;
  readonly sessionId?: string;
}

export function createMcpServers(source: ToolSource, options: McpOptions): McpServers {
  const list = createList(source);
  const render = createRenderer();
  const { info, instructions, prompts, listHint: hint, capabilities } = introduce(source, options);
  const logs = new WeakMap<Server, ClientLog>();

  function create(older = false): Server {
    const server = new Server(info, {
      capabilities,
      instructions,
      cacheHints: { 'tools/list': hint, 'server/discover': hint, 'prompts/list': hint, ...NEVER_CACHED },
      ...(options.protocolVersions ? { supportedProtocolVersions: [...options.protocolVersions] } : {}),
    });
    const log = createClientLog(server);
    logs.set(server, log);
    server.setRequestHandler('tools/list', ({ params }) => {
      if (params?.cursor !== undefined)
        throw new ProtocolError(INVALID_PARAMS, 'Unknown cursor: the list has one page');
      return { tools: options.listIsWrittenByTransport ? [] : list() };
    });
    server.setRequestHandler('tools/call', ({ params }, context) =>
      callTool(source, params, callContextOf(options, factsOf(context)), { ...options, server, context, log, render }),
    );
    offerResources(server, source);
    if (older && capabilities.resources?.subscribe) offerSubscriptions(server, source);
    if (capabilities.prompts) offerPrompts(server, prompts, source.prompts);
    if (source.prompts) offerCompletions(server, source.prompts);
    return server;
  }

  const quick = createQuickCalls(source, { ...options, info, render });
  return {
    create,
    quick,
    quickOn(server, request, { signal, sessionId }) {
      if (server.getNegotiatedProtocolVersion() === STATELESS_REVISION) return quick(request, signal);
      const capabilities = server.getClientCapabilities();
      if (!capabilities) return undefined;
      const listens = logs.get(server)?.asked ?? false;
      return quick(request, signal, { capabilities, listens, ...(sessionId === undefined ? {} : { sessionId }) });
    },
  };
}

function factsOf({ mcpReq, sessionId }: ServerContext): RequestFacts {
  return { meta: mcpReq._meta, sessionId, signal: mcpReq.signal };
}

/** What is kept belongs to one caller, and comes and goes. */
const NEVER = { ttlMs: 0, cacheScope: 'private' } as const;
const NEVER_CACHED = { 'resources/list': NEVER, 'resources/read': NEVER } as const;

/** The tools in MCP's form, made once for each registry. */
function createList(source: ToolSource): () => McpTool[] {
  let made: { readonly registry: Registry; readonly tools: McpTool[] } | undefined;
  return () => {
    const { registry } = source;
    if (made?.registry !== registry) made = { registry, tools: registry.tools.map(toMcpTool) as unknown as McpTool[] };
    return made.tools;
  };
}

interface Exchange extends McpOptions {
  readonly server: Server;
  readonly context: ServerContext;
  readonly log: ClientLog;
  readonly render: Renderer;
}

async function callTool(
  source: ToolSource,
  params: { readonly name: string; readonly arguments?: unknown },
  call: Omit<CallContext, 'requestId'>,
  { server, context, log, render, progressEveryMs }: Exchange,
): Promise<CallToolResult | InputRequiredResult> {
  const token = context.mcpReq._meta?.progressToken;
  const report = token === undefined ? undefined : await watch(context, token, progressEveryMs);
  const say = log.sayer(context);
  const tool = source.registry.get(params.name);
  if (say && tool) say('info', describeTool(tool));
  try {
    const elicitation = await createElicitation(server, context, { logins: source.logins, tool });
    const early = await elicitation?.before();
    if (early) return early;
    const outcome = await source.call(params.name, params.arguments ?? {}, {
      ...call,
      ...(report ? { onProgress: report.pass } : {}),
      ...elicitation?.context(),
    });
    const required = await elicitation?.after(outcome);
    if (required) return required;
    say?.('info', describeOutcome(outcome));
    say?.('debug', `${params.name} was request ${outcome.requestId}`);
    if (server.getNegotiatedProtocolVersion() === STATELESS_REVISION) refuseMissingCapability(outcome);
    return await render(outcome);
  } catch (error) {
    if (error instanceof BridgeError && error.code === 'TOOL_UNKNOWN')
      throw new ProtocolError(INVALID_PARAMS, error.message);
    throw error;
  } finally {
    report?.end();
  }
}

/** What only some calls need is loaded by the first of them. */
async function watch(context: ServerContext, token: string | number, everyMs?: number): Promise<ProgressReport> {
  const { reportProgress } = await import('./progress.ts');
  return reportProgress(context, token, everyMs);
}
