import { type ChildProcess, spawn } from 'node:child_process';
import { BUNDLE, CACHE_ENVIRONMENT } from '../support/bridge-process.ts';

export interface Message {
  readonly id?: number;
  readonly result?: { readonly content?: readonly { readonly text?: string }[]; readonly isError?: boolean };
  readonly error?: { readonly code: number; readonly message: string };
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly at: number;
}

/** The built command on stdio, byte by byte: what it is sent and what it writes. */
export interface BridgeWire {
  readonly child: ChildProcess;
  readonly exited: Promise<Ended>;
  stdout(): string;
  stderr(): string;
  write(text: string): void;
  /** Sends a request; resolves to its answer, or to undefined when there is none before the end. */
  request(method: string, params: object): Promise<Message | undefined>;
  call(tool: string, args: object): Promise<Message | undefined>;
  closeStdin(): void;
}

export async function startWire(
  config: string,
  {
    node = [],
    env = {},
  }: { readonly node?: readonly string[]; readonly env?: { readonly [name: string]: string } } = {},
): Promise<BridgeWire> {
  const child = spawn(process.execPath, [...node, BUNDLE, 'serve', '--config', config], {
    env: { ...process.env, ...CACHE_ENVIRONMENT, ...env },
    stdio: 'pipe',
  });
  const text = { stdout: '', stderr: '', line: '' };
  const waiting = new Map<number, (message: Message | undefined) => void>();
  child.stdin.on('error', () => undefined);
  child.stderr.setEncoding('utf8').on('data', (more: string) => {
    text.stderr += more;
  });
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text.stdout += more;
    const lines = (text.line + more).split('\n');
    text.line = lines.pop()!;
    for (const line of lines) {
      const message = parse(line);
      if (message?.id === undefined) continue;
      waiting.get(message.id)?.(message);
      waiting.delete(message.id);
    }
  });
  const exited = new Promise<Ended>((resolve) =>
    child.once('close', (code, signal) => {
      for (const settle of waiting.values()) settle(undefined);
      resolve({ code, signal, at: performance.now() });
    }),
  );
  let id = 0;
  const write = (line: string) => void child.stdin.write(line);
  const request = (method: string, params: object) =>
    new Promise<Message | undefined>((resolve) => {
      id++;
      waiting.set(id, resolve);
      write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    });
  const wire: BridgeWire = {
    child,
    exited,
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    write,
    request,
    call: (name, args) => request('tools/call', { name, arguments: args }),
    closeStdin: () => void child.stdin.end(),
  };
  await wire.request('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'attack', version: '1' },
  });
  write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`);
  return wire;
}

function parse(line: string): Message | undefined {
  try {
    return JSON.parse(line) as Message;
  } catch {
    return undefined;
  }
}

/** The lines of stdout that are no JSON-RPC message. */
export function strayLines(stdout: string): readonly string[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .filter((line) => {
      const message = parse(line) as { jsonrpc?: string } | undefined;
      return message?.jsonrpc !== '2.0';
    });
}
