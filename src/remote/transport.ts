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
  /** After the transport has been closed. */
  release(): Promise<void>;
}

/** A transport to the server, not started yet. */
export async function openTransport(target: ServerTarget, options: TransportOptions): Promise<OpenTransport> {
  if (target.kind === 'stdio') return { transport: spawning(target, options), release: async () => undefined };
  const guarded = await options.openFetch(target.url, options.onLost);
  const fetch: typeof guarded.fetch = (url, init) =>
    guarded.fetch(url, init).catch((error: NetError) => {
      if (error.kind !== 'cancelled') options.onLost(error);
      throw error;
    });
  const shared = { fetch, requestInit: { headers: { ...target.headers } } };
  const url = new URL(target.url);
  const transport =
    target.kind === 'http' ? new StreamableHTTPClientTransport(url, shared) : new SSEClientTransport(url, shared);
  return { transport, release: () => guarded.close() };
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
