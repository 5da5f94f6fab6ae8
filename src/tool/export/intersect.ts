import { isDeepStrictEqual } from 'node:util';
import type { JsonSchema } from '../types.ts';

const LOWER_BOUNDS = new Set(['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties', 'minContains']);
const UPPER_BOUNDS = new Set(['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties', 'maxContains']);
const ANNOTATIONS = new Set(['title', 'description', 'default', 'deprecated']);
const NEVER: JsonSchema = { not: {} };

type SchemaMap = { readonly [name: string]: unknown };

/**
 * What `allOf: [first, second]` accepts, as one schema, and nothing else: what cannot be one keyword stays under `allOf`,
 * as do the two schemas of one member. (`mergeSchemas` reads documents, and is kinder to their authors' slips.)
 */
export function intersect(first: JsonSchema, second: JsonSchema): JsonSchema {
  const both: { [keyword: string]: unknown } = { ...first };
  const left: unknown[] = [...listOf(first['allOf']), ...listOf(second['allOf'])];
  for (const [keyword, b] of Object.entries(second)) {
    const a = first[keyword];
    if (keyword === 'allOf') continue;
    if (a === undefined || ANNOTATIONS.has(keyword) || isDeepStrictEqual(a, b)) both[keyword] = b;
    else {
      const one = intersectKeyword(keyword, a, b);
      if (one === undefined) left.push({ [keyword]: b });
      else both[keyword] = one;
    }
  }
  const properties = intersectMembers(first, second);
  return {
    ...both,
    ...(properties === undefined ? {} : { properties }),
    ...(left.length > 0 ? { allOf: left } : {}),
  };
}

/** Undefined when no one value means both. */
function intersectKeyword(keyword: string, a: unknown, b: unknown): unknown {
  if (keyword === 'required') return [...new Set([...(a as string[]), ...(b as string[])])];
  if (keyword === 'type') return intersectTypes([a].flat() as string[], [b].flat() as string[]);
  if (keyword === 'enum') return intersectValues(a as unknown[], b as unknown[]);
  if (keyword === 'items' || keyword === 'additionalProperties') return both(a, b);
  if (keyword === 'properties') return {};
  if (LOWER_BOUNDS.has(keyword)) return Math.max(a as number, b as number);
  if (UPPER_BOUNDS.has(keyword)) return Math.min(a as number, b as number);
  return undefined;
}

function both(a: unknown, b: unknown): unknown {
  if (a === false || b === false) return false;
  if (isAny(a)) return b;
  return isAny(b) || isDeepStrictEqual(a, b) ? a : { allOf: [a, b] };
}

/** A member that only one of them declares is to the other what it says of members it does not declare. */
function intersectMembers(first: JsonSchema, second: JsonSchema): SchemaMap | undefined {
  const [a, b] = [mapOf(first['properties']), mapOf(second['properties'])];
  if (a === undefined && b === undefined) return undefined;
  const names = [...new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})])];
  return Object.fromEntries(names.map((name) => [name, asMember(both(memberOf(first, name), memberOf(second, name)))]));
}

function memberOf(schema: JsonSchema, name: string): unknown {
  const properties = mapOf(schema['properties']) ?? {};
  if (Object.hasOwn(properties, name)) return properties[name];
  return schema['patternProperties'] === undefined ? (schema['additionalProperties'] ?? true) : true;
}

function asMember(schema: unknown): unknown {
  if (schema === false) return NEVER;
  return schema === true ? {} : schema;
}

function intersectTypes(a: readonly string[], b: readonly string[]): string | string[] | undefined {
  const has = (types: readonly string[], type: string) =>
    types.includes(type) || (type === 'integer' && types.includes('number'));
  const common = [...new Set([...a, ...b])].filter((type) => has(a, type) && has(b, type));
  return common.length > 1 ? common : common[0];
}

function intersectValues(a: readonly unknown[], b: readonly unknown[]): unknown[] | undefined {
  const common = a.filter((value) => b.some((other) => isDeepStrictEqual(value, other)));
  return common.length > 0 ? common : undefined;
}

function isAny(schema: unknown): boolean {
  return schema === true || (typeof schema === 'object' && schema !== null && Object.keys(schema).length === 0);
}

function mapOf(value: unknown): SchemaMap | undefined {
  return typeof value === 'object' && value !== null ? (value as SchemaMap) : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
