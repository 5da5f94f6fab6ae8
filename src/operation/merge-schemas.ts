import { isDeepStrictEqual } from 'node:util';
import type { JsonSchema } from './schema.ts';

const LOWER_BOUNDS = new Set(['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties', 'minContains']);
const UPPER_BOUNDS = new Set(['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties', 'maxContains']);

/**
 * One schema that means `allOf: [first, second]`, for converted schemas. Where two keywords cannot be one, the second's
 * stays under `allOf`. `additionalProperties: false` of a part closes the whole over all declared properties, which is
 * what authors mean by it, rather than what JSON Schema says (nothing would ever be valid).
 */
export function mergeSchemas(first: JsonSchema, second: JsonSchema): JsonSchema {
  const merged: JsonSchema = { ...first };
  for (const keyword of Object.keys(second)) {
    const a = merged[keyword];
    const b = second[keyword];
    merged[keyword] = a === undefined || a === b ? b : mergeKeyword(merged, keyword, a, b);
    if (merged[keyword] === undefined) delete merged[keyword];
  }
  return merged;
}

function mergeKeyword(merged: JsonSchema, keyword: string, a: unknown, b: unknown): unknown {
  if (keyword === 'properties' || keyword === 'patternProperties')
    return mergeProperties(a as SchemaMap, b as SchemaMap);
  if (keyword === 'required') return [...new Set([...(a as string[]), ...(b as string[])])];
  if (keyword === 'type') return mergeTypes(a, b);
  if (keyword === 'enum') return intersect(a as unknown[], b as unknown[]);
  if (keyword === 'allOf') return [...(a as unknown[]), ...(b as unknown[])];
  if (keyword === 'additionalProperties')
    return a === false || b === false ? false : mergeSchemas(a as JsonSchema, b as JsonSchema);
  if (keyword === 'items') return mergeSchemas(a as JsonSchema, b as JsonSchema);
  if (LOWER_BOUNDS.has(keyword)) return Math.max(a as number, b as number);
  if (UPPER_BOUNDS.has(keyword)) return Math.min(a as number, b as number);
  if (ANNOTATIONS.has(keyword) || isDeepStrictEqual(a, b)) return b;
  merged['allOf'] = [...((merged['allOf'] as unknown[]) ?? []), { [keyword]: b }];
  return a;
}

const ANNOTATIONS = new Set([
  'description',
  'title',
  'default',
  'deprecated',
  'format',
  'contentMediaType',
  'contentEncoding',
]);

type SchemaMap = { [name: string]: JsonSchema };

function mergeProperties(a: SchemaMap, b: SchemaMap): SchemaMap {
  const merged: SchemaMap = Object.assign(Object.create(null), a);
  for (const name of Object.keys(b)) {
    const known = merged[name];
    merged[name] = known === undefined ? b[name]! : mergeSchemas(known, b[name]!);
  }
  return merged;
}

/** The types both allow; an integer is a number. Types with nothing in common are a slip of the document: both stay allowed. */
function mergeTypes(a: unknown, b: unknown): unknown {
  const [as, bs] = [[a].flat(), [b].flat()] as [string[], string[]];
  const common = as.filter((type) => bs.includes(type) || (type === 'integer' && bs.includes('number')));
  if (bs.includes('integer') && as.includes('number') && !common.includes('integer')) common.push('integer');
  const types = common.length > 0 ? common : [...new Set([...as, ...bs])];
  return types.length === 1 ? types[0] : types;
}

function intersect(a: readonly unknown[], b: readonly unknown[]): unknown[] {
  const common = a.filter((value) => b.some((other) => isDeepStrictEqual(value, other)));
  return common.length > 0 ? common : [...a, ...b];
}
