import { statSync } from 'node:fs';
import type { Diagnostic } from '../diagnostic.ts';
import { BridgeError } from '../errors.ts';
import { mountFiles } from './external-files.ts';
import { normalizeDocument } from './formats.ts';
import { parseText } from './parse.ts';
import { type ReadOptions, readSource, type SourceBytes } from './read.ts';
import { createReferences } from './references.ts';
import type { JsonObject, LoadedSpec, ReportFinding, SourceFile } from './types.ts';

/**
 * A document by path, URL or `-` (standard input): read under limits, parsed, normalised to one shape. Throws BridgeError
 * with a message that names the file and the place; what can be served in spite of a flaw is served with a diagnostic.
 */
export async function loadSpec(source: string, options: ReadOptions): Promise<LoadedSpec> {
  return parseSource(await readSource(source, options));
}

/** Parses and normalises what `readSource` read. Throws SPEC_UNREADABLE, SPEC_VERSION, SPEC_INVALID, SPEC_TOO_LARGE. */
export async function parseSource({ bytes, source, path }: SourceBytes): Promise<LoadedSpec> {
  const diagnostics: Diagnostic[] = [];
  const report: ReportFinding = (severity, code, pointer, message, hint) =>
    diagnostics.push({ severity, code, file: source.name, pointer, message, ...(hint === undefined ? {} : { hint }) });
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const { value, warnings } = await parseText(text, source.name);
  for (const warning of warnings) report('warning', 'duplicate-key', '', warning);
  const files: SourceFile[] = [];
  const parsed = asDocument(value, source.name);
  if (mayReferToFiles(text)) {
    await mountFiles(parsed, path, report, (file) => {
      const { mtimeMs, size } = statSync(file);
      files.push({ path: file, mtimeMs, size });
    });
  }
  const { document, version } = normalizeDocument(parsed, source, report);
  return { document, version, source, files, references: createReferences(document), diagnostics };
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
