import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');

/** The built command; `npm test` builds it first. */
export const BUNDLE = resolve(ROOT, 'dist/actionbridge.mjs');

const CACHE_FOLDER = mkdtempSync(join(tmpdir(), 'actionbridge-test-'));
afterAll(() => rmSync(CACHE_FOLDER, { recursive: true, force: true }));

/** A cache folder for one test file alone: what an earlier build compiled must not be served by this one. */
export const CACHE_ENVIRONMENT: { readonly [name: string]: string } = { XDG_CACHE_HOME: CACHE_FOLDER };

/** Absolute path of a file of this repository. */
export function repositoryFile(path: string): string {
  return resolve(ROOT, path);
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly stdin?: string;
  readonly env?: { readonly [name: string]: string };
}

/** Runs the built command to its end. */
export async function runBridge(words: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const child = spawn(process.execPath, [BUNDLE, ...words], {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, ...CACHE_ENVIRONMENT, ...options.env },
    stdio: 'pipe',
  });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text;
    });
  }
  child.stdin.on('error', () => undefined).end(options.stdin ?? '');
  const code = await new Promise<number | null>((settle, reject) => child.once('error', reject).once('close', settle));
  return { code, ...output };
}

/** The built command, serving over HTTP. */
export interface RunningBridge {
  /** Without a slash at the end. */
  readonly url: string;
  readonly token: string;
  readonly pid: number;
  /** What it has said so far. */
  readonly stderr: () => string;
  /** SIGTERM, unless said otherwise; resolves when it has ended. */
  stop(signal?: NodeJS.Signals): Promise<Finished>;
}

export const TEST_TOKEN = 'test-token-0123456789abcdef';

export interface StartOptions extends RunOptions {
  /** No token is given on the command line. */
  readonly generateToken?: boolean;
  /** The port stands in the config. */
  readonly withoutPort?: boolean;
}

/** Starts the built command with `--http 0` and a token, unless words or options say otherwise; resolves when it listens. */
export async function startBridge(words: readonly string[], options: StartOptions = {}): Promise<RunningBridge> {
  const http = words.includes('--http') || options.withoutPort ? [] : ['--http', '0'];
  const hasToken = options.generateToken || words.includes('--no-auth') || words.includes('--token');
  const token = hasToken ? [] : ['--token', TEST_TOKEN];
  const child = spawn(process.execPath, [BUNDLE, ...words, ...http, ...token], {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, ...CACHE_ENVIRONMENT, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  const ended = new Promise<number | null>((settle) => child.once('close', settle));
  const url = await new Promise<string>((resolve, reject) => {
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        output[stream] += text;
        const [, found] = / at (https?:\S+)\/mcp\n/.exec(output.stderr) ?? [];
        if (found !== undefined) resolve(found);
      });
    }
    void ended.then((code) => reject(new Error(`the command ended with ${code}: ${output.stderr}`)));
  });
  return {
    url,
    token: TEST_TOKEN,
    pid: child.pid!,
    stderr: () => output.stderr,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      return { code: await ended, ...output };
    },
  };
}
