import type { JsonSchema } from '../types.ts';
import { isConstraint } from './flatten.ts';
import { notesOf } from './notes.ts';
import { isNever, nullShape, type Reading } from './reading.ts';
import type { Notes, Shape } from './shape.ts';

/** Which members each branch requires, in words, where that is all the branches say; undefined where they say more. */
export function requirementsInWords(branches: readonly JsonSchema[]): string | undefined {
  const required = branches.map(requirementOf);
  if (!required.every((names) => names !== undefined)) return undefined;
  return `needs ${[...new Set(required.map((names) => names.join(' and ')))].join(', or ')}`;
}

function requirementOf(branch: JsonSchema): readonly string[] | undefined {
  const isRequirement = (keyword: string) =>
    keyword === 'required' || (keyword === 'type' && branch['type'] === 'object');
  const only = Object.keys(branch).filter(isConstraint).every(isRequirement);
  return only && Array.isArray(branch['required']) ? (branch['required'] as string[]) : undefined;
}

/** `anyOf` with what stands beside it: that goes into each branch. */
export function readUnion(
  base: JsonSchema,
  branches: readonly JsonSchema[],
  {
    pointer,
    words,
    reading,
  }: { readonly pointer: string; readonly words: readonly string[]; readonly reading: Reading },
): Shape {
  const shared = Object.fromEntries(Object.entries(base).filter(([keyword]) => isConstraint(keyword)));
  const isBare = Object.keys(shared).length === 0;
  const shapes = branches
    .filter((branch) => !isNever(branch))
    .map((branch, index) => reading.read(isBare ? branch : { allOf: [shared, branch] }, `${pointer}/anyOf/${index}`));
  const flat = shapes.flatMap((shape) => (shape.kind === 'union' && !shape.description ? withNull(shape) : [shape]));
  return unionOf(flat, notesOf(base, pointer, words), { ...base, anyOf: branches });
}

/** The branches of a union within a union, its null among them. */
function withNull({ branches, nullable, pointer }: Extract<Shape, { kind: 'union' }>): readonly Shape[] {
  return nullable ? [...branches, nullShape(pointer)] : branches;
}

/**
 * One shape for several: null is an attribute, one branch is itself, and a union with any value in it is free-form, since a
 * text would not tell whether it is JSON.
 */
export function unionOf(shapes: readonly Shape[], notes: Notes, schema: JsonSchema): Shape {
  const branches = unique(shapes.filter(({ kind }) => kind !== 'null'));
  const nullable = shapes.some((shape) => shape.kind === 'null' || shape.nullable);
  const [only] = branches;
  if (!only) return { kind: 'null', ...notes };
  if (branches.length > 1) {
    const isFree = branches.some(({ kind }) => kind === 'free');
    if (isFree) return { ...notes, kind: 'free', schema, types: typesOfAll(branches, nullable), nullable };
    return { ...notes, kind: 'union', branches, nullable };
  }
  return {
    ...only,
    nullable,
    title: notes.title ?? only.title,
    description: notes.description ?? only.description,
    words: [...notes.words, ...only.words],
  };
}

function unique(shapes: readonly Shape[]): Shape[] {
  const texts = shapes.map((shape) => JSON.stringify({ ...shape, pointer: '', nullable: false }));
  return shapes.filter((_, index) => texts.indexOf(texts[index]!) === index);
}

function typesOfAll(branches: readonly Shape[], nullable: boolean): readonly string[] | undefined {
  const types = [...branches.map(typesOfShape), nullable ? ['null'] : []];
  return types.every((each) => each !== undefined) ? [...new Set(types.flat() as string[])] : undefined;
}

function typesOfShape(shape: Shape): readonly string[] | undefined {
  if (shape.kind === 'free') return shape.types;
  if (shape.kind === 'scalar') return [shape.type];
  if (shape.kind === 'enum') return [...new Set(shape.values.map((value) => typeof value))];
  return shape.kind === 'object' || shape.kind === 'array' ? [shape.kind] : undefined;
}
