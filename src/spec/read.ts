import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BridgeError } from '../errors.ts';
import { FETCH_TIMEOUT_MS, limitBytes, MAX_FETCHED_BYTES } from './limits.ts';
import { fileError, readBytes } from './source-file.ts';
import type { FetchText, SpecSource } from './types.ts';

export interface ReadOptions {
  readonly fetchText?: FetchText;
  /** Text of the document given as `-`. */
  readonly stdin?: () => Promise<string>;
  /** What relative paths are relative to; default: the working directory. */
  readonly cwd?: string;
}

/** A document's bytes, before anything is known about it. */
export interface SourceBytes {
  readonly bytes: Uint8Array;
  readonly source: SpecSource;
  /** Absolute path, for documents given as a file. */
  readonly path?: string;
}

/**
 * The bytes of a document by path, URL or `-` (standard input), which is all that a look-up by content needs. Throws
 * SPEC_NOT_FOUND, SPEC_UNREADABLE, SPEC_TOO_LARGE, SPEC_FETCH.
 */
export async function readSource(source: string, options: ReadOptions): Promise<SourceBytes> {
  if (source === '-')
    return { bytes: bytesOf(await (options.stdin ?? noStdin)(), '<stdin>'), source: { name: '<stdin>' } };
  if (/^https?:\/\//i.test(source)) return fetchSource(source, options.fetchText);
  const name = documentIn(source, options.cwd ?? '.');
  const path = resolve(options.cwd ?? '.', name);
  return { bytes: await readBytes(path, name), source: { name }, path };
}

async function noStdin(): Promise<string> {
  throw new BridgeError('USAGE', 'A document from standard input cannot be read here');
}

async function fetchSource(url: string, fetchText: FetchText | undefined): Promise<SourceBytes> {
  if (!URL.canParse(url)) throw new BridgeError('SPEC_FETCH', `${url}: this is no URL`, { hint: 'Check the URL.' });
  if (!fetchText) throw new BridgeError('SPEC_FETCH', `${url}: documents cannot be fetched here`);
  try {
    const fetched = await fetchText(url, { maxBytes: MAX_FETCHED_BYTES, timeoutMs: FETCH_TIMEOUT_MS });
    return { bytes: bytesOf(fetched.text, url), source: { name: url, url: fetched.url } };
  } catch (error) {
    if (error instanceof BridgeError) throw error;
    throw new BridgeError('SPEC_FETCH', `${url}: ${(error as Error).message}`, { cause: error });
  }
}

function bytesOf(text: string, name: string): Uint8Array {
  const bytes = Buffer.from(text);
  limitBytes(bytes.byteLength, name);
  return bytes;
}

const MANIFESTS = ['ai-plugin.json', join('.well-known', 'ai-plugin.json')];

/** A folder stands for the plugin manifest in it, else for the one document in it that is named openapi or swagger. */
function documentIn(source: string, cwd: string): string {
  const candidates = listFolder(source, resolve(cwd, source));
  if (!candidates) return source;
  const manifest = MANIFESTS.find((name) => existsSync(resolve(cwd, source, name)));
  if (manifest !== undefined) return join(source, manifest);
  if (candidates.length === 1) return join(source, candidates[0]!);
  const found = candidates.length === 0 ? 'no document named openapi or swagger' : `both ${candidates.join(' and ')}`;
  throw new BridgeError('SPEC_NOT_FOUND', `${source}: this folder holds ${found}`, { hint: 'Give the file itself.' });
}

/** Undefined when it is no folder. */
function listFolder(source: string, path: string): string[] | undefined {
  try {
    if (!statSync(path).isDirectory()) return undefined;
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && /^(?:openapi|swagger)\.(?:json|ya?ml)$/i.test(entry.name))
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    throw fileError(error, source);
  }
}
