import type { Diagnostic } from '../diagnostic.ts';
import type { InspectedApi } from '../load-apis.ts';
import type { Tool } from '../tool/types.ts';
import { createReach, type Reach } from './reach.ts';
import type { DocumentReport, OperationReport, Verdict } from './types.ts';

/** Notes that say that something is served in another way than it is written. */
const DEGRADING_NOTES = new Set(['schema-reduced', 'body-as-json']);
/** Warnings about what no request is made of. */
const HARMLESS_WARNINGS = new Set(['response-invalid', 'encoding-unused', 'security-scheme-unused']);

/** What became of each operation of a document, from what was found while it was read and compiled. */
export function assessDocument(
  api: InspectedApi,
  tools: readonly Tool[],
  diagnostics: readonly Diagnostic[],
): Omit<DocumentReport, 'validation'> {
  const files = new Set([api.spec.source.name, ...api.spec.files.map(({ path }) => path)]);
  const findings = diagnostics.filter(({ file }) => files.has(file));
  const assigned = new Set<Diagnostic>();
  const findingsOf = createAttribution(api, findings, assigned);
  const names = new Map(tools.filter((tool) => tool.api === api.name).map((tool) => [keyOf(tool.request), tool.name]));

  const served = api.operations.map((operation): OperationReport => {
    const { method, path, source } = operation;
    const tool = names.get(keyOf(operation));
    const found = findingsOf(source.pointer);
    const verdict = tool === undefined ? 'left-out' : found.some(degrades) ? 'degraded' : 'exact';
    return { verdict, method, path, pointer: source.pointer, ...(tool === undefined ? {} : { tool }), findings: found };
  });
  const refused = api.refused.map(
    ({ method, path, pointer }): OperationReport => ({
      verdict: 'refused',
      method,
      path,
      pointer,
      findings: findingsOf(pointer),
    }),
  );
  const operations = [...served, ...refused];
  return {
    api: api.name,
    file: api.spec.source.name,
    title: titleOf(api),
    openapi: api.spec.version,
    counts: countVerdicts(operations),
    operations,
    findings: findings.filter((finding) => !assigned.has(finding)),
  };
}

function keyOf({ method, path }: { readonly method: string; readonly path: string }): string {
  return `${method} ${path}`;
}

function degrades({ severity, code }: Diagnostic): boolean {
  return (severity === 'warning' && !HARMLESS_WARNINGS.has(code)) || DEGRADING_NOTES.has(code);
}

function titleOf({ name, spec }: InspectedApi): string {
  const info = spec.document['info'] as { readonly title?: unknown } | null | undefined;
  return typeof info?.title === 'string' ? info.title : name;
}

function countVerdicts(operations: readonly OperationReport[]): DocumentReport['counts'] {
  const count = (verdict: Verdict) => operations.filter((operation) => operation.verdict === verdict).length;
  return {
    exact: count('exact'),
    degraded: count('degraded'),
    refused: count('refused'),
    'left-out': count('left-out'),
  };
}

/** The findings of an operation: at its own place, at what it shares with its path item, and at the components it uses. */
function createAttribution(api: InspectedApi, findings: readonly Diagnostic[], assigned: Set<Diagnostic>) {
  const elsewhere = findings.filter(({ pointer }) => pointer !== '' && !pointer.startsWith('/paths/'));
  const inPaths = findings.filter(({ pointer }) => pointer.startsWith('/paths/'));
  const reach = elsewhere.length === 0 ? undefined : createReach(api.spec);
  return (pointer: string): readonly Diagnostic[] => {
    const item = pointer.split('/').slice(0, 3).join('/');
    const places = [pointer, `${item}/parameters`, `${item}/servers`, `${item}/$ref`];
    const found = [
      ...inPaths.filter((finding) => finding.pointer === item || places.some((place) => isAt(finding, place))),
      ...(reach ? usedFindings(elsewhere, reach, [`${pointer}/parameters`, `${pointer}/requestBody`, places[1]!]) : []),
    ];
    for (const finding of found) assigned.add(finding);
    return found;
  };
}

function usedFindings(findings: readonly Diagnostic[], reach: Reach, starts: readonly string[]): Diagnostic[] {
  const used = new Set(starts.flatMap((start) => [...reach(start)]));
  return findings.filter(({ pointer }) => prefixesOf(pointer).some((prefix) => used.has(prefix)));
}

function isAt({ pointer }: Diagnostic, place: string): boolean {
  return pointer === place || pointer.startsWith(`${place}/`);
}

function prefixesOf(pointer: string): string[] {
  const keys = pointer.split('/');
  return keys.map((_, index) => keys.slice(0, index + 1).join('/'));
}
