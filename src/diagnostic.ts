export type Severity = 'error' | 'warning' | 'info';

/** Something worth telling about a document or a config: where it stands and what to do about it. */
export interface Diagnostic {
  /** `error`: something is not served; `warning`: served, but not as written; `info`: worth knowing. */
  readonly severity: Severity;
  /** Stable, kebab-case. */
  readonly code: string;
  /** File path or URL of the document. */
  readonly file: string;
  /** JSON pointer (RFC 6901) into the document; '' is the whole document. */
  readonly pointer: string;
  readonly message: string;
  readonly hint?: string;
}

/** One line for people: `file#pointer: severity code: message (hint)`. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { severity, code, file, pointer, message, hint } = diagnostic;
  return printableLine(`${file}#${pointer}: ${severity} ${code}: ${message}${hint ? ` (${hint})` : ''}`);
}

/** How many of each severity, in words: `1 error, 2 warnings, 0 notes`. */
export function countFindings(findings: readonly Pick<Diagnostic, 'severity'>[]): string {
  return NOUNS.map(([severity, noun]) =>
    counted(findings.filter((finding) => finding.severity === severity).length, noun),
  ).join(', ');
}

const NOUNS = [
  ['error', 'error'],
  ['warning', 'warning'],
  ['info', 'note'],
] as const satisfies readonly (readonly [Severity, string])[];

/** A number with its noun: `1 tool`, `2 tools`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/**
 * Text that others wrote, for a terminal: what would move its cursor, colour it or turn it round is written as an escape
 * (`\\u{1b}`). Line feeds stay.
 */
export function printable(text: string): string {
  return text.replace(
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|\udb40[\udc00-\udfff]/g,
    (found) => (found === '\t' ? found : `\\u{${found.codePointAt(0)!.toString(16)}}`),
  );
}

/** The same in one line, whatever was in it. */
export function printableLine(text: string): string {
  return printable(text.replace(/\r?\n/g, ' '));
}
