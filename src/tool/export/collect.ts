import type { ExportWarning, Report } from './types.ts';

/** A list of warnings about one tool, each place and code once, and what adds to it. */
export function collectWarnings(tool: string): {
  readonly report: Report;
  readonly warnings: readonly ExportWarning[];
} {
  const warnings = new Map<string, ExportWarning>();
  const report: Report = (code, pointer, message) => {
    warnings.set(`${code} ${pointer} ${message}`, { tool, pointer, code, message });
  };
  return {
    report,
    get warnings() {
      return [...warnings.values()];
    },
  };
}
