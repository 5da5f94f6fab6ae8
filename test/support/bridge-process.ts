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
