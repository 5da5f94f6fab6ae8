import { Console } from 'node:console';
import type { Bridge } from '../bridge.ts';
import { BridgeError } from '../errors.ts';
import { MessageInput } from './message-input.ts';
import { openStdioConnection } from './stdio-connection.ts';
import { StdioOutput } from './stdio-output.ts';

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
  let tooLong: ((bytes: number) => void) | undefined;
  const input = new MessageInput(process.stdin, (bytes) => tooLong?.(bytes));
  const output = new StdioOutput(() => bridge.registry.listBytes());
  const connection = openStdioConnection({ bridge, listChanged, input, output });
  const stopListening = bridge.onChange(connection.tell);
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
  try {
    const graceMs = await ended;
    if (graceMs === AFTER_END_MS) {
      input.takeRest();
      await connection.settled(graceMs);
    }
    await nextTurn();
    await bridge.drain(graceMs);
    await nextTurn();
  } finally {
    stopListening();
    connection.close();
    input.finish();
    output.flush();
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
