import { isJsonLinesMediaType, isJsonMediaType } from '../operation/media-type.ts';
import type { JsonSchema, SchemaConverter } from '../operation/schema.ts';
import type { Operation, SchemaNode } from '../operation/types.ts';
import { shorten } from './bundle.ts';

/** Levels that are described; what lies deeper may be anything. */
const MAX_DEPTH = 2;
const MAX_DESCRIPTION = 120;
const MAX_HOPS = 50;
/** Properties that are described of one answer: names that lead to one another, or aliases, could be millions. */
const MAX_PROPERTIES = 1_000;
/** Nodes of a schema that is compared with another one; larger ones are taken for different. */
const MAX_COMPARED = 10_000;

/**
 * What an answer looks like, for clients that check it: slim (two levels), relaxed (nothing required, everything nullable, no
 * enum, format or pattern: APIs break their own documents, and a client then throws the answer away) and rooted in an object
 * (any other value stands under `result`, so do lines of JSON, as a list). Undefined where no JSON answer is declared. `converter` is one for responses.
 */
export function compileOutput(operation: Operation, converter: SchemaConverter): JsonSchema | undefined {
  const schemas = jsonSchemas(operation, converter);
  if (schemas.length === 0) return undefined;
  return schemas.length > 1 ? { type: 'object' } : relaxedOutput(schemas[0], converter);
}

/** One schema of an answer, as above. */
export function relaxedOutput(schema: SchemaNode, converter: SchemaConverter): JsonSchema {
  const { root } = follow(converter.convert(schema), converter);
  const relaxed = relax(root, 0, { converter, left: MAX_PROPERTIES });
  return isObject(root) ? { ...relaxed, type: 'object' } : { type: 'object', properties: { result: relaxed } };
}

/** Of the successes; several different ones are not told apart. */
function jsonSchemas({ responses }: Operation, converter: SchemaConverter): readonly SchemaNode[] {
  const declared = responses
    .filter(({ status }) => /^2/.test(status))
    .flatMap(({ content }) => content)
    .filter(({ schema }) => schema !== undefined)
    .flatMap(({ mediaType, schema }) => {
      if (isJsonMediaType(mediaType)) return [schema];
      return isJsonLinesMediaType(mediaType) ? [linesOf(schema, converter)] : [];
    });
  const distinct = [...new Set(declared)];
  if (distinct.length < 2 || !distinct.every(isComparable)) return distinct;
  const byText = new Map(distinct.map((schema) => [JSON.stringify(schema), schema]));
  return [...byText.values()];
}

/** OpenAPI 3.2 describes the whole sequence (Media Type Object, "Sequential Media Types"), documents before it mean one line. */
function linesOf(schema: SchemaNode, converter: SchemaConverter): SchemaNode {
  const { root } = follow(converter.convert(schema), converter);
  return typesOf(root).includes('array') ? schema : { type: 'array', items: schema };
}

/** Whether a schema is small enough to be written down, with every YAML alias in it written out. */
function isComparable(schema: SchemaNode): boolean {
  const open: unknown[] = [schema];
  let count = 1;
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (typeof node !== 'object' || node === null) continue;
    const inner = Object.values(node);
    count += inner.length;
    if (count > MAX_COMPARED) return false;
    open.push(...inner.filter((each) => each !== undefined));
  }
  return true;
}

function follow(schema: JsonSchema, converter: SchemaConverter): { readonly root: JsonSchema } {
  let root = schema;
  for (let hops = 0; hops < MAX_HOPS && typeof root['$ref'] === 'string'; hops++)
    root = converter.component(root['$ref']);
  return { root };
}

function isObject(schema: JsonSchema): boolean {
  return typesOf(schema).includes('object') || schema['properties'] !== undefined;
}

function typesOf(schema: JsonSchema): readonly string[] {
  return ([schema['type']].flat() as (string | undefined)[]).filter((type) => type !== undefined);
}

interface Relaxing {
  readonly converter: SchemaConverter;
  /** Properties that may still be described. */
  left: number;
}

function relax(written: JsonSchema, depth: number, relaxing: Relaxing): JsonSchema {
  const { root: schema } = follow(written, relaxing.converter);
  const types = typesOf(schema);
  const description = typeof schema['description'] === 'string' ? shorten(schema['description'], MAX_DESCRIPTION) : '';
  const properties = Object.entries((schema['properties'] ?? {}) as { readonly [name: string]: JsonSchema });
  const described = schema['properties'] !== undefined && depth < MAX_DEPTH && properties.length <= relaxing.left;
  if (described) relaxing.left -= properties.length;
  const items = schema['items'] as JsonSchema | undefined;
  return {
    ...(types.length === 0 ? {} : { type: nullable(types) }),
    ...(description === '' ? {} : { description }),
    ...(described
      ? { properties: Object.fromEntries(properties.map(([name, each]) => [name, relax(each, depth + 1, relaxing)])) }
      : {}),
    ...(items && depth < MAX_DEPTH ? { items: relax(items, depth + 1, relaxing) } : {}),
    ...(types.includes('array') && !(items && depth < MAX_DEPTH) ? { items: {} } : {}),
  };
}

/** A number may come where an integer is promised. */
function nullable(types: readonly string[]): string[] {
  const wider = types.map((type) => (type === 'integer' ? 'number' : type));
  return [...new Set([...wider, 'null'])];
}
