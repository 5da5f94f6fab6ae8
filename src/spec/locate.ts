import { appendKey } from './references.ts';
import type { JsonObject } from './types.ts';

/**
 * Where a node of the document stands, as a JSON pointer; undefined for what is no part of it. The document is walked once,
 * when the first node is asked for. A node that stands in several places (YAML aliases) is found at one of them.
 */
export function createLocator(document: JsonObject): (node: unknown) => string | undefined {
  let places: Map<unknown, string> | undefined;
  return (node) => {
    places ??= indexPlaces(document);
    return places.get(node);
  };
}

function indexPlaces(document: JsonObject): Map<unknown, string> {
  const places = new Map<unknown, string>([[document, '']]);
  const stack: object[] = [document];
  for (let node = stack.pop(); node; node = stack.pop()) {
    const pointer = places.get(node)!;
    for (const [key, value] of Object.entries(node)) {
      if (typeof value !== 'object' || value === null || places.has(value)) continue;
      places.set(value, appendKey(pointer, key));
      stack.push(value);
    }
  }
  return places;
}

/**
 * A pointer into a normalised document as one into the document as it was written. Swagger 2.0's body and form stand among
 * the parameters there, in another order: the pointer then ends at the list.
 */
export function writtenPointer(version: string, pointer: string): string {
  if (!version.startsWith('2.')) return pointer;
  return pointer
    .replace(/^(\/paths\/[^/]+\/[^/]+)\/requestBody(?:\/.*)?$/, '$1/parameters')
    .replace(/^(\/paths\/[^/]+(?:\/[^/]+)?\/parameters)\/\d+(?:\/.*)?$/, '$1')
    .replace(/^\/components\/securitySchemes(?=\/|$)/, '/securityDefinitions')
    .replace(/^(\/paths\/[^/]+\/[^/]+\/responses\/[^/]+)\/content\/[^/]+(?=\/|$)/, '$1');
}
