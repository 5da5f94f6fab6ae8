import type { Severity } from '../diagnostic.ts';
import type { JsonObject, LoadedSpec } from '../spec/types.ts';
import type { Parameter, SecurityRequirement, Server } from './types.ts';

/** What the readers below need: the document, and where to say what they found. */
export interface Reading {
  readonly spec: LoadedSpec;
  report(severity: Severity, code: string, pointer: string, message: string, hint?: string): void;
  /** Absent: each operation reads everything anew. */
  readonly shared?: SharedReads;
}

/** What many operations have in common, by the node it was read from. */
export interface SharedReads {
  /** Those that were read without a finding. */
  readonly parameters: Map<JsonObject, Parameter>;
  readonly servers: Map<unknown, readonly Server[]>;
  readonly security: Map<unknown, readonly SecurityRequirement[][]>;
  /** How many there are by now. */
  findings(): number;
}

/** Thrown by a reader when the operation it is part of cannot be served as described; it is reported and left out. */
export class OperationRefused extends Error {
  readonly code: string;
  readonly pointer: string;
  readonly hint: string | undefined;

  constructor(code: string, pointer: string, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.pointer = pointer;
    this.hint = hint;
  }
}

/** Where an operation stands, and the path item it inherits from. */
export interface OperationPlace {
  readonly api: string;
  readonly path: string;
  readonly method: string;
  readonly item: JsonObject;
  readonly itemPointer: string;
  readonly node: JsonObject;
  readonly pointer: string;
}

/** A JSON object, or undefined. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** A string, or undefined. */
export function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** `pointer` + `/` + the key, escaped (RFC 6901 §3). */
export function at(pointer: string, key: string | number): string {
  if (typeof key === 'number' || !(key.includes('/') || key.includes('~'))) return `${pointer}/${key}`;
  return `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
