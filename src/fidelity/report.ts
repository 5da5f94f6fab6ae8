import type { Diagnostic } from '../diagnostic.ts';
import type { InspectedApi } from '../load-apis.ts';
import type { Tool } from '../tool/types.ts';
import { assessDocument } from './assess.ts';
import { findUncheckedPatterns } from './patterns.ts';
import type { DocumentReport } from './types.ts';
import { validateDocument } from './validate.ts';

/** How faithfully each document is served: what is exact, what degraded, what refused, and why. */
export async function reportFidelity(
  apis: readonly InspectedApi[],
  tools: readonly Tool[],
  diagnostics: readonly Diagnostic[],
): Promise<DocumentReport[]> {
  const reports: DocumentReport[] = [];
  for (const api of apis) {
    const assessed = assessDocument(api, tools, [...diagnostics, ...findUncheckedPatterns(api, tools)]);
    const known = new Set(diagnostics.map(({ code }) => code));
    const validation = (await validateDocument(api.source, api.spec.version)).filter(
      ({ message }) => !(known.has('ref-dangling') && message.startsWith('Missing $ref pointer')),
    );
    reports.push({ ...assessed, validation });
  }
  return reports;
}
