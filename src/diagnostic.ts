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
  return `${file}#${pointer}: ${severity} ${code}: ${message}${hint ? ` (${hint})` : ''}`;
}
