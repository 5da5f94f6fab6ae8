import type { JSONRPCMessage, JSONRPCRequest, RequestId, Server } from '@modelcontextprotocol/server';
import type { McpServers } from '../mcp/server.ts';
import { Abort } from '../signal.ts';

export interface QuickLaneOptions {
  readonly servers: McpServers;
  /** The SDK's server of this connection, once there is one. */
  readonly server: () => Server | undefined;
  readonly send: (message: JSONRPCMessage) => Promise<void>;
}

/** Plain calls of one connection, and their cancellation, past the SDK's protocol layer (`QuickCalls`). */
export interface QuickLane {
  /** False: the line is for the SDK. */
  take(line: Uint8Array): boolean;
  /** Nobody waits for answers any more. */
  close(): void;
}

export function createQuickLane({ servers, server, send }: QuickLaneOptions): QuickLane {
  const underWay = new Map<RequestId, Abort>();
  let closed = false;

  function begin(message: JSONRPCRequest): boolean {
    const connected = server();
    if (closed || !connected || underWay.has(message.id)) return false;
    const end = new Abort();
    const answering = servers.quickOn(connected, message, { signal: end });
    if (!answering) return false;
    underWay.set(message.id, end);
    void answering.then((answer) => {
      underWay.delete(message.id);
      if (answer) send(answer).catch(() => undefined);
    });
    return true;
  }

  function cancel(id: unknown): boolean {
    const end = underWay.get(id as RequestId);
    end?.abort(new Error('The client has cancelled the call'));
    return end !== undefined;
  }

  return {
    take(line) {
      const message = parse(line);
      if (message?.jsonrpc !== '2.0') return false;
      if (message.method === 'notifications/cancelled') return cancel(message.params?.['requestId']);
      if (message.method !== 'tools/call' || !(typeof message.id === 'string' || Number.isInteger(message.id)))
        return false;
      return begin(message as JSONRPCRequest);
    },
    close() {
      closed = true;
      for (const end of underWay.values()) end.abort(new Error('The connection has ended'));
    },
  };
}

/** What is no JSON the SDK finds out as well. */
function parse(line: Uint8Array): Partial<JSONRPCRequest> | undefined {
  try {
    return JSON.parse(Buffer.from(line.buffer, line.byteOffset, line.length).toString()) as Partial<JSONRPCRequest>;
  } catch {
    return undefined;
  }
}
