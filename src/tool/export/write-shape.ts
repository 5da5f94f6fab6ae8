import { shortHash } from '../names.ts';
import type { JsonSchema } from '../types.ts';
import { nameMember } from './member-name.ts';
import {
  asIs,
  type Fits,
  fitsEnum,
  fitsObject,
  hasType,
  type RestoredMember,
  restoreArray,
  restoreEnum,
  restoreJsonText,
  restoreObject,
  restoreUnion,
} from './restore.ts';
import type { Member, ObjectShape, Scalar, ScalarType, Shape, Shapes } from './shape.ts';
import type { Syntax, WrittenMember } from './syntax.ts';
import { jsonTextNote, textsFor } from './text-forms.ts';
import type { Report, Restore } from './types.ts';
import { describe, inWords } from './words.ts';

/** A schema in a dialect, and the way back of its values. */
export interface Written {
  readonly schema: JsonSchema;
  readonly restore: Restore;
  /** Takes part in finding the branch of a union. */
  readonly fits: Fits;
}

export interface WrittenInput extends Written {
  /** Schemas that `reference` named. */
  readonly definitions: { readonly [name: string]: JsonSchema };
  /** Why values exist that the tool takes and this schema cannot say; empty when there are none. */
  readonly losses: readonly Loss[];
  /** There were more places than were to be written. */
  readonly cut: boolean;
}

export interface Loss {
  readonly pointer: string;
  readonly message: string;
}

export interface WriteOptions {
  /** Levels of objects and arrays; what is deeper is JSON text. */
  readonly depth?: number;
  /** Schemas in all; what comes after them is JSON text. */
  readonly places?: number;
}

/** A definition may stand in itself this often where it has no name. */
const MAX_UNROLLED = 2;

