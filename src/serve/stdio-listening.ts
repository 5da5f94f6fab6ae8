import type { JSONRPCRequest, RequestId } from '@modelcontextprotocol/server';
import type { Bridge } from '../bridge.ts';
import { createResourceListeners, type Listening } from '../mcp/resource-listeners.ts';

export interface StdioListeningOptions {
  readonly source: Pick<Bridge, 'resources'>;
  /** To the SDK, which acknowledges it. */
  readonly pass: (request: JSONRPCRequest) => void;
  readonly tell: (uri: string) => void;
}

/** The `subscriptions/listen` requests of the one connection, and the resources that are watched for them. */
export interface StdioListening {
  begin(request: JSONRPCRequest): void;
  /** Of any request: it is cancelled, or answered. */
  end(id: RequestId): void;
  close(): void;
}

export function createStdioListening({ source, pass, tell }: StdioListeningOptions): StdioListening {
  const listeners = createResourceListeners(tell);
  const open = new Map<RequestId, Promise<Listening>>();

  function end(id: RequestId): void {
    void open.get(id)?.then((listening) => listening.end());
    open.delete(id);
  }

  return {
    begin(request) {
      const beginning = listeners.begin(request, source);
      open.set(request.id, beginning);
      void beginning.then((listening) => {
        if (open.get(request.id) === beginning) pass(listening.request);
      });
    },
    end,
    close() {
      for (const id of open.keys()) end(id);
    },
  };
}
