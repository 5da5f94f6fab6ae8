import type { Readable } from 'node:stream';
import type { JSONRPCMessage, RequestId, Server } from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import type { McpServers } from '../mcp/server.ts';
import type { MessageInput } from './message-input.ts';
import type { StdioOutput } from './stdio-output.ts';

export interface SdkOptions {
  readonly servers: McpServers;
  readonly input: MessageInput;
  readonly output: StdioOutput;
  /** Requests that come once more, and have their answers. */
  readonly answered: ReadonlySet<RequestId>;
  readonly onAnswer: (id: RequestId) => void;
}

/** The SDK's protocol layer on the connection over stdin and stdout. */
export interface SdkConnection {
  /** The server that it was opened with, once it is. */
  server(): Server | undefined;
}

export function connectSdk(options: SdkOptions): SdkConnection {
  /** One a connection, but that the SDK may make another to tell the generations apart. */
  let server: Server | undefined;
  serveStdio(
    ({ era }) => {
      server = options.servers.create(era === 'legacy');
      return server;
    },
    { transport: new Transport(options) },
  );
  return { server: () => server };
}

/** The SDK's transport, but that what it sends is written by ours. */
class Transport extends StdioServerTransport {
  readonly #options: SdkOptions;
  readonly #answered: Set<RequestId>;

  constructor(options: SdkOptions) {
    // The transport listens and pauses; it needs no more of a stream than that.
    super(options.input as unknown as Readable, process.stdout, { maxBufferSize: Number.POSITIVE_INFINITY });
    this.#options = options;
    this.#answered = new Set(options.answered);
  }

  override send(message: JSONRPCMessage): Promise<void> {
    if ('id' in message && !('method' in message)) {
      if (this.#answered.delete(message.id!)) return Promise.resolve();
      this.#options.onAnswer(message.id!);
    }
    return this.#options.output.send(message);
  }

  override async close(): Promise<void> {
    this.#options.output.flush();
    await super.close();
  }
}
