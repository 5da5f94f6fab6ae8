import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Diagnostic } from '../diagnostic.ts';
import { BridgeError } from '../errors.ts';
import { mountFiles } from './external-files.ts';
import { normalizeDocument } from './formats.ts';
import { FETCH_TIMEOUT_MS, MAX_BYTES } from './limits.ts';
import { parseText } from './parse.ts';
import { createReferences } from './references.ts';
import type { FetchText, JsonObject, LoadedSpec, ReportFinding, SourceFile, SpecSource } from './types.ts';

export interface LoadOptions {
  readonly fetchText?: FetchText;
  readonly stdin?: () => Promise<string>;
}

/** A document's text, before anything is known about it. */
export interface SourceText {
  readonly text: string;
  readonly source: SpecSource;
  /** Absolute path, for documents given as a file. */
  readonly path?: string;
}

/**
 * A document by path, URL or `-` (standard input): read under limits, parsed, normalised to one shape. Throws BridgeError
 * with a message that names the file and the place; what can be served in spite of a flaw is served with a diagnostic.
 */
export async function loadSpec(source: string, options: LoadOptions): Promise<LoadedSpec> {
  return parseSource(await readSource(source, options));
}

/** The text of a document. Throws SPEC_NOT_FOUND, SPEC_TOO_LARGE, SPEC_FETCH. */
export async function readSource(source: string, options: LoadOptions): Promise<SourceText> {
  if (source === '-') return { text: await (options.stdin ?? noStdin)(), source: { name: '<stdin>' } };
  if (/^https?:\/\//i.test(source)) {
    if (!options.fetchText) throw new BridgeError('SPEC_FETCH', `${source}: documents cannot be fetched here`);
    const fetched = await options.fetchText(source, { maxBytes: MAX_BYTES, timeoutMs: FETCH_TIMEOUT_MS });
    return { text: fetched.text, source: { name: source, url: fetched.url } };
  }
  const path = findFile(source);
  return { text: readFileSync(path, 'utf8'), source: { name: source }, path: resolve(path) };
}

/** Parses and normalises what `readSource` read. Throws SPEC_UNREADABLE, SPEC_VERSION, SPEC_INVALID, SPEC_TOO_LARGE. */
export async function parseSource({ text, source, path }: SourceText): Promise<LoadedSpec> {
  const diagnostics: Diagnostic[] = [];
  const report: ReportFinding = (severity, code, pointer, message, hint) =>
    diagnostics.push({ severity, code, file: source.name, pointer, message, ...(hint === undefined ? {} : { hint }) });
  const { value, warnings } = await parseText(text, source.name);
  for (const warning of warnings) report('warning', 'duplicate-key', '', warning);
  const hash = createHash('sha256').update(text);
  const files: SourceFile[] = [];
  const parsed = asDocument(value, source.name);
  if (mayReferToFiles(text))
    await mountFiles(parsed, path, report, (file, content) => {
      hash.update(content);
      const { mtimeMs, size } = statSync(file);
      files.push({ path: file, mtimeMs, size });
    });
  const { document, version } = normalizeDocument(parsed, source, report);
  return {
    document,
    version,
    source,
    hash: hash.digest('hex'),
    files,
    references: createReferences(document),
    diagnostics,
  };
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
  throw new BridgeError(
    'SPEC_NOT_FOUND',
    `${source}: a folder with ${candidates.length === 0 ? 'no' : 'more than one'} openapi or swagger document`,
    { hint: 'Give the file itself.' },
  );
}

function limited(path: string, size: number): string {
  if (size > MAX_BYTES) throw new BridgeError('SPEC_TOO_LARGE', `${path}: larger than ${MAX_BYTES / 2 ** 20} MiB`);
  return path;
}

function asDocument(value: unknown, name: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  const what = Array.isArray(value)
    ? 'a list'
    : value === null || value === undefined
      ? 'nothing'
      : `a ${typeof value}`;
  throw new BridgeError('SPEC_INVALID', `${name}: an OpenAPI document is an object; this one is ${what}`);
}

/** Cheap, on the text: most documents refer to nothing outside themselves. */
function mayReferToFiles(text: string): boolean {
  return /\$ref["']?\s*:\s*(?:["']\s*)?(?!["'#\s])/.test(text);
}
