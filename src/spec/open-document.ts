import type { Diagnostic } from '../diagnostic.ts';
import { BridgeError } from '../errors.ts';
import type { Entry } from './external-files.ts';
import { normalizeDocument } from './formats.ts';
import type { ReportInFile } from './local-references.ts';
import type { Parsed } from './parse.ts';
import { createReferences, own } from './references.ts';
import type { JsonObject, LoadedSpec, ReportFinding, SpecSource } from './types.ts';

export interface OpenedDocument extends Entry {
  readonly report: ReportInFile;
  /** The end of loading, to be called once and when every reference is local. Throws SPEC_VERSION, SPEC_INVALID. */
  normalize(): Omit<LoadedSpec, 'files'>;
}

/** The steps of loading that a parsed document takes whether it has one file or many. Throws SPEC_INVALID for what is no object. */
export function openDocument({ value, shared, warnings }: Parsed, source: SpecSource): OpenedDocument {
  const document = asDocument(value, source.name);
  const diagnostics: Diagnostic[] = [];
  const report: ReportInFile = (severity, code, { file, pointer }, message, hint) =>
    diagnostics.push({ severity, code, file, pointer, message, ...(hint === undefined ? {} : { hint }) });
  const reportHere: ReportFinding = (severity, code, pointer, message, hint) =>
    report(severity, code, { file: source.name, pointer }, message, hint);
  for (const { pointer, message } of warnings) reportHere('warning', 'duplicate-key', pointer, message);
  const hasIds = /^3\.[1-9]/.test(String(own(document, 'openapi')));
  return { document, source, shared, hasIds, report, normalize };

  function normalize(): Omit<LoadedSpec, 'files'> {
    inlineMembers(document);
    const normalized = normalizeDocument(document, source, reportHere);
    return { ...normalized, source, references: createReferences(normalized.document), diagnostics };
  }
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

/**
 * `paths: { $ref: paths.yaml }` and the like: no Reference Object may stand there, and many split documents have one. Readers
 * enumerate these members, so the reference gives way to what it leads to.
 */
function inlineMembers(document: JsonObject): void {
  const references = createReferences(document);
  inlineIn(document);
  inlineIn(own(document, 'components'));

  function inlineIn(holder: unknown): void {
    if (typeof holder !== 'object' || holder === null) return;
    for (const [name, member] of Object.entries(holder)) {
      const ref = own(member, '$ref');
      const target = typeof ref === 'string' && !name.startsWith('x-') ? references.resolve(ref)?.node : undefined;
      if (typeof target === 'object' && target !== null) (holder as { [name: string]: unknown })[name] = target;
    }
  }
}
