import { isLinearPattern } from '../call/linear-pattern.ts';
import type { Diagnostic } from '../diagnostic.ts';
import type { InspectedApi } from '../load-apis.ts';
import type { JsonSchema, Tool } from '../tool/types.ts';
import { eachSubschema } from '../tool/walk-schema.ts';

/** Patterns that the bridge leaves to the API, since they cannot be checked in linear time: one note for each operation. */
export function findUncheckedPatterns(api: InspectedApi, tools: readonly Tool[]): Diagnostic[] {
  const linear = new Map<string, boolean>();
  const isUnchecked = (pattern: string) => {
    const known = linear.get(pattern) ?? isLinearPattern(pattern);
    linear.set(pattern, known);
    return !known;
  };
  const byOperation = new Map(api.operations.map((operation) => [`${operation.method} ${operation.path}`, operation]));
  return tools.flatMap((tool): Diagnostic[] => {
    const operation = tool.api === api.name && byOperation.get(`${tool.request.method} ${tool.request.path}`);
    const unchecked = operation ? [...new Set(patternsOf(tool.input))].filter(isUnchecked) : [];
    if (!operation || unchecked.length === 0) return [];
    const shown = unchecked.slice(0, 3).map((pattern) => JSON.stringify(pattern.slice(0, 60)));
    const message = `Left to the API, since checking may take for ever (look-around, back-references): ${shown.join(', ')}`;
    return [{ severity: 'info', code: 'pattern-unchecked', ...operation.source, message }];
  });
}

function patternsOf(schema: JsonSchema): string[] {
  const patterns: string[] = [];
  const visit = (inner: JsonSchema): void => {
    if (typeof inner['pattern'] === 'string') patterns.push(inner['pattern']);
    eachSubschema(inner, visit);
  };
  visit(schema);
  for (const definition of Object.values((schema['$defs'] ?? {}) as { [name: string]: JsonSchema })) visit(definition);
  return patterns;
}
