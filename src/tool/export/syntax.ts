import type { JsonSchema } from '../types.ts';
import type { Scalar, ScalarType } from './shape.ts';

/** Text beside a schema. */
export interface Texts {
  readonly title?: string;
  readonly description?: string;
}

/** A schema as the dialect writes it, before it may be null and before it has its texts. */
export interface WrittenMember {
  readonly name: string;
  readonly required: boolean;
  readonly schema: JsonSchema;
}

/** How a dialect with fewer words than JSON Schema writes each form of shape. */
export interface Syntax {
  /** How an argument is left out: by null, or by not being there. */
  readonly leftOut: 'null' | 'absent';
  /** Definitions have names, or stand wherever they are used, so that recursion must end somewhere. */
  readonly references: 'named' | 'inline';
  /** Enums hold any scalar, or text only. */
  readonly enums: 'any' | 'text';
  /** Objects without members can be said. */
  readonly emptyObjects: boolean;
  /** Names of members that the dialect takes. */
  readonly memberName: RegExp;
  /** Whether an assertion can be said, or must be put into words. */
  keeps(type: ScalarType | 'array' | 'object', keyword: string, value: unknown): boolean;
  /** `bound` without fractions, where the dialect has no exclusive ones: see `keeps`. */
  scalar(type: ScalarType, assertions: JsonSchema): JsonSchema;
  enumeration(values: readonly Scalar[]): JsonSchema;
  object(members: readonly WrittenMember[], assertions: JsonSchema): JsonSchema;
  array(items: JsonSchema, assertions: JsonSchema): JsonSchema;
  union(branches: readonly JsonSchema[]): JsonSchema;
  reference(name: string): JsonSchema;
  nothing(): JsonSchema;
  nullable(schema: JsonSchema): JsonSchema;
  described(schema: JsonSchema, texts: Texts): JsonSchema;
}
