import { shortHash } from '../names.ts';
import type { JsonSchema } from '../types.ts';
import { flatten, isConstraint, isSchema, resolvePointer } from './flatten.ts';
import { notesOf, tellConditions } from './notes.ts';
import { othersOf } from './read-structure.ts';
import { readTyped } from './read-typed.ts';
import { readUnion, requirementsInWords } from './read-union.ts';
import { freeShape, type Reading } from './reading.ts';
import { withoutCombinators } from './root.ts';
import type { ObjectShape, Shape, Shapes } from './shape.ts';
import type { Report } from './types.ts';

/** Schemas beyond this many places are free-form from there on: no vendor takes more. */
const MAX_PLACES = 5_000;
const MAX_DEPTH = 64;

/**
 * Reads an input schema (JSON Schema 2020-12 or draft-07) as shapes. What has no shape is free-form there. `report` is told
 * of what the shapes do not hold: conditions, `oneOf`, types that had to be guessed.
 */
export function readShapes(given: JsonSchema, report: Report): Shapes {
  const input = withoutCombinators(given, report);
  const reading: Reading = { root: input, report, read };
  const definitions = new Map<string, Shape>();
  const merged = new Map<string, { readonly schema: JsonSchema; readonly pointer: string }>();
  const open = new Set<string>();
  let places = 0;
  const root = read(input, '');
  return { root: root.kind === 'object' ? root : withoutMembers(root, input), definition };

  function definition(target: string): Shape {
    const known = definitions.get(target);
    if (known) return known;
    const found = merged.get(target) ?? { schema: resolvePointer(input, target), pointer: target.slice(1) };
    const shape = read(found.schema, found.pointer);
    definitions.set(target, shape);
    if (!leadsTo(target, shape, new Set())) return shape;
    const free = freeShape({}, found.pointer);
    definitions.set(target, free);
    return free;
  }

  /** A definition that is itself, or a choice of itself and others, says nothing. */
  function leadsTo(target: string, shape: Shape, seen: Set<string>): boolean {
    if (shape.kind === 'union') return shape.branches.some((branch) => leadsTo(target, branch, seen));
    if (shape.kind !== 'reference' || seen.has(shape.target)) return false;
    seen.add(shape.target);
    return shape.target === target || leadsTo(target, definition(shape.target), seen);
  }

  function read(written: unknown, pointer: string): Shape {
    if (!isSchema(written) || open.size > MAX_DEPTH || ++places > MAX_PLACES)
      return freeShape(isSchema(written) ? written : {}, pointer);
    const reference = pureReference(written);
    if (reference === undefined) return readOnce(written, pointer);
    const target = followAliases(input, reference);
    if (target === undefined) return freeShape(written, pointer);
    return { kind: 'reference', target, ...notesOf(written, pointer) };
  }

  /** What was merged of references may come back to itself below: there it is a reference to the merged schema. */
  function readOnce(written: JsonSchema, pointer: string): Shape {
    const text = JSON.stringify(written);
    if (open.has(text)) {
      const target = `#merged/${shortHash(text)}`;
      merged.set(target, { schema: written, pointer });
      return { kind: 'reference', target, pointer, nullable: false, words: [] };
    }
    open.add(text);
    const shape = readWritten(written, pointer);
    open.delete(text);
    return shape;
  }

  function readWritten(written: JsonSchema, pointer: string): Shape {
    const flat = flatten(input, written);
    if (!flat) return freeShape(written, pointer);
    const told = flat.conditions.flatMap((each) => tellConditions(each, Object.keys(each), { pointer, report }));
    const { anyOf, ...base } = flat.schema;
    if (!Array.isArray(anyOf)) return readTyped(base, { pointer, words: told }, reading);
    const branches = anyOf as readonly JsonSchema[];
    const needs = base['type'] === undefined ? undefined : requirementsInWords(branches);
    if (needs !== undefined) {
      report('constraint-in-description', pointer, `What it ${needs} stands in the description`);
      return readTyped(base, { pointer, words: [...told, needs] }, reading);
    }
    if ('oneOf' in written)
      report('one-of', pointer, 'One of several forms: that it is no more than one is not passed on');
    return readUnion(base, branches, { pointer, words: told, reading });
  }
}

/** The target of a schema that is a reference and nothing else; what only describes may stand beside it. */
function pureReference(schema: JsonSchema): string | undefined {
  const others = Object.keys(schema).filter((keyword) => keyword !== '$ref' && isConstraint(keyword));
  return typeof schema['$ref'] === 'string' && others.length === 0 ? schema['$ref'] : undefined;
}

/** The last of references that lead from one to the next; undefined when they go in a circle or lead nowhere. */
function followAliases(root: JsonSchema, reference: string): string | undefined {
  const seen = new Set<string>();
  let target = reference;
  while (!seen.has(target)) {
    seen.add(target);
    const schema = resolvePointer(root, target);
    if (!isSchema(schema)) return undefined;
    const next = pureReference(schema);
    if (next === undefined) return target;
    target = next;
  }
  return undefined;
}

function withoutMembers({ pointer, title, description }: Shape, input: JsonSchema): ObjectShape {
  const others = othersOf(input);
  return {
    kind: 'object',
    members: [],
    others,
    assertions: {},
    pointer,
    title,
    description,
    nullable: false,
    words: [],
  };
}
