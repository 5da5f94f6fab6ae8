import type { JsonSchema, Tool } from '../types.ts';

/** Something of a tool that a dialect cannot say, or says in another way; the check before the call is against the tool's own schema. */
export interface ExportWarning {
  /** Name of the tool; '' where it is about the list. */
  readonly tool: string;
  /** JSON pointer into the tool's input schema; '' is the whole tool. */
  readonly pointer: string;
  readonly code: WarningCode;
  readonly message: string;
}

export type WarningCode =
  /** Strict: an optional argument is required and may be null; null is taken out before the call. */
  | 'optional-as-null'
  /** OpenAI: the schema cannot be strict without losing calls; the model is shown the schema as it is. */
  | 'not-strict'
  /** Any value, a map, or what the dialect has no words for: JSON in a string, decoded before the call. */
  | 'json-text'
  /** A constraint stands in the description, since the dialect has no keyword for it. */
  | 'constraint-in-description'
  /** A constraint that is not passed on. */
  | 'constraint-dropped'
  /** Members that the schema does not name cannot be given. */
  | 'closed-object'
  /** `oneOf` became `anyOf`. */
  | 'one-of'
  /** Values that are no strings are given as strings, and turned back before the call. */
  | 'enum-as-text'
  /** The schema names no type; one was taken from its keywords. */
  | 'type-assumed'
  /** A combinator at the root became plain properties. */
  | 'root-combinator'
  /** A name was replaced; it is turned back before the call. */
  | 'renamed'
  /** Longer, deeper or more than the vendor says it takes. */
  | 'limit';

/** Notes what was dropped or rewritten at a place of the schema. */
export type Report = (code: WarningCode, pointer: string, message: string) => void;

/** Takes a value that a dialect's schema accepts to what the tool's own schema means by it. Never throws: what cannot be taken back stays as it is, for the check before the call to name. */
export type Restore = (value: unknown) => unknown;

export type Arguments = { readonly [argument: string]: unknown };

/** One tool in a dialect, and the way back. */
export interface ExportedTool {
  readonly tool: Tool;
  /** The name that the model knows it by. */
  readonly name: string;
  readonly description: string;
  /** What the dialect calls `parameters`, `input_schema` or `inputSchema`; absent where it must be for a tool without arguments. */
  readonly parameters: JsonSchema | undefined;
  /** The vendor enforces the schema; always false where a dialect has no such thing. */
  readonly strict: boolean;
  /** The dialect's whole definition: name, description, parameters and what else it has. */
  readonly definition: JsonSchema;
  readonly warnings: readonly ExportWarning[];
  /**
   * The arguments as the tool's own schema has them: optional nulls that the API did not declare taken out, JSON text
   * decoded, names turned back. What the model got wrong stays as it is: the call's own check says so.
   */
  argumentsFrom(given: Arguments): Arguments;
}

/** A vendor's way to say tools. */
export interface Dialect {
  exportTool(tool: Tool): ExportedTool;
  /** The value of the request's `tools`. */
  document(exported: readonly ExportedTool[]): readonly JsonSchema[];
  /** What is to say of the list as a whole. */
  listWarnings?(exported: readonly ExportedTool[]): readonly ExportWarning[];
}
