import { BridgeError } from '../errors.ts';
import { canonical } from '../tool/fingerprint.ts';
import type { Tool } from '../tool/types.ts';
import type { Call } from './execute.ts';
import { type WantedInput, wantedInputOf } from './server-input.ts';
import type { CallFailure, CallResult, Content, ContentBlock, RawResponse, RequestPlan } from './types.ts';

/** Media type of an answer that is a JSON-RPC response, and not an HTTP body of its own. */
export const MCP_MEDIA_TYPE = 'application/vnd.mcp+json';

/** What goes out to a tool of an MCP server: its own name, and the arguments under the names it declares. */
export interface McpCall {
  readonly name: string;
  readonly arguments: { readonly [name: string]: unknown };
}

/** A JSON-RPC response without its envelope. */
export type McpAnswer =
  | {
      readonly result: { readonly content?: unknown; readonly structuredContent?: unknown; readonly isError?: unknown };
    }
  | { readonly error: { readonly code: number; readonly message: string; readonly data?: unknown } };

/**
 * `tools/call` as a plan: `mcp://<server>/<tool>`, and the arguments as a GET or any other method has them, in the query or
 * the body. So what only reads can be kept as other answers are. Arguments are checked already.
 */
export function planMcpCall(tool: Tool, args: { readonly [name: string]: unknown }): RequestPlan {
  const { method } = tool.request;
  const { server, name } = tool.remote!;
  const url = `mcp://${server}/${encodeURIComponent(name)}`;
  const own = canonical(ownNames(tool, args));
  if (method === 'GET') return { method, url: `${url}?${QUERY}${encodeURIComponent(own)}`, headers: [] };
  return { method, url, headers: [['content-type', 'application/json']], body: own };
}

const QUERY = 'arguments=';

/** What `planMcpCall` wrote. */
export function readMcpCall({ tool }: Pick<Call, 'tool'>, { url, body }: RequestPlan): McpCall {
  const written = body ?? decodeURIComponent(url.slice(url.indexOf(`?${QUERY}`) + QUERY.length + 1));
  return { name: tool.remote!.name, arguments: JSON.parse(String(written)) as McpCall['arguments'] };
}

function ownNames({ bindings }: Tool, args: { readonly [name: string]: unknown }): McpCall['arguments'] {
  const names = new Map(
    bindings.map(({ argument, target }) => [argument, target.kind === 'property' ? target.name : argument] as const),
  );
  const entries = Object.entries(args).map(([argument, value]) => [names.get(argument) ?? argument, value] as const);
  return Object.fromEntries(entries);
}

/**
 * An answer as the way of a call carries it. The statuses are stand-ins that audit, metrics and retries understand: 422 for a
 * tool that says it failed, 400 for a request that the server refused, 428 for one that it asks something about; none is
 * sent again, or kept.
 */
export function mcpResponse(answer: McpAnswer): RawResponse {
  return {
    status: statusOf(answer),
    statusText: '',
    headers: { 'content-type': MCP_MEDIA_TYPE },
    body: Buffer.from(JSON.stringify(answer)),
  };
}

function statusOf(answer: McpAnswer): number {
  if ('error' in answer) return 400;
  if (wantedInputOf(answer.result)) return 428;
  return answer.result.isError === true ? 422 : 200;
}

export function isMcpResponse({ headers }: RawResponse): boolean {
  return headers['content-type'] === MCP_MEDIA_TYPE;
}

/** What `mcpResponse` wrote, as the result of the call. */
export function readMcpResponse({ status, statusText, body }: RawResponse): CallResult {
  const answer = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()) as McpAnswer;
  if ('error' in answer) {
    const { code, message, data } = answer.error;
    return {
      kind: 'failed',
      error: {
        code: 'MCP_REFUSED',
        message: `The MCP server refused the request (${code}): ${message}`,
        hint: 'Read what it says; if the arguments are wrong, correct them and try again.',
        retryable: false,
        rpcCode: code,
        ...(data === undefined ? {} : { rpcData: data }),
      },
    };
  }
  const input = wantedInputOf(answer.result);
  if (input) return { kind: 'failed', error: inputRequired(input) };
  const { content, structuredContent, isError } = answer.result;
  const mcp: Content = {
    kind: 'mcp',
    blocks: Array.isArray(content) ? content.map(readBlock) : [],
    ...(structuredContent === undefined ? {} : { structured: structuredContent }),
  };
  return { kind: isError === true ? 'refused' : 'ok', status, statusText, content: mcp };
}

function inputRequired(input: WantedInput): CallFailure {
  const methods = Object.values(input.requests).map((request) => (request as { method?: unknown } | null)?.method);
  const asked = methods.length === 0 ? 'it wants to be called again' : `it asks for ${methods.join(', ')}`;
  const { code, message, hint } = new BridgeError('INPUT_REQUIRED', `The MCP server has not answered yet: ${asked}`);
  return { code, message, hint, retryable: false, input };
}

/** Blocks that are not as the protocol has them are shown as what they are. */
function readBlock(block: unknown): ContentBlock {
  const { type, text, data, mimeType, resource, uri, name } = (block ?? {}) as { readonly [member: string]: unknown };
  const known =
    (type === 'text' && typeof text === 'string') ||
    ((type === 'image' || type === 'audio') && typeof data === 'string' && typeof mimeType === 'string') ||
    (type === 'resource' && typeof (resource as { uri?: unknown } | undefined)?.uri === 'string') ||
    (type === 'resource_link' && typeof uri === 'string' && typeof name === 'string');
  return known ? (block as ContentBlock) : { type: 'text', text: JSON.stringify(block) ?? '' };
}
