import { countFindings, formatDiagnostic } from '../../diagnostic.ts';
import type { EditorFinding } from './finding.ts';

/** Lines for people: what the editor would say, what ChatGPT would do, and how to mend it. */
export function formatFinding(finding: EditorFinding): string[] {
  const { hint, effect, quoted, ...diagnostic } = finding;
  return [
    formatDiagnostic(diagnostic),
    `  ChatGPT: ${effect}${quoted ? '' : ' (the message is ours)'}`,
    ...(hint === undefined ? [] : [`  Fix: ${hint}`]),
  ];
}

/** Whether the editor would take the document, in a line. */
export function summarizeFindings(name: string, findings: readonly EditorFinding[]): string {
  const has = (wanted: EditorFinding['severity']) => findings.some(({ severity }) => severity === wanted);
  const verdict = has('error')
    ? 'the GPT editor would not take it as it is'
    : has('warning')
      ? 'the GPT editor takes it, and drops something'
      : 'the GPT editor takes it';
  return `${name}: ${verdict}; ${countFindings(findings)}`;
}
