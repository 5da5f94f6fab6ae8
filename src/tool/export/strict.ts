import { isLinearPattern } from './pattern.ts';
import type { Syntax } from './syntax.ts';

/** Assertions that strict mode enforces (Structured Outputs, "Supported properties"); others are refused with the request. */
const KEPT: { readonly [type: string]: readonly string[] } = {
  string: ['pattern', 'format'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  array: ['minItems', 'maxItems'],
};
const FORMATS = ['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid'];

/**
 * OpenAI's strict schemas: every object closed, every member required, an optional one nullable, `anyOf` and `$defs` the
 * only structure besides. https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
 */
export const STRICT: Syntax = {
  leftOut: 'null',
  references: 'named',
  enums: 'any',
  emptyObjects: true,
  memberName: /^/,
  keeps(type, keyword, value) {
    if (!(KEPT[type] ?? []).includes(keyword)) return false;
    if (keyword === 'format') return FORMATS.includes(String(value));
    return keyword !== 'pattern' || isLinearPattern(String(value));
  },
  scalar: (type, assertions) => ({ type, ...assertions }),
  enumeration: (values) => {
    const types = [...new Set(values.map((value) => typeof value))];
    return { type: types.length === 1 ? types[0] : types, enum: [...values] };
  },
  object(members) {
    return {
      type: 'object',
      properties: membersOf(members),
      required: members.map(({ name }) => name),
      additionalProperties: false,
    };
  },
  array: (items, assertions) => ({ type: 'array', items, ...assertions }),
  union: (branches) => ({ anyOf: [...branches] }),
  reference: (name) => ({ $ref: `#/$defs/${name}` }),
  nothing: () => ({ type: 'null' }),
  nullable(schema) {
    const { type, anyOf, enum: values } = schema;
    if (type === 'null') return schema;
    if (Array.isArray(anyOf)) return { ...schema, anyOf: [...anyOf, { type: 'null' }] };
    const isScalar = type !== undefined && type !== 'object' && type !== 'array';
    if (!isScalar) return { anyOf: [schema, { type: 'null' }] };
    return { ...schema, type: [type, 'null'].flat(), ...(Array.isArray(values) ? { enum: [...values, null] } : {}) };
  },
  /** Nothing may stand beside a `$ref`. */
  described(schema, texts) {
    if (Object.keys(texts).length === 0) return schema;
    return '$ref' in schema ? { anyOf: [schema], ...texts } : { ...schema, ...texts };
  },
};

/** A map by name, where `__proto__` is a name like any other. */
export function membersOf<Schema>(members: readonly { readonly name: string; readonly schema: Schema }[]): {
  [name: string]: Schema;
} {
  return Object.fromEntries(members.map(({ name, schema }) => [name, schema]));
}
