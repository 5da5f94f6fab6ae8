import type { JsonSchema } from '../types.ts';
import { notesOf, tellConditions } from './notes.ts';
import { readArray, readObject } from './read-structure.ts';
import { unionOf } from './read-union.ts';
import { freeShape, nullShape, type Reading, typeName } from './reading.ts';
import type { Notes, Scalar, ScalarType, Shape } from './shape.ts';

const ASSERTIONS: { readonly [type: string]: readonly string[] } = {
  string: ['minLength', 'maxLength', 'pattern', 'format', 'contentEncoding', 'contentMediaType'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'format'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'format'],
  boolean: [],
  array: ['minItems', 'maxItems', 'uniqueItems'],
  object: ['minProperties', 'maxProperties'],
};
/** Keywords that speak of one type only, for schemas that name none. */
const TYPE_OF_KEYWORD: readonly (readonly [type: string, keywords: readonly string[]])[] = [
  ['object', ['properties', 'additionalProperties', 'patternProperties', 'required', 'minProperties', 'maxProperties']],
  ['array', ['items', 'prefixItems', 'minItems', 'maxItems', 'uniqueItems', 'contains']],
  ['string', ['pattern', 'minLength', 'maxLength', 'contentEncoding', 'contentMediaType', 'format']],
  ['number', ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']],
];
/** Told in words; what they are about is checked before the call. */
const CONDITIONS = [
  ...['not', 'if', 'contains', 'minContains', 'maxContains', 'propertyNames'],
  ...['dependentRequired', 'dependentSchemas', 'dependencies', 'unevaluatedItems'],
];

/** The shape of a schema without references and combinators; `words` are what was told of it already. */
export function readTyped(
  schema: JsonSchema,
  { pointer, words }: { readonly pointer: string; readonly words: readonly string[] },
  reading: Reading,
): Shape {
  const values = Array.isArray(schema['enum']) ? schema['enum'] : 'const' in schema ? [schema['const']] : undefined;
  const notes = notesOf(schema, pointer, words);
  const types = namedTypes(schema) ?? (values ? undefined : impliedType(schema, pointer, reading));
  if (values) return readEnum(values, types, { schema, notes });
  if (!types) return { ...freeShape(schema, pointer), words: notes.words };
  const nullable = types.includes('null');
  const others = types.filter((type) => type !== 'null');
  if (others.length === 1) return readType(others[0]!, schema, { notes: { ...notes, nullable }, reading });
  const bare: Notes = { pointer, nullable: false, words: [] };
  const shapes = others.map((type) => readType(type, schema, { notes: bare, reading }));
  return unionOf(nullable ? [...shapes, nullShape(pointer)] : shapes, notes, schema);
}

function readEnum(
  values: readonly unknown[],
  types: readonly string[] | undefined,
  { schema, notes }: { readonly schema: JsonSchema; readonly notes: Notes },
): Shape {
  const fits = (value: unknown) =>
    !types || types.includes(typeName(value)) || (types.includes('number') && typeof value === 'number');
  const allowed = values.filter(fits);
  const scalars = allowed.filter((value): value is Scalar => typeof value !== 'object');
  if (allowed.length === 0 || allowed.some((value) => typeof value === 'object' && value !== null))
    return { ...notes, kind: 'free', schema, types: [...new Set(allowed.map(typeName))] };
  if (scalars.length === 0) return { ...notes, kind: 'null' };
  return { ...notes, kind: 'enum', values: [...new Set(scalars)], nullable: allowed.includes(null) };
}

function readType(
  type: string,
  schema: JsonSchema,
  { notes: given, reading }: { readonly notes: Notes; readonly reading: Reading },
): Shape {
  const { pointer } = given;
  const told = tellConditions(schema, CONDITIONS, { pointer, report: reading.report });
  const notes = { ...given, words: [...given.words, ...told] };
  const assertions = pick(schema, ASSERTIONS[type] ?? []);
  if (type === 'object') return readObject(schema, { ...notes, assertions }, reading);
  if (type === 'array') return readArray(schema, { ...notes, assertions }, reading);
  return { ...notes, kind: 'scalar', type: type as ScalarType, assertions };
}

function namedTypes(schema: JsonSchema): readonly string[] | undefined {
  if (schema['type'] === undefined) return undefined;
  const types = [schema['type']].flat() as string[];
  return types.includes('number') ? types.filter((type) => type !== 'integer') : types;
}

function impliedType(schema: JsonSchema, pointer: string, { report }: Reading): readonly string[] | undefined {
  const isSaid = (keyword: string) => schema[keyword] !== undefined;
  const implied = TYPE_OF_KEYWORD.find(([, keywords]) => keywords.some(isSaid))?.[0];
  if (implied === undefined) return undefined;
  report('type-assumed', pointer, `No type is named; ${implied} is taken from the other keywords`);
  return [implied];
}

function pick(schema: JsonSchema, keywords: readonly string[]): JsonSchema {
  const said = keywords.filter((keyword) => schema[keyword] !== undefined);
  return Object.fromEntries(said.map((keyword) => [keyword, schema[keyword]]));
}
