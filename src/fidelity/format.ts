import { formatDiagnostic } from '../diagnostic.ts';
import type { DocumentReport, OperationReport, Verdict } from './types.ts';

/** A report as lines for people: the counts, then every operation that is not exact, then what is about the whole document. */
export function formatReport(report: DocumentReport): string[] {
  const { api, title, openapi, file, operations, findings, validation } = report;
  const telling = operations.filter(({ verdict, findings: found }) => verdict !== 'left-out' && found.length > 0);
  return [
    `${title} (${api}), OpenAPI ${openapi}, ${file}`,
    `  ${describeCounts(report)}`,
    ...order(telling).flatMap(formatOperation),
    ...(findings.length === 0
      ? []
      : ['  the document', ...findings.map((finding) => `    ${formatDiagnostic(finding)}`)]),
    ...(validation.length === 0
      ? []
      : ['  validation', ...validation.map((finding) => `    ${formatDiagnostic(finding)}`)]),
  ];
}

const ORDER: readonly Verdict[] = ['refused', 'degraded', 'exact', 'left-out'];

function order(operations: readonly OperationReport[]): OperationReport[] {
  return ORDER.flatMap((verdict) => operations.filter((operation) => operation.verdict === verdict));
}

function describeCounts({ operations, counts }: DocumentReport): string {
  const hidden = counts['left-out'] > 0 ? `, ${counts['left-out']} left out as asked` : '';
  const { exact, degraded, refused } = counts;
  return `${operations.length} ${operations.length === 1 ? 'operation' : 'operations'}: ${exact} exact, ${degraded} degraded, ${refused} refused${hidden}`;
}

function formatOperation({ verdict, method, path, tool, findings }: OperationReport): string[] {
  const name = tool === undefined ? '' : ` (${tool})`;
  return [`  ${verdict}: ${method} ${path}${name}`, ...findings.map((finding) => `    ${formatDiagnostic(finding)}`)];
}
