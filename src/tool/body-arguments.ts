import { isDeepStrictEqual } from 'node:util';
import { tidyProse } from '../operation/prose.ts';
import type { JsonSchema, SchemaConverter } from '../operation/schema.ts';
import type { BodyChoice, BodyWire, RequestBody } from '../operation/types.ts';
import type { ArgumentPlace } from './arguments.ts';
import { fileSchema } from './file-schema.ts';
import { withGptFiles } from './gpt-files.ts';
import type { BindingTarget } from './types.ts';

/** One argument before it has its name. */
export interface Argument {
  readonly name: string;
  readonly place: ArgumentPlace;
  readonly schema: JsonSchema;
  readonly required: boolean;
  readonly target: BindingTarget;
}

export interface CompiledBody {
  readonly arguments: readonly Argument[];
  readonly requiredProperties: readonly string[];
}

/** Properties of a plain object stand beside the parameters; any other body is one argument. */
export function compileBody(body: RequestBody, converter: SchemaConverter): CompiledBody {
  const schemas = body.choices.map((choice) => convertChoice(choice, converter));
  const media = mediaTypeArgument(body.choices);
  const first = schemas[0]!;
  const same = schemas.every((schema) => schema === first || isDeepStrictEqual(schema, first));
  if (same && isPlainObject(first) && body.choices.every((choice) => holdsProperties(choice.wire))) {
    return {
      arguments: [...propertyArguments(first, body.required), ...media],
      requiredProperties: (first['required'] as string[] | undefined) ?? [],
    };
  }
  const schema = schemas.length === 1 || same ? first : { anyOf: uniqueSchemas(schemas) };
  const description = [body.description && tidyProse(body.description), schema['description']]
    .filter(Boolean)
    .join('\n');
  const whole: Argument = {
    name: 'body',
    place: 'body',
    schema: { ...schema, ...(description ? { description } : {}) },
    required: body.required,
    target: { kind: 'body' },
  };
  return { arguments: [whole, ...media], requiredProperties: [] };
}

function convertChoice(choice: BodyChoice, converter: SchemaConverter): JsonSchema {
  const { wire } = choice;
  if (wire.encoding === 'bytes') return fileSchema();
  const schema = converter.convertRoot(choice.schema);
  if (wire.encoding === 'json') return withGptFiles(schema);
  return wire.encoding === 'form' || wire.encoding === 'multipart' ? withFiles(schema, wire) : schema;
}

/** Properties that are sent as bytes are asked for as files. */
function withFiles(schema: JsonSchema, wire: Extract<BodyWire, { encoding: 'form' | 'multipart' }>): JsonSchema {
  const properties = schema['properties'] as { [name: string]: JsonSchema } | undefined;
  if (!properties) return schema;
  const changed: { [name: string]: JsonSchema } = Object.assign(Object.create(null), properties);
  for (const name of Object.keys(properties)) {
    const field = Object.hasOwn(wire.fields, name) || name in wire.fields ? wire.fields[name] : undefined;
    if (field?.value !== 'bytes') continue;
    const description = properties[name]!['description'];
    const file = { ...fileSchema(), ...(description === undefined ? {} : { description }) };
    changed[name] = field.array
      ? { type: 'array', items: fileSchema(), ...(description === undefined ? {} : { description }) }
      : file;
  }
  return { ...schema, properties: changed };
}

const PLAIN_KEYWORDS = new Set([
  'type',
  'properties',
  'required',
  'description',
  'title',
  'default',
  'deprecated',
  'format',
]);

/** An object of named properties and nothing else: no union, no map, no condition at its root. */
function isPlainObject(schema: JsonSchema): boolean {
  if (schema['type'] !== 'object' || schema['properties'] === undefined) return false;
  return Object.keys(schema).every(
    (keyword) =>
      PLAIN_KEYWORDS.has(keyword) ||
      ((keyword === 'additionalProperties' || keyword === 'unevaluatedProperties') && schema[keyword] === false),
  );
}

function holdsProperties(wire: BodyWire): boolean {
  return (
    wire.encoding === 'json' || wire.encoding === 'form' || wire.encoding === 'multipart' || wire.encoding === 'xml'
  );
}

function propertyArguments(schema: JsonSchema, bodyRequired: boolean): Argument[] {
  const required = new Set(schema['required'] as string[] | undefined);
  const properties = schema['properties'] as { [name: string]: JsonSchema };
  return Object.keys(properties).map((name) => ({
    name,
    place: 'body',
    schema: properties[name]!,
    required: bodyRequired && required.has(name),
    target: { kind: 'property', name },
  }));
}

/** Only where there is a choice. */
function mediaTypeArgument(choices: readonly BodyChoice[]): Argument[] {
  if (choices.length < 2) return [];
  const types = [...new Set(choices.map((choice) => choice.wire.mediaType))];
  if (types.length < 2) return [];
  const schema = { type: 'string', enum: types, description: `Media type of the body; ${types[0]} when not given.` };
  return [{ name: 'content_type', place: 'body', schema, required: false, target: { kind: 'contentType' } }];
}

function uniqueSchemas(schemas: readonly JsonSchema[]): JsonSchema[] {
  return schemas.filter((schema, index) => schemas.findIndex((other) => isDeepStrictEqual(schema, other)) === index);
}
