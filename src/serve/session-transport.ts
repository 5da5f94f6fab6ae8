import type { ServerResponse } from 'node:http';
import {
  type JSONRPCMessage,
  type JSONRPCRequest,
  type JSONRPCResultResponse,
  type RequestId,
  type TransportSendOptions,
  WebStandardStreamableHTTPServerTransport,
  type WebStandardStreamableHTTPServerTransportOptions,
} from '@modelcontextprotocol/server';
import type { QuickCalls } from '../mcp/quick-call.ts';
import { Abort, type Signal } from '../signal.ts';
import { McpReply } from './mcp-reply.ts';
import { isEmptyList } from './prepared-list.ts';

export interface SessionTransportOptions extends WebStandardStreamableHTTPServerTransportOptions {
  /** See `McpReply.end`. */
  readonly listBytes: () => Uint8Array;
  /** See `QuickCalls`. */
  readonly quick: (message: JSONRPCRequest, signal: Signal) => ReturnType<QuickCalls>;
}

interface UnderWay {
  readonly reply: McpReply;
  /** Of a call that is no request of the SDK's. */
  end?: Abort;
}

/**
 * The SDK's transport of one session (revisions before 2026-07-28), but that calls are answered straight into their HTTP
 * responses: as JSON, or as a stream once something else goes before the result. All the rest goes the SDK's way.
 */
export class SessionTransport extends WebStandardStreamableHTTPServerTransport {
  readonly #listBytes: () => Uint8Array;
  readonly #quick: SessionTransportOptions['quick'];
  readonly #underWay = new Map<RequestId, UnderWay>();

  constructor({ listBytes, quick, ...options }: SessionTransportOptions) {
    super(options);
    this.#listBytes = listBytes;
    this.#quick = quick;
  }

  /** Calls under way. */
  get busy(): boolean {
    return this.#underWay.size > 0;
  }

  /** False when a request of this id is under way: then nothing happens. A client that hangs up cancels its call. */
  answerDirectly(message: JSONRPCRequest, response: ServerResponse): boolean {
    if (this.#underWay.has(message.id)) return false;
    const reply = new McpReply(response, { 'mcp-session-id': this.sessionId! });
    const call: UnderWay = { reply };
    this.#underWay.set(message.id, call);
    if (this.#answerQuickly(message, call)) return true;
    reply.onDisconnect(() => {
      this.#underWay.delete(message.id);
      const params = { requestId: message.id, reason: 'The client hung up' };
      this.onmessage?.({ jsonrpc: '2.0', method: 'notifications/cancelled', params });
    });
    this.onmessage?.(message);
    return true;
  }

  #answerQuickly(message: JSONRPCRequest, call: UnderWay): boolean {
    const { id } = message;
    const end = new Abort();
    const answering = this.#quick(message, end);
    if (!answering) return false;
    call.end = end;
    call.reply.onDisconnect(() => {
      this.#underWay.delete(id);
      end.abort(new Error('The client hung up'));
    });
    void answering.then((answer) => {
      if (answer && this.#underWay.delete(id)) call.reply.end(answer);
    });
    return true;
  }

  /** A cancelled call has no result (MCP "Cancellation"), but its HTTP request must end. */
  abandon(id: RequestId): void {
    const call = this.#underWay.get(id);
    this.#underWay.delete(id);
    call?.end?.abort(new Error('The client has cancelled the call'));
    call?.reply.abandon();
  }

  override async close(): Promise<void> {
    for (const id of [...this.#underWay.keys()]) this.abandon(id);
    await super.close();
  }

  override async send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    const ends = 'result' in message || 'error' in message;
    const id = ends ? message.id : options?.relatedRequestId;
    const reply = id === undefined ? undefined : this.#underWay.get(id)?.reply;
    if (!reply) return super.send(this.#withList(message), id === undefined ? {} : { relatedRequestId: id });
    if (!ends) return reply.notify(message);
    this.#underWay.delete(id!);
    reply.end(message, 200, this.#listBytes);
  }

  /** A list that goes the SDK's way after all. */
  #withList(message: JSONRPCMessage): JSONRPCMessage {
    if (!isEmptyList(message)) return message;
    const tools: unknown = JSON.parse(Buffer.from(this.#listBytes()).toString());
    return { ...message, result: { ...(message as JSONRPCResultResponse).result, tools } };
  }
}
