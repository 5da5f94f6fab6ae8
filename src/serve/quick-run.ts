import type { JSONRPCMessage, JSONRPCRequest, RequestId } from '@modelcontextprotocol/server';
import type { QuickCalls } from '../mcp/quick-call.ts';
import { Abort, type Signal } from '../signal.ts';

export interface QuickRunOptions {
  /** Undefined: not a call for here. */
  readonly call: (request: JSONRPCRequest, signal: Signal) => ReturnType<QuickCalls>;
  readonly send: (message: JSONRPCMessage) => void;
}

/** Plain calls of one connection under way past the SDK's protocol layer (`QuickCalls`), and their cancellation. */
export interface QuickRun {
  /** False: the request is for the SDK. */
  begin(request: JSONRPCRequest): boolean;
  /** False: no call of that id is under way here. */
  cancel(id: unknown): boolean;
  /** Nobody waits for answers any more. */
  close(): void;
}

export function createQuickRun({ call, send }: QuickRunOptions): QuickRun {
  const underWay = new Map<RequestId, Abort>();
  let closed = false;
  return {
    begin(request) {
      if (closed || underWay.has(request.id)) return false;
      const end = new Abort();
      const answering = call(request, end);
      if (!answering) return false;
      underWay.set(request.id, end);
      void answering.then((answer) => {
        underWay.delete(request.id);
        if (answer) send(answer);
      });
      return true;
    },
    cancel(id) {
      const end = underWay.get(id as RequestId);
      end?.abort(new Error('The client has cancelled the call'));
      return end !== undefined;
    },
    close() {
      closed = true;
      for (const end of underWay.values()) end.abort(new Error('The connection has ended'));
    },
  };
}
