import type { SecurityRequirement } from '../operation/types.ts';

/** What is to be sent for an operation. `missing`: per alternative, the schemes that have no credential. */
export type Solution<Credential> =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'use'; readonly credentials: readonly Credential[] }
  | { readonly kind: 'missing'; readonly alternatives: readonly (readonly SecurityRequirement[])[] };

/**
 * The first alternative for which every credential is there (OAS 3.2 §4.30: alternatives are OR, the schemes of one are AND);
 * an empty one counts last, so that what is optional is sent when it is there. No alternatives: anonymous.
 */
export function solve<Credential>(
  alternatives: readonly (readonly SecurityRequirement[])[],
  find: (requirement: SecurityRequirement) => Credential | undefined,
): Solution<Credential> {
  const asking = alternatives.filter((requirements) => requirements.length > 0);
  const missing: SecurityRequirement[][] = [];
  for (const requirements of asking) {
    const found = requirements.map((requirement) => ({ requirement, credential: find(requirement) }));
    const lacking = found.filter(({ credential }) => credential === undefined);
    if (lacking.length === 0) return { kind: 'use', credentials: found.map(({ credential }) => credential!) };
    missing.push(lacking.map(({ requirement }) => requirement));
  }
  return asking.length < alternatives.length || asking.length === 0
    ? { kind: 'anonymous' }
    : { kind: 'missing', alternatives: missing };
}
