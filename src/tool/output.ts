import { isJsonMediaType } from '../operation/media-type.ts';
import type { JsonSchema, SchemaConverter } from '../operation/schema.ts';
import type { Operation, SchemaNode } from '../operation/types.ts';
import { shorten } from './bundle.ts';

/** Levels that are described; what lies deeper may be anything. */
const MAX_DEPTH = 2;
const MAX_DESCRIPTION = 120;
const MAX_HOPS = 50;

/**
 * What an answer looks like, for clients that check it: slim (two levels), relaxed (nothing required, everything nullable, no
 * enum, format or pattern: APIs break their own documents, and a client then throws the answer away) and rooted in an object
 * (any other value stands under `result`). Undefined where no JSON answer is declared. `converter` is one for responses.
 */
export function compileOutput(operation: Operation, converter: SchemaConverter): JsonSchema | undefined {
  const schemas = jsonSchemas(operation);
  if (schemas.length === 0) return undefined;
  return schemas.length > 1 ? { type: 'object' } : relaxedOutput(schemas[0], converter);
}

/** One schema of an answer, as above. */
export function relaxedOutput(schema: SchemaNode, converter: SchemaConverter): JsonSchema {
  const { root } = follow(converter.convert(schema), converter);
  const relaxed = relax(root, converter, 0);
  return isObject(root) ? { ...relaxed, type: 'object' } : { type: 'object', properties: { result: relaxed } };
}

/** Of the successes; several different ones are not told apart. */
function jsonSchemas({ responses }: Operation): readonly SchemaNode[] {
  const declared = responses
    .filter(({ status }) => /^2/.test(status))
    .flatMap(({ content }) => content)
    .filter(({ mediaType, schema }) => isJsonMediaType(mediaType) && schema !== undefined)
    .map(({ schema }) => schema);
  const seen = new Set<string>();
  return declared.filter((schema) => {
    const text = JSON.stringify(schema);
    return seen.has(text) ? false : seen.add(text);
  });
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

function relax(written: JsonSchema, converter: SchemaConverter, depth: number): JsonSchema {
  const { root: schema } = follow(written, converter);
  const types = typesOf(schema);
  const description = typeof schema['description'] === 'string' ? shorten(schema['description'], MAX_DESCRIPTION) : '';
  const properties = schema['properties'] as { readonly [name: string]: JsonSchema } | undefined;
  const items = schema['items'] as JsonSchema | undefined;
  return {
    ...(types.length === 0 ? {} : { type: nullable(types) }),
    ...(description === '' ? {} : { description }),
    ...(properties && depth < MAX_DEPTH
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, each]) => [name, relax(each, converter, depth + 1)]),
          ),
        }
      : {}),
    ...(items && depth < MAX_DEPTH ? { items: relax(items, converter, depth + 1) } : {}),
    ...(types.includes('array') && !(items && depth < MAX_DEPTH) ? { items: {} } : {}),
  };
}

/** A number may come where an integer is promised. */
function nullable(types: readonly string[]): string[] {
  const wider = types.map((type) => (type === 'integer' ? 'number' : type));
  return [...new Set([...wider, 'null'])];
}
