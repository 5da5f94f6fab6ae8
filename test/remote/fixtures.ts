import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Log } from '../../src/log.ts';
import type { ServerTarget } from '../../src/remote/types.ts';

/** The fixture servers of both generations. */
export const GENERATIONS = ['first', 'second'] as const;
export type Generation = (typeof GENERATIONS)[number];

export function serverScript(name: string): string {
  return resolve(import.meta.dirname, 'servers', `${name}.mjs`);
}

export function stdioTarget(generation: string, env: { readonly [name: string]: string } = {}): ServerTarget {
  return { kind: 'stdio', command: process.execPath, args: [serverScript(generation)], env };
}

export interface HttpFixture {
  readonly target: ServerTarget & { readonly kind: 'http' };
  readonly port: number;
  kill(): Promise<void>;
}

/** Starts a fixture server on a port of 127.0.0.1; 0: a free one. */
export async function startHttpServer(
  generation: Generation,
  port = 0,
  env: { readonly [name: string]: string } = {},
): Promise<HttpFixture> {
  const child = spawn(process.execPath, [serverScript(generation)], {
    env: { ...process.env, ...env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await firstLine(child);
  const url = `http://127.0.0.1:${line}/mcp`;
  return {
    port: Number(line),
    target: { kind: 'http', url, headers: {} },
    kill: () => ended(child, 'SIGKILL'),
  };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((settle, reject) => {
    child.once('error', reject).once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    child.stdout!.setEncoding('utf8').once('data', (text: string) => settle(text.trim()));
  });
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise<void>((settle) => child.once('exit', () => settle()));
  child.kill(signal);
  await exit;
}

export interface Journal {
  readonly path: string;
  lines(): readonly string[];
  /** Resolves as soon as the servers have written so many lines that begin so. */
  until(begin: string, count: number): Promise<readonly string[]>;
  remove(): void;
}

/** What the fixture servers were asked to do, written by themselves. */
export function createJournal(): Journal {
  const folder = mkdtempSync(join(tmpdir(), 'actionbridge-remote-'));
  const path = join(folder, 'journal');
  const lines = () => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []);
  return {
    path,
    lines,
    async until(begin, count) {
      for (;;) {
        const found = lines().filter((line) => line.startsWith(begin));
        if (found.length >= count) return found;
        await new Promise((settle) => setTimeout(settle, 5));
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A log that is kept. */
export function createMemoryLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const say = (message: string) => void lines.push(message);
  const log: Log = { error: say, warn: say, info: say, debug: say, with: () => log, flush: () => undefined };
  return { log, lines };
}
