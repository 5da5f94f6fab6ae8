import { isDeepStrictEqual } from 'node:util';
import { own } from '../spec/references.ts';
import type { JsonObject } from '../spec/types.ts';
import { asObject } from './reading.ts';
import type { JsonSchema } from './schema.ts';

/** Sets a keyword that has a value. */
export function setDefined(into: JsonSchema, keyword: string, value: unknown): void {
  if (value !== undefined) into[keyword] = value;
}

/** OAS 3.0 has booleans here, 3.1 numbers. */
export function readExclusive(node: JsonObject, keyword: string, value: unknown, into: JsonSchema): void {
  if (typeof value === 'number') into[keyword] = value;
  const bound = own(node, keyword === 'exclusiveMinimum' ? 'minimum' : 'maximum');
  if (value === true && typeof bound === 'number') into[keyword] = bound;
}

/** Each value once, objects and lists by what is in them: a client refuses an enum that has one twice. */
export function uniqueValues(values: readonly unknown[]): unknown[] {
  const isPlain = (value: unknown) => typeof value !== 'object' || value === null;
  return [...new Set(values)].filter(
    (value, index, all) =>
      isPlain(value) || all.findIndex((other) => !isPlain(other) && isDeepStrictEqual(other, value)) === index,
  );
}

/** Whether ECMA-262 reads it, in Unicode mode. */
export function isPattern(text: string): boolean {
  try {
    return Boolean(new RegExp(text, 'u'));
  } catch {
    return false;
  }
}

/** `oneOf` becomes `anyOf`: overlapping branches would otherwise refuse what the API takes. */
export function addUnion(into: JsonSchema, branches: readonly JsonSchema[]): void {
  if (
    branches.every((branch) => typeof branch['type'] === 'string' && Object.keys(branch).length === 1) &&
    into['type'] === undefined
  ) {
    into['type'] = [...new Set(branches.map((branch) => branch['type'] as string))];
    return;
  }
  if (into['anyOf'] === undefined) into['anyOf'] = branches;
  else into['allOf'] = [...((into['allOf'] as unknown[]) ?? []), { anyOf: branches }];
}

/** Arrays always have `items`; an object's properties imply its type; a type never forbids an enum's own values. */
export function settleTypes(schema: JsonSchema): void {
  if (schema['type'] === undefined && schema['properties'] !== undefined) schema['type'] = 'object';
  if (schema['type'] === undefined && schema['items'] !== undefined) schema['type'] = 'array';
  if (schema['type'] === 'array' && schema['items'] === undefined) schema['items'] = {};
  const values = schema['enum'] ?? (schema['const'] === undefined ? undefined : [schema['const']]);
  if (Array.isArray(values) && schema['type'] !== undefined) {
    const types = new Set([schema['type']].flat() as string[]);
    if (!values.every((value) => types.has(typeName(value)) || (types.has('number') && typeof value === 'number')))
      delete schema['type'];
  }
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

/** OAS 3.0 `nullable: true` (and 2.0's common `x-nullable`). */
export function withNull(node: JsonObject, schema: JsonSchema): JsonSchema {
  if (node['nullable'] !== true && node['x-nullable'] !== true) return schema;
  if (Array.isArray(schema['enum']) && !schema['enum'].includes(null)) schema['enum'] = [...schema['enum'], null];
  if (schema['type'] !== undefined) {
    const types = [schema['type']].flat();
    return types.includes('null') ? schema : { ...schema, type: [...types, 'null'] };
  }
  if (Array.isArray(schema['anyOf']) && schema['$ref'] === undefined)
    return { ...schema, anyOf: [...schema['anyOf'], { type: 'null' }] };
  return schema['$ref'] !== undefined || schema['allOf'] !== undefined ? { anyOf: [schema, { type: 'null' }] } : schema;
}

const STRUCTURE = [
  '$ref',
  '$dynamicRef',
  'properties',
  'items',
  'allOf',
  'anyOf',
  'oneOf',
  'additionalProperties',
  'patternProperties',
  'prefixItems',
  'not',
  'if',
  'discriminator',
];

/** Small and without parts: repeating it costs less than naming it. */
export function isLeaf(node: unknown): boolean {
  const object = asObject(node);
  if (!object) return true;
  const values = object['enum'];
  return !STRUCTURE.some((keyword) => object[keyword] !== undefined) && !(Array.isArray(values) && values.length > 12);
}

const IGNORED_SIBLINGS = new Set([
  '$ref',
  '$dynamicRef',
  'example',
  'examples',
  'readOnly',
  'writeOnly',
  'title',
  'xml',
  'externalDocs',
  '$comment',
  'summary',
]);

/** Whether anything beside a reference says something to callers. */
export function hasSiblings(node: JsonObject): boolean {
  return Object.keys(node).some(
    (keyword) => !IGNORED_SIBLINGS.has(keyword) && !(keyword.startsWith('x-') && keyword !== 'x-nullable'),
  );
}

/** The same schema, undescribed. */
export function withoutDescription(schema: JsonSchema): JsonSchema {
  const { description: _, ...rest } = schema;
  return rest;
}

/** Branches that are components bear their names: the note about the tag speaks of them. */
export function titled(branches: readonly JsonSchema[], written: readonly unknown[]): JsonSchema[] {
  return branches.map((branch, index) => {
    const ref = own(asObject(written[index]) ?? {}, '$ref');
    return typeof ref === 'string' ? { title: componentName(ref), ...branch } : branch;
  });
}

/** The last word of a pointer or name. */
export function componentName(target: string): string {
  return target.slice(target.lastIndexOf('/') + 1);
}
