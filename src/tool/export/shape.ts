import type { JsonSchema } from '../types.ts';

export type ScalarType = 'string' | 'number' | 'integer' | 'boolean';
export type Scalar = string | number | boolean;

/** What an input schema means, in the few forms that every dialect can say. */
export type Shape = Notes &
  (
    | { readonly kind: 'scalar'; readonly type: ScalarType; readonly assertions: JsonSchema }
    | { readonly kind: 'enum'; readonly values: readonly Scalar[] }
    | ObjectForm
    | { readonly kind: 'array'; readonly items: Shape; readonly assertions: JsonSchema }
    | { readonly kind: 'union'; readonly branches: readonly Shape[] }
    /** A definition, by the pointer it was referred to with. */
    | { readonly kind: 'reference'; readonly target: string }
    /** Any value, a map, or what has no form here: `types` is what it may be, where that is known. */
    | { readonly kind: 'free'; readonly schema: JsonSchema; readonly types: readonly string[] | undefined }
    | { readonly kind: 'null' }
  );

export interface ObjectForm {
  readonly kind: 'object';
  readonly members: readonly Member[];
  /** `open`: the schema says that there may be members it does not name; `unsaid`: it does not say. */
  readonly others: 'closed' | 'unsaid' | 'open';
  readonly assertions: JsonSchema;
}

export type ObjectShape = Notes & ObjectForm;

export interface Member {
  readonly name: string;
  readonly required: boolean;
  readonly shape: Shape;
}

export interface Notes {
  /** Place in the tool's input schema. */
  readonly pointer: string;
  readonly nullable: boolean;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  /** What else is to say, in words: the default, deprecation, constraints without a keyword. */
  readonly words: readonly string[];
}

/** A tool's input as shapes; definitions are read when they are asked for. */
export interface Shapes {
  readonly root: ObjectShape;
  definition(target: string): Shape;
}
