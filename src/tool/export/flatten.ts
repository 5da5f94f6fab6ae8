import type { JsonSchema } from '../types.ts';
import { intersect } from './intersect.ts';

/** A schema with its references followed and its `allOf` merged. */
export interface Flat {
  /** Without `$ref`, `allOf` and `oneOf`; at most one `anyOf`. */
  readonly schema: JsonSchema;
  /** What could not be merged: each is one more condition, such as `{ pattern }`. */
  readonly conditions: readonly JsonSchema[];
}

const KEPT_ANNOTATIONS = new Set(['title', 'description', 'default', 'deprecated']);
const OTHER_ANNOTATIONS = new Set([
  ...['$schema', '$id', 'id', '$anchor', '$dynamicAnchor', '$comment', '$defs', 'definitions', '$vocabulary'],
  ...['example', 'examples', 'readOnly', 'writeOnly', 'discriminator', 'xml', 'externalDocs', 'nullable'],
]);
/** More alternatives than this are no help to a model. */
const MAX_BRANCHES = 24;

/** Whether a keyword says which values are valid. */
export function isConstraint(keyword: string): boolean {
  return !KEPT_ANNOTATIONS.has(keyword) && !OTHER_ANNOTATIONS.has(keyword) && !keyword.startsWith('x-');
}

export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a local reference means (RFC 6901 in a URI fragment); undefined when it leads nowhere or out of the schema. */
export function resolvePointer(root: JsonSchema, reference: string): unknown {
  if (!reference.startsWith('#')) return undefined;
  const steps = decodeFragment(reference.slice(1)).split('/');
  if (steps.shift() !== '') return undefined;
  let node: unknown = root;
  for (const step of steps) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, key)) return undefined;
    node = (node as { [key: string]: unknown })[key];
  }
  return node;
}

function decodeFragment(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

/** One schema for `schema` with its references and `allOf`; undefined where they come back to themselves or lead nowhere. */
export function flatten(root: JsonSchema, schema: JsonSchema, open: ReadonlySet<string> = new Set()): Flat | undefined {
  const conditions: JsonSchema[] = [];
  const parts: JsonSchema[] = [];
  const add = (written: unknown, seen: ReadonlySet<string>): boolean => {
    if (written === true) return true;
    const flat = isSchema(written) ? flatten(root, written, seen) : undefined;
    if (!flat) return false;
    parts.push(flat.schema);
    conditions.push(...flat.conditions);
    return true;
  };
  const reference = schema['$ref'];
  if (typeof reference === 'string') {
    if (open.has(reference) || !add(resolvePointer(root, reference), new Set([...open, reference]))) return undefined;
  }
  for (const part of Array.isArray(schema['allOf']) ? schema['allOf'] : []) if (!add(part, open)) return undefined;
  parts.push(plain(schema));
  const merged = parts.reduce((all, part) => intersect(all, part), {});
  return settle(merged, conditions);
}

function plain(schema: JsonSchema): JsonSchema {
  const kept = Object.entries(schema).filter(
    ([keyword]) =>
      keyword !== '$ref' && keyword !== 'allOf' && (KEPT_ANNOTATIONS.has(keyword) || isConstraint(keyword)),
  );
  return Object.fromEntries(kept);
}

/** Unions that stand beside one another become one of their combinations; what else did not merge is a condition. */
function settle(merged: JsonSchema, known: readonly JsonSchema[]): Flat | undefined {
  const { allOf, oneOf, anyOf, ...schema } = merged;
  const left = (Array.isArray(allOf) ? allOf : []) as JsonSchema[];
  const isUnion = (part: JsonSchema) => Array.isArray(part['anyOf'] ?? part['oneOf']);
  const unions = [anyOf, oneOf, ...left.filter(isUnion).map((part) => part['anyOf'] ?? part['oneOf'])].filter(
    Array.isArray,
  ) as JsonSchema[][];
  const conditions = [...known, ...left.filter((part) => !isUnion(part))];
  if (unions.length === 0) return { schema, conditions };
  const branches = unions.reduce((all, union) => all.flatMap((one) => union.map((two) => ({ allOf: [one, two] }))));
  return branches.length > MAX_BRANCHES && unions.length > 1
    ? undefined
    : { schema: { ...schema, anyOf: branches }, conditions };
}
