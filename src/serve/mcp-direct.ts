import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import {
  type JSONRPCMessage,
  type JSONRPCRequest,
  type MessageClassification,
  PerRequestHTTPServerTransport,
  type RequestId,
  type TransportSendOptions,
} from '@modelcontextprotocol/server';
import { MISSING_CAPABILITY } from '../call/server-input.ts';
import { META, STATELESS_REVISION } from '../mcp/protocol.ts';
import type { McpServers } from '../mcp/server.ts';
import { Abort } from '../signal.ts';
import { McpReply } from './mcp-reply.ts';

const CLASSIFICATION: MessageClassification = { era: 'modern', revision: STATELESS_REVISION };

/**
 * The requests that come by the thousand, and that are exactly as they must be: body and headers say the same (MCP
 * 2026-07-28 "Server Validation"). They need no look from the SDK's HTTP handler, which answers all others and all errors.
 */
export function isPlainStateless(body: unknown, headers: IncomingHttpHeaders): body is JSONRPCRequest {
  if (headers['mcp-protocol-version'] !== STATELESS_REVISION || !isToolRequest(body)) return false;
  const { method, params } = body;
  const name = method === 'tools/call' ? params?.['name'] : undefined;
  if (headers['mcp-method'] !== method || headers['mcp-name'] !== name) return false;
  return params?._meta?.[META.protocolVersion] === STATELESS_REVISION;
}

/** A well-formed JSON-RPC request for `tools/call` or `tools/list`. */
export function isToolRequest(body: unknown): body is JSONRPCRequest {
  if (typeof body !== 'object' || body === null) return false;
  const { jsonrpc, id, method, params } = body as Partial<JSONRPCRequest>;
  if (jsonrpc !== '2.0' || !(typeof id === 'string' || Number.isInteger(id))) return false;
  if (method === 'tools/call') return typeof params === 'object' && typeof params?.['name'] === 'string';
  return method === 'tools/list' && (params === undefined || (typeof params === 'object' && params !== null));
}

/**
 * Answers one request straight into the HTTP response, without the detour over the web's Request and Response: a plain call
 * at once, anything else by a fresh server of the SDK. `listBytes`: see `McpReply.end`.
 */
export async function answerDirectly(
  servers: McpServers,
  message: JSONRPCRequest,
  exchange: { readonly response: ServerResponse; readonly listBytes: () => Uint8Array },
): Promise<void> {
  const reply = new McpReply(exchange.response);
  const gone = new Abort();
  const answering = servers.quick(message, gone);
  if (answering) {
    reply.onDisconnect(() => gone.abort(new Error('The client hung up')));
    const answer = await answering;
    if (answer) reply.end(answer, 'error' in answer ? statusOf(answer.error.code) : 200);
    return;
  }
  const transport = new DirectTransport(message.id, reply, exchange.listBytes);
  await servers.create().connect(transport);
  transport.dispatch(message);
}

/** Extends the SDK's transport for one exchange because that is how a server learns the revision it is to serve. */
class DirectTransport extends PerRequestHTTPServerTransport {
  readonly #id: RequestId;
  readonly #reply: McpReply;
  readonly #listBytes: () => Uint8Array;
  #dispatching = false;

  constructor(id: RequestId, reply: McpReply, listBytes: () => Uint8Array) {
    super({ classification: CLASSIFICATION });
    this.#id = id;
    this.#reply = reply;
    this.#listBytes = listBytes;
    reply.onDisconnect(() => void this.close());
  }

  dispatch(message: JSONRPCRequest): void {
    this.#dispatching = true;
    try {
      this.onmessage?.(message, { classification: CLASSIFICATION });
    } finally {
      this.#dispatching = false;
    }
  }

  override async send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    if ('result' in message) return this.#reply.end(message, 200, this.#listBytes);
    if ('error' in message) return this.#reply.end(message, this.#statusOf(message.error.code));
    if (options?.relatedRequestId === this.#id) this.#reply.notify(message);
  }

  /** What the protocol layer refuses before the handler is a bad request, and so is a missing capability (2026-07-28). */
  #statusOf(code: number): number {
    return this.#dispatching ? 400 : statusOf(code);
  }
}

/** Of an error that the handler of a request throws. */
function statusOf(code: number): number {
  return code === MISSING_CAPABILITY ? 400 : 200;
}
