import type { JsonSchema } from '../types.ts';
import { isLinearPattern } from './pattern.ts';
import { membersOf } from './strict.ts';
import type { Syntax, Texts } from './syntax.ts';

const KEPT: { readonly [type: string]: readonly string[] } = {
  string: ['minLength', 'maxLength', 'pattern', 'format'],
  number: ['minimum', 'maximum', 'format'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'format'],
  array: ['minItems', 'maxItems'],
  object: ['minProperties', 'maxProperties'],
};
/** Others are refused with the request: "only 'enum' and 'date-time' are supported for STRING type". */
const FORMATS: { readonly [type: string]: readonly string[] } = {
  string: ['date-time'],
  number: ['float', 'double'],
  integer: ['int32', 'int64'],
};

/**
 * Gemini's `Schema`, a part of OpenAPI 3.0's: upper-case types, `nullable`, enums of text, no references, no maps, and
 * nothing beside `anyOf` (Vertex AI: "When using any_of, it must be the only field set").
 * https://ai.google.dev/api/caching#Schema
 */
export const GEMINI: Syntax = {
  leftOut: 'absent',
  references: 'inline',
  enums: 'text',
  emptyObjects: false,
  memberName: /^[A-Za-z_][A-Za-z0-9_]{0,63}$/,
  keeps(type, keyword, value) {
    if (!(KEPT[type] ?? []).includes(keyword)) return false;
    if (keyword === 'format') return (FORMATS[type] ?? []).includes(String(value));
    if (keyword.startsWith('exclusive')) return Number.isInteger(value);
    return keyword !== 'pattern' || isLinearPattern(String(value));
  },
  scalar: (type, assertions) => ({ type: type.toUpperCase(), ...inclusive(assertions) }),
  enumeration: (values) => ({ type: 'STRING', format: 'enum', enum: [...values] }),
  object(members, assertions) {
    const required = members.filter((member) => member.required).map(({ name }) => name);
    return {
      type: 'OBJECT',
      properties: membersOf(members),
      ...(required.length > 0 ? { required } : {}),
      ...assertions,
    };
  },
  array: (items, assertions) => ({ type: 'ARRAY', items, ...assertions }),
  union: (branches) => ({ anyOf: [...branches] }),
  reference: (name) => ({ $ref: name }),
  nothing: () => ({ type: 'NULL' }),
  nullable: (schema) => onFirst(schema, (first) => (first['type'] === 'NULL' ? first : { ...first, nullable: true })),
  described: (schema, { title, description }) =>
    'anyOf' in schema
      ? onFirst(schema, (first) => ({ ...first, ...joined(description, first) }))
      : { ...schema, ...(title === undefined ? {} : { title }), ...(description === undefined ? {} : { description }) },
};

/** Whole numbers have a next one. */
function inclusive({ exclusiveMinimum, exclusiveMaximum, ...assertions }: JsonSchema): JsonSchema {
  const { minimum, maximum } = assertions as { minimum?: number; maximum?: number };
  const least = Math.max(
    minimum ?? -Infinity,
    exclusiveMinimum === undefined ? -Infinity : (exclusiveMinimum as number) + 1,
  );
  const most = Math.min(
    maximum ?? Infinity,
    exclusiveMaximum === undefined ? Infinity : (exclusiveMaximum as number) - 1,
  );
  return {
    ...assertions,
    ...(Number.isFinite(least) ? { minimum: least } : {}),
    ...(Number.isFinite(most) ? { maximum: most } : {}),
  };
}

/** The schema, or the first branch of a union: what is said there is said of the whole. */
function onFirst(schema: JsonSchema, change: (first: JsonSchema) => JsonSchema): JsonSchema {
  const branches = schema['anyOf'] as readonly JsonSchema[] | undefined;
  return branches ? { anyOf: [onFirst(branches[0]!, change), ...branches.slice(1)] } : change(schema);
}

function joined(description: string | undefined, first: JsonSchema): Texts {
  const text = [description, first['description']].filter(Boolean).join(' One form: ');
  return text === '' ? {} : { description: text };
}
