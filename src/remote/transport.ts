import { SSEClientTransport, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { NetError } from '../net/errors.ts';
import type { GuardedFetch } from '../net/guarded-fetch.ts';
import { DEPTH_VARIABLE, depthIn } from './depth.ts';
import type { ServerTarget } from './types.ts';

export interface TransportOptions {
  /** Makes the way to the network for a server that is reached by URL. */
  readonly openFetch: (url: string, onBroken: (error: NetError) => void) => Promise<GuardedFetch>;
  /** What a process writes to stderr, line by line. */
  readonly onStderr: (line: string) => void;
  /** The other end is gone, in a way that the SDK's transport does not tell. */
  readonly onLost: (error: Error) => void;
}

export interface OpenTransport {
  readonly transport: Transport;
  /** Before it is closed of our own will: ends a session that the server keeps (MCP "Session Management"). */
  leave(): Promise<void>;
  /** After the transport has been closed. */
  release(): Promise<void>;
}

/** A transport to the server, not started yet. */
export async function openTransport(target: ServerTarget, options: TransportOptions): Promise<OpenTransport> {
  if (target.kind === 'stdio') return { transport: spawning(target, options), leave: nothing, release: nothing };
  const guarded = await options.openFetch(target.url, options.onLost);
  const fetch: typeof guarded.fetch = (url, init) =>
    guarded.fetch(url, init).catch((error: NetError) => {
      if (error.kind !== 'cancelled') options.onLost(error);
      throw error;
    });
  const shared = { fetch, requestInit: { headers: { ...target.headers } } };
  const url = new URL(target.url);
  const release = () => guarded.close();
  if (target.kind === 'sse') return { transport: new SSEClientTransport(url, shared), leave: nothing, release };
  const transport = new StreamableHTTPClientTransport(url, shared);
  return { transport, leave: () => atMost(LEAVE_MS, transport.terminateSession()), release };
}

const LEAVE_MS = 1_000;
const nothing = async () => undefined;

/** Waits for what may fail and may take too long: neither matters. */
function atMost(ms: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    work
      .catch(() => undefined)
      .finally(() => {
        clearTimeout(timer);
        resolve();
      });
  });
}

/**
 * The SDK probes a plain `StdioClientTransport` on a second process that it starts for that alone; servers begin with
 * installing themselves, or with locks. A subclass is probed on the process that stays.
 */
class ProcessTransport extends StdioClientTransport {}

function spawning(target: Extract<ServerTarget, { kind: 'stdio' }>, { onStderr }: TransportOptions): Transport {
  const transport = new ProcessTransport({
    command: target.command,
    args: [...target.args],
    env: { ...target.env, [DEPTH_VARIABLE]: String(depthIn(process.env) + 1) },
    stderr: 'pipe',
    ...(target.cwd === undefined ? {} : { cwd: target.cwd }),
  });
  readLines(transport.stderr!, onStderr);
  return transport;
}

const MAX_LINE = 2_000;

function readLines(stream: NonNullable<StdioClientTransport['stderr']>, onLine: (line: string) => void): void {
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('utf8')).split(/\r?\n/);
    rest = lines.pop()!.slice(-MAX_LINE);
    for (const line of lines) if (line.trim() !== '') onLine(line.slice(0, MAX_LINE));
  });
  stream.on('error', () => undefined);
  stream.on('end', () => {
    if (rest.trim() !== '') onLine(rest);
  });
}
