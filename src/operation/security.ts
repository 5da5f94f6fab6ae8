import { asObject, at, type OperationPlace, type Reading } from './reading.ts';
import type { SecurityRequirement } from './types.ts';

/** Alternatives of combinations (OAS 3.2 §4.30): the operation's own list, even an empty one, replaces the document's. */
export function readSecurity(reading: Reading, place: OperationPlace): readonly SecurityRequirement[][] {
  const fromOperation = place.node['security'];
  const written = fromOperation === undefined ? reading.spec.document['security'] : fromOperation;
  if (!Array.isArray(written)) return [];
  const known = reading.shared?.security.get(written);
  if (known) return known;
  const security = readAlternatives(reading, written, at(fromOperation === undefined ? '' : place.pointer, 'security'));
  reading.shared?.security.set(written, security);
  return security;
}

function readAlternatives(reading: Reading, written: readonly unknown[], pointer: string): SecurityRequirement[][] {
  return written.flatMap((entry, index) => {
    const requirement = asObject(entry);
    if (requirement) return [readRequirement(requirement)];
    reading.report(
      'warning',
      'security-invalid',
      at(pointer, index),
      'A security requirement must be an object; it is ignored',
    );
    return [];
  });
}

function readRequirement(requirement: object): SecurityRequirement[] {
  return Object.entries(requirement).map(([scheme, scopes]) => ({
    scheme,
    scopes: Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === 'string') : [],
  }));
}
