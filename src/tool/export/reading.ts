import type { JsonSchema } from '../types.ts';
import { isSchema } from './flatten.ts';
import { notesOf } from './notes.ts';
import type { Shape } from './shape.ts';
import type { Report } from './types.ts';

/** What reading one part of a schema needs of the whole. */
export interface Reading {
  /** The whole input schema: references are resolved in it. */
  readonly root: JsonSchema;
  readonly report: Report;
  read(written: unknown, pointer: string): Shape;
}

/** A schema that has no other shape. */
export function freeShape(schema: JsonSchema, pointer: string): Shape {
  return { ...notesOf(schema, pointer), kind: 'free', schema, types: undefined };
}

export function nullShape(pointer: string): Shape {
  return { kind: 'null', pointer, nullable: false, words: [] };
}

/** `false`, or `{ not: {} }`. */
export function isNever(schema: unknown): boolean {
  return schema === false || (isSchema(schema) && isSchema(schema['not']) && Object.keys(schema['not']).length === 0);
}

/** The type of a JSON value, by JSON Schema's names. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}
