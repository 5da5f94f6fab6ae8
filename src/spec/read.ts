import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BridgeError } from '../errors.ts';
import { FETCH_TIMEOUT_MS, MAX_BYTES } from './limits.ts';
import type { FetchText, SpecSource } from './types.ts';

export interface ReadOptions {
  readonly fetchText?: FetchText;
  /** Text of the document given as `-`. */
  readonly stdin?: () => Promise<string>;
}

/** A document's bytes, before anything is known about it. */
export interface SourceBytes {
  readonly bytes: Uint8Array;
  readonly source: SpecSource;
  /** Absolute path, for documents given as a file. */
  readonly path?: string;
}

/** The bytes of a document by path, URL or `-` (standard input). Throws SPEC_NOT_FOUND, SPEC_TOO_LARGE, SPEC_FETCH. */
export async function readSource(source: string, options: ReadOptions): Promise<SourceBytes> {
  if (source === '-') return { bytes: Buffer.from(await (options.stdin ?? noStdin)()), source: { name: '<stdin>' } };
  if (/^https?:\/\//i.test(source)) {
    if (!options.fetchText) throw new BridgeError('SPEC_FETCH', `${source}: documents cannot be fetched here`);
    const fetched = await options.fetchText(source, { maxBytes: MAX_BYTES, timeoutMs: FETCH_TIMEOUT_MS });
    return { bytes: Buffer.from(fetched.text), source: { name: source, url: fetched.url } };
  }
  const path = findFile(source);
  return { bytes: readFileSync(path), source: { name: source }, path: resolve(path) };
}

async function noStdin(): Promise<string> {
  throw new BridgeError('USAGE', 'A document from standard input cannot be read here');
}

/** A folder stands for the one document in it that is named openapi or swagger. */
function findFile(source: string): string {
  const status = existsSync(source) ? statSync(source) : undefined;
  if (!status) throw new BridgeError('SPEC_NOT_FOUND', `${source}: no such file`);
  if (!status.isDirectory()) return limited(source, status.size);
  const candidates = readdirSync(source).filter((name) => /^(?:openapi|swagger)\.(?:json|ya?ml)$/i.test(name));
  if (candidates.length === 1) return limited(join(source, candidates[0]!), 0);
  const count = candidates.length === 0 ? 'no' : 'more than one';
  throw new BridgeError('SPEC_NOT_FOUND', `${source}: a folder with ${count} openapi or swagger document`, {
    hint: 'Give the file itself.',
  });
}

function limited(path: string, size: number): string {
  if (size > MAX_BYTES) throw new BridgeError('SPEC_TOO_LARGE', `${path}: larger than ${MAX_BYTES / 2 ** 20} MiB`);
  return path;
}
