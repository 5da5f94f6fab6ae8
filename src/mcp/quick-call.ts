import type {
  CallToolResult,
  ClientCapabilities,
  Implementation,
  JSONRPCRequest,
  JSONRPCResponse,
} from '@modelcontextprotocol/server';
import type { CallOutcome } from '../bridge.ts';
import type { Signal } from '../signal.ts';
import type { Tool } from '../tool/types.ts';
import { askableOf } from './askable.ts';
import { callContextOf } from './call-context.ts';
import { refuseMissingCapability } from './missing-capability.ts';
import { INTERNAL_ERROR, META, STATELESS_REVISION } from './protocol.ts';
import type { McpOptions, ToolSource } from './server.ts';

/** What a client said at `initialize`, and since. */
export interface ConnectedClient {
  readonly capabilities: ClientCapabilities;
  /** It has asked for log messages. */
  readonly listens: boolean;
  readonly sessionId?: string;
}

/**
 * Answers a `tools/call` that needs nothing of its client but to wait: no progress, no log messages, no question to a person.
 * The answer is what the SDK's server would send (`test/mcp/quick-call.test.ts` compares them), at a tenth of what it costs: it
 * checks a request against schemas, builds a context of closures for its handler, and checks the result. Undefined at once for any other
 * request, and for what is not exactly as it must be: those are for the SDK. Resolves to undefined when `signal` ended the call.
 * `client`: absent for 2026-07-28.
 */
export type QuickCalls = (
  request: JSONRPCRequest,
  signal: Signal,
  client?: ConnectedClient,
) => Promise<JSONRPCResponse | undefined> | undefined;

export interface QuickCallOptions extends Pick<McpOptions, 'surface' | 'readFile'> {
  readonly info: Implementation;
  readonly render: (outcome: CallOutcome) => CallToolResult | Promise<CallToolResult>;
}

type Meta = { readonly [key: string]: unknown };

export function createQuickCalls(source: ToolSource, options: QuickCallOptions): QuickCalls {
  const { info, render } = options;

  return (request, signal, client) => {
    const { params } = request;
    if (request.method !== 'tools/call' || !isRecord(params) || !isPlain(params)) return undefined;
    const { name, arguments: args = {}, _meta: meta } = params;
    const tool = source.registry.get(name);
    if (!tool) return undefined;
    const capabilities = client ? capabilitiesOfSession(client, meta) : capabilitiesIn(meta);
    if (!capabilities || mayAsk(capabilities, tool, source)) return undefined;
    return answer();

    async function answer(): Promise<JSONRPCResponse | undefined> {
      try {
        const context = callContextOf(options, { meta, sessionId: client?.sessionId, signal });
        const outcome = await source.call(name, args, context);
        if (!client) refuseMissingCapability(outcome);
        const rendering = render(outcome);
        const result = rendering instanceof Promise ? await rendering : rendering;
        if (signal.aborted) return undefined;
        return { jsonrpc: '2.0', id: request.id, result: client ? result : stamped(result, info) };
      } catch (error) {
        if (signal.aborted) return undefined;
        return { jsonrpc: '2.0', id: request.id, error: errorOf(error) };
      }
    }
  };
}

interface PlainParams {
  readonly name: string;
  readonly arguments?: { readonly [name: string]: unknown };
  readonly _meta?: Meta;
}

const MEMBERS = new Set(['name', 'arguments', '_meta']);

function isPlain(params: { readonly [name: string]: unknown }): params is typeof params & PlainParams {
  for (const member of Object.keys(params)) if (!MEMBERS.has(member)) return false;
  const { name, arguments: args, _meta: meta } = params;
  if (typeof name !== 'string' || !(args === undefined || isRecord(args))) return false;
  if (meta === undefined) return true;
  return isRecord(meta) && !('progressToken' in meta) && !(META.logLevel in meta) && !(META.relatedTask in meta);
}

function capabilitiesOfSession(client: ConnectedClient, meta: Meta | undefined): ClientCapabilities | undefined {
  if (client.listens) return undefined;
  const saysMore = meta && (META.protocolVersion in meta || META.clientInfo in meta || META.clientCapabilities in meta);
  return saysMore ? undefined : client.capabilities;
}

/** As far as they are needed here; undefined unless all of what has to be there is (2026-07-28, "_meta"). */
export function capabilitiesIn(meta: Meta | undefined): ClientCapabilities | undefined {
  if (meta?.[META.protocolVersion] !== STATELESS_REVISION) return undefined;
  const { [META.clientCapabilities]: capabilities, [META.clientInfo]: about } = meta;
  if (!isRecord(capabilities) || !(about === undefined || isNamed(about))) return undefined;
  for (const capability of Object.values(capabilities)) if (!isRecord(capability)) return undefined;
  return capabilities;
}

const ABOUT = new Set(['name', 'version', 'title']);

function isNamed(about: unknown): boolean {
  if (!isRecord(about) || typeof about['name'] !== 'string' || typeof about['version'] !== 'string') return false;
  return Object.keys(about).every((member) => ABOUT.has(member) && typeof about[member] === 'string');
}

/** Whether the client may have to be asked something: for consent, to log in, or what the tool's MCP server wants to know. */
function mayAsk(capabilities: ClientCapabilities, { confirmation, remote }: Tool, { logins }: ToolSource): boolean {
  if (remote && askableOf(capabilities)) return true;
  const { elicitation } = capabilities;
  if (!elicitation) return false;
  return confirmation !== undefined || (logins !== undefined && elicitation.url !== undefined);
}

/** What results of 2026-07-28 hold besides. */
function stamped(result: CallToolResult, info: Implementation): CallToolResult {
  return { resultType: 'complete', ...result, _meta: { [META.serverInfo]: info, ...result._meta } };
}

function errorOf(error: unknown): { readonly code: number; readonly message: string; readonly data?: unknown } {
  const { code, message, data } = error as {
    readonly code?: unknown;
    readonly message?: string;
    readonly data?: unknown;
  };
  return {
    code: Number.isSafeInteger(code) ? (code as number) : INTERNAL_ERROR,
    message: message ?? 'Internal error',
    ...(data === undefined ? {} : { data }),
  };
}

export function isRecord(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
