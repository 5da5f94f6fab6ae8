import type { JsonSchema } from '../types.ts';
import { flatten, isSchema } from './flatten.ts';
import type { Report } from './types.ts';

const COMBINATORS = ['anyOf', 'oneOf', 'allOf', 'not', 'if', 'then', 'else', 'enum', 'const', '$ref'];

/**
 * The schema as an object without combinators at its root, since vendors refuse a request whose tool has one there: what
 * its alternatives declare are optional members. Tools from documents have none; those of other MCP servers may.
 */
export function withoutCombinators(input: JsonSchema, report: Report): JsonSchema {
  const found = COMBINATORS.filter((keyword) => input[keyword] !== undefined);
  if (found.length === 0) return input['type'] === 'object' ? input : { ...input, type: 'object' };
  const words = found.map((keyword) => `"${keyword}"`).join(', ');
  report('root-combinator', '', `${words} at the root is not passed on; what it declares is optional`);
  const flat = flatten(input, input)?.schema ?? {};
  const kept = ['title', 'description', 'required', 'additionalProperties'].filter(
    (keyword) => flat[keyword] !== undefined,
  );
  const definitions = ['$defs', 'definitions'].filter((keyword) => input[keyword] !== undefined);
  return {
    type: 'object',
    ...Object.fromEntries(kept.map((keyword) => [keyword, flat[keyword]])),
    properties: Object.fromEntries(membersOf(input, flat)),
    ...Object.fromEntries(definitions.map((keyword) => [keyword, input[keyword]])),
  };
}

/** The members of the schema and of each alternative; one that several declare is any of what they say. */
function membersOf(root: JsonSchema, flat: JsonSchema): Map<string, unknown> {
  const union: readonly unknown[] = Array.isArray(flat['anyOf']) ? flat['anyOf'] : [];
  const branches = [...union, flat['then'], flat['else']].filter(isSchema);
  const members = new Map<string, unknown>();
  for (const part of [flat, ...branches.map((branch) => flatten(root, branch)?.schema ?? {})]) {
    for (const [name, schema] of Object.entries((part['properties'] as object | undefined) ?? {}))
      members.set(name, members.has(name) ? either(members.get(name), schema) : schema);
  }
  return members;
}

function either(first: unknown, second: unknown): unknown {
  if (JSON.stringify(first) === JSON.stringify(second)) return first;
  const isUnion = isSchema(first) && Array.isArray(first['anyOf']) && Object.keys(first).length === 1;
  return { anyOf: [...(isUnion ? (first['anyOf'] as unknown[]) : [first]), second] };
}