/** Writes a tool's shapes in a dialect's syntax. */
export function writeShapes(shapes: Shapes, syntax: Syntax, report: Report, options: WriteOptions = {}): WrittenInput {
  const limit = options.depth ?? Number.POSITIVE_INFINITY;
  let places = options.places ?? Number.POSITIVE_INFINITY;
  const losses: Loss[] = [];
  const names = new Map<string, string>();
  const written = new Map<string, Written>();
  const open = new Map<string, number>();
  const root = writeObject(shapes.root, 0);
  for (const target of names.keys()) written.set(target, write(shapes.definition(target), 0));
  const definitions = Object.fromEntries([...names].map(([target, name]) => [name, written.get(target)!.schema]));
  return { schema: root.schema, restore: root.restore, fits: root.fits, definitions, losses, cut: places < 0 };

  function write(shape: Shape, depth: number): Written {
    const form = --places < 0 ? writeText(shape.pointer, {}, undefined) : writeForm(shape, depth);
    const words = [...form.words, ...shape.words];
    const texts = {
      ...(shape.title === undefined ? {} : { title: shape.title }),
      ...describe(shape.description, words),
    };
    const schema = shape.nullable ? syntax.nullable(form.schema) : form.schema;
    return {
      schema: syntax.described(schema, texts),
      restore: form.restore,
      fits: shape.nullable ? (value) => value === null || form.fits(value) : form.fits,
    };
  }

  function writeForm(shape: Shape, depth: number): Written & { readonly words: readonly string[] } {
    switch (shape.kind) {
      case 'scalar':
        return writeScalar(shape.type, shape.assertions, shape.pointer);
      case 'enum':
        return { ...writeEnum(shape.values, shape.pointer), words: [] };
      case 'object':
        return isSayable(shape, depth)
          ? writeObject(shape, depth)
          : writeText(shape.pointer, { type: 'object' }, ['object']);
      case 'array':
        return depth >= limit
          ? writeText(shape.pointer, { type: 'array' }, ['array'])
          : writeArray(write(shape.items, depth + 1), shape.assertions, shape.pointer);
      case 'union': {
        const branches = shape.branches.map((branch) => write(branch, depth));
        return {
          schema: syntax.union(branches.map(({ schema }) => schema)),
          restore: restoreUnion(branches),
          fits: (value) => branches.some(({ fits }) => fits(value)),
          words: [],
        };
      }
      case 'reference':
        return syntax.references === 'named'
          ? writeReference(shape.target)
          : writeInline(shape.target, shape.pointer, depth);
      case 'free':
        return writeText(shape.pointer, shape.schema, shape.types);
      case 'null':
        return { schema: syntax.nothing(), restore: asIs, fits: (value) => value === null, words: [] };
    }
  }

  function isSayable(shape: ObjectShape, depth: number): boolean {
    return depth < limit && (shape.members.length > 0 || syntax.emptyObjects);
  }

  function writeScalar(type: ScalarType, given: JsonSchema, pointer: string): Written & { words: string[] } {
    const { kept, words } = sort(type, given, pointer);
    return { schema: syntax.scalar(type, kept), restore: asIs, fits: (value) => hasType(value, type), words };
  }

  function writeEnum(values: readonly Scalar[], pointer: string): Written {
    if (syntax.enums === 'any') return { schema: syntax.enumeration(values), restore: asIs, fits: fitsEnum(values) };
    const texts = textsFor(values);
    const restore = restoreEnum(texts);
    if (restore !== asIs) report('enum-as-text', pointer, 'Values that are no text are given as text');
    return { schema: syntax.enumeration([...texts.keys()]), restore, fits: fitsEnum([...texts.keys()]) };
  }

  function writeObject(shape: ObjectShape, depth: number): Written & { words: string[] } {
    const members = new Map<string, RestoredMember>();
    const list = shape.members.map((member) => writeMember(member, depth, members));
    if (shape.others === 'open')
      losses.push({ pointer: shape.pointer, message: 'members that the schema does not name could not be given' });
    if (shape.others !== 'closed')
      report('closed-object', shape.pointer, 'Members that the schema does not name cannot be given');
    const { kept, words } = sort('object', shape.assertions, shape.pointer);
    return { schema: syntax.object(list, kept), restore: restoreObject(members), fits: fitsObject(members), words };
  }

  function writeMember(
    { name, required, shape }: Member,
    depth: number,
    members: Map<string, RestoredMember>,
  ): WrittenMember {
    const renamed = nameMember(name, syntax.memberName);
    const byNull = !required && syntax.leftOut === 'null';
    const own = renamed === name ? shape : { ...shape, words: [`API name ${JSON.stringify(name)}`, ...shape.words] };
    if (renamed !== name) report('renamed', shape.pointer, `${JSON.stringify(name)} is called ${renamed}`);
    if (byNull) report('optional-as-null', shape.pointer, 'Required, with null for leaving it out');
    if (byNull && shape.kind !== 'free' && acceptsNull(shape))
      losses.push({ pointer: shape.pointer, message: 'null and leaving it out could not be told apart' });
    const { schema, restore, fits } = write(byNull ? { ...own, nullable: true } : own, depth + 1);
    members.set(renamed, {
      name,
      required: required || byNull,
      dropNull: byNull || (!required && !acceptsNull(shape)),
      restore,
      fits,
    });
    return { name: renamed, required: required || byNull, schema };
  }

  function acceptsNull(shape: Shape, seen: ReadonlySet<string> = new Set()): boolean {
    if (shape.nullable || shape.kind === 'null') return true;
    if (shape.kind === 'free') return shape.types === undefined || shape.types.includes('null');
    if (shape.kind === 'union') return shape.branches.some((branch) => acceptsNull(branch, seen));
    if (shape.kind !== 'reference' || seen.has(shape.target)) return false;
    return acceptsNull(shapes.definition(shape.target), new Set([...seen, shape.target]));
  }

  function writeArray(items: Written, given: JsonSchema, pointer: string): Written & { words: string[] } {
    const { kept, words } = sort('array', given, pointer);
    return {
      schema: syntax.array(items.schema, kept),
      restore: restoreArray(items.restore),
      fits: (value) => Array.isArray(value) && value.every(items.fits),
      words,
    };
  }

  function writeReference(target: string): Written & { words: string[] } {
    let name = names.get(target);
    if (name === undefined) {
      const base = target.slice(target.lastIndexOf('/') + 1).replace(/[^A-Za-z0-9_-]+/g, '_') || 'schema';
      const taken = new Set(names.values());
      name = taken.has(base) ? `${base}_${shortHash(target)}` : base;
      names.set(target, name);
    }
    return {
      schema: syntax.reference(name),
      restore: (value) => written.get(target)!.restore(value),
      fits: (value) => written.get(target)!.fits(value),
      words: [],
    };
  }

  function writeInline(target: string, pointer: string, depth: number): Written & { words: readonly string[] } {
    const before = open.get(target) ?? 0;
    const shape = shapes.definition(target);
    if (before >= MAX_UNROLLED) {
      const name = target.slice(target.lastIndexOf('/') + 1) || 'root';
      report('json-text', pointer, `Recursion: from here on "${name}" is given as JSON text`);
      return asText(`JSON text: ${name}, of the same form as above`, undefined);
    }
    open.set(target, before + 1);
    const inline = write(shape, depth);
    open.set(target, before);
    return { ...inline, words: [] };
  }

  function writeText(
    pointer: string,
    schema: JsonSchema,
    types: readonly string[] | undefined,
  ): Written & { readonly words: readonly string[] } {
    report('json-text', pointer, `Given as JSON text of ${types?.length ? types.join(' or ') : 'any value'}`);
    return asText(jsonTextNote(schema, types), types);
  }

  function asText(note: string, types: readonly string[] | undefined): Written & { readonly words: readonly string[] } {
    return {
      schema: syntax.scalar('string', {}),
      restore: restoreJsonText(types),
      fits: (value) => typeof value === 'string',
      words: [note],
    };
  }

  /** The assertions that the dialect can say, and the words for the others. */
  function sort(
    type: ScalarType | 'array' | 'object',
    given: JsonSchema,
    pointer: string,
  ): { kept: JsonSchema; words: string[] } {
    const kept: JsonSchema = {};
    const words: string[] = [];
    for (const [keyword, value] of Object.entries(given)) {
      if (syntax.keeps(type, keyword, value)) {
        kept[keyword] = value;
        continue;
      }
      const told = inWords(keyword, value);
      if (told !== undefined) words.push(told);
      report(
        told === undefined ? 'constraint-dropped' : 'constraint-in-description',
        pointer,
        `"${keyword}" ${told === undefined ? 'is not passed on' : 'stands in the description'}`,
      );
    }
    return { kept, words };
  }
}
