import { Console } from 'node:console';
import type { Server } from '@modelcontextprotocol/server';
import { serveStdio as serve } from '@modelcontextprotocol/server/stdio';
import type { Bridge } from '../bridge.ts';
import { BridgeError } from '../errors.ts';
import { createMcpServers } from '../mcp/server.ts';
import { tellChanged } from '../mcp/tell.ts';
import { readLocalFile } from './local-files.ts';
import { MessageInput } from './message-input.ts';
import { PreparedListTransport } from './prepared-list-transport.ts';
import { createQuickLane } from './quick-lane.ts';

export interface StdioOptions {
  /** Tools may change while this serves, and the client is told. */
  readonly listChanged?: boolean;
  /** Resolves when the process is asked to stop. */
  readonly stopped?: Promise<void>;
}

/** A client that has closed its end may still read answers, for so long. */
const AFTER_END_MS = 1_000;
/** SECURITY.md, Defaults: shutdown. */
const DRAIN_MS = 10_000;

/**
 * MCP over stdin and stdout, both generations, until the client closes stdin or stdout, or the process is asked to stop; calls
 * under way may end. Throws USAGE for a message that is too long.
 */
export async function serveStdio(bridge: Bridge, { listChanged = false, stopped }: StdioOptions = {}): Promise<void> {
  keepOffStdout();
  const served = createMcpServers(bridge, {
    surface: 'stdio',
    readFile: readLocalFile,
    listIsWrittenByTransport: true,
    listChanged,
  });
  let tooLong: ((bytes: number) => void) | undefined;
  const input = new MessageInput(process.stdin, (bytes) => tooLong?.(bytes));
  const transport = new PreparedListTransport(input, () => bridge.registry.listBytes());
  /** One a connection, but that the SDK may make another to tell the generations apart. */
  const servers: Server[] = [];
  const lane = createQuickLane({
    servers: served,
    server: () => servers.at(-1),
    send: (message) => transport.send(message),
  });
  input.offerTo(lane.take);
  const stopListening = bridge.onChange((part) => {
    for (const server of servers) void tellChanged(server, part).catch(() => undefined);
  });
  const ended = new Promise<number>((resolve, reject) => {
    tooLong = (bytes) =>
      reject(
        new BridgeError('USAGE', `A message on standard input is longer than ${bytes / 2 ** 20} MiB`, {
          hint: 'Send one JSON-RPC message a line, and larger files in parts.',
        }),
      );
    process.stdin.once('end', () => resolve(AFTER_END_MS)).once('close', () => resolve(AFTER_END_MS));
    // Nobody reads any more: EPIPE says so, again at each write.
    process.stdout.on('error', () => resolve(0));
    void stopped?.then(() => resolve(DRAIN_MS));
  });
  serve(
    ({ era }) => {
      const server = served.create(era === 'legacy');
      servers.push(server);
      return server;
    },
    { transport },
  );
  try {
    const graceMs = await ended;
    if (graceMs === AFTER_END_MS) input.takeRest();
    await nextTurn();
    await bridge.drain(graceMs);
    await nextTurn();
  } finally {
    stopListening();
    lane.close();
    input.finish();
    process.stdin.destroy();
  }
}

/** Messages that have arrived become calls, and results become answers, before the next turn of the loop. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}

/** stdout is the wire: what a library prints goes to stderr. */
function keepOffStdout(): void {
  globalThis.console = new Console(process.stderr);
}
