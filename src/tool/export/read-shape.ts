import { shortHash } from '../names.ts';
import type { JsonSchema } from '../types.ts';
import { flatten, isConstraint, isSchema, resolvePointer } from './flatten.ts';
import type { Member, Notes, ObjectForm, ObjectShape, Scalar, ScalarType, Shape, Shapes } from './shape.ts';
import type { Report } from './types.ts';
import { inWords } from './words.ts';

/** Schemas beyond this many places are free-form from there on: no vendor takes more. */
const MAX_PLACES = 5_000;
const MAX_DEPTH = 64;
const MAX_DEFAULT = 100;

const ASSERTIONS: { readonly [type: string]: readonly string[] } = {
  string: ['minLength', 'maxLength', 'pattern', 'format', 'contentEncoding', 'contentMediaType'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'format'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'format'],
  boolean: [],
  array: ['minItems', 'maxItems', 'uniqueItems'],
  object: ['minProperties', 'maxProperties'],
  null: [],
};
/** Keywords that speak of one type only, for schemas that name none. */
const TYPE_OF_KEYWORD: readonly (readonly [type: string, keywords: readonly string[]])[] = [
  ['object', ['properties', 'additionalProperties', 'patternProperties', 'required', 'minProperties', 'maxProperties']],
  ['array', ['items', 'prefixItems', 'minItems', 'maxItems', 'uniqueItems', 'contains']],
  ['string', ['pattern', 'minLength', 'maxLength', 'contentEncoding', 'contentMediaType', 'format']],
  ['number', ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']],
];
/** Told in words; what they are about is checked before the call. */
const CONDITIONS = [
  ...['not', 'if', 'contains', 'minContains', 'maxContains', 'propertyNames'],
  ...['dependentRequired', 'dependentSchemas', 'dependencies', 'unevaluatedItems'],
];

/**
 * Reads an input schema (JSON Schema 2020-12 or draft-07) as shapes. What has no shape is free-form there. `report` is told
 * of what the shapes do not hold: conditions, `oneOf`, types that had to be guessed.
 */
export function readShapes(input: JsonSchema, report: Report): Shapes {
  const definitions = new Map<string, Shape>();
  const merged = new Map<string, { readonly schema: JsonSchema; readonly pointer: string }>();
  const open = new Set<string>();
  let places = 0;
  const root = read(input, '');
  return { root: root.kind === 'object' ? root : emptyRoot(root), definition };

  function definition(target: string): Shape {
    let shape = definitions.get(target);
    if (!shape) {
      const { schema, pointer } = merged.get(target) ?? {
        schema: resolvePointer(input, target),
        pointer: target.slice(1),
      };
      shape = read(schema, pointer);
      definitions.set(target, shape);
      if (leadsTo(target, shape, new Set())) {
        shape = free({}, pointer);
        definitions.set(target, shape);
      }
    }
    return shape;
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
      return free(isSchema(written) ? written : {}, pointer);
    const reference = pureReference(written);
    if (reference !== undefined) {
      const target = followAliases(reference);
      if (target === undefined) return free(written, pointer);
      return { kind: 'reference', target, ...notesOf(written, pointer) };
    }
    return readOnce(written, pointer);
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
    if (!flat) return free(written, pointer);
    const conditions = flat.conditions.flatMap((condition) => tell(condition, Object.keys(condition), pointer));
    const { anyOf, ...base } = flat.schema;
    if (!Array.isArray(anyOf)) return readTyped(base, pointer, conditions);
    if ('oneOf' in written)
      report('one-of', pointer, 'One of several forms: that it is no more than one is not passed on');
    return readUnion(base, anyOf as JsonSchema[], { pointer, words: conditions });
  }

  /** The target of a schema that is a reference and nothing else; what only describes may stand beside it. */
  function pureReference(schema: JsonSchema): string | undefined {
    const others = Object.keys(schema).filter((keyword) => keyword !== '$ref' && isConstraint(keyword));
    return typeof schema['$ref'] === 'string' && others.length === 0 ? schema['$ref'] : undefined;
  }

  function followAliases(reference: string): string | undefined {
    const seen = new Set<string>();
    let target = reference;
    while (!seen.has(target)) {
      seen.add(target);
      const schema = resolvePointer(input, target);
      if (!isSchema(schema)) return undefined;
      const next = pureReference(schema);
      if (next === undefined) return target;
      target = next;
    }
    return undefined;
  }

  function readUnion(
    base: JsonSchema,
    branches: readonly JsonSchema[],
    place: { pointer: string; words: readonly string[] },
  ): Shape {
    const { pointer } = place;
    const required = branches.map(requirementOf);
    if (required.every((names) => names !== undefined) && base['type'] !== undefined) {
      const choice = [...new Set(required.map((names) => names!.join(' and ') || 'nothing more'))].join(', or ');
      report('constraint-in-description', pointer, `Needs ${choice}`);
      return readTyped(base, pointer, [...place.words, `needs ${choice}`]);
    }
    const shared = Object.fromEntries(Object.entries(base).filter(([keyword]) => isConstraint(keyword)));
    const isBare = Object.keys(shared).length === 0;
    const written = branches
      .filter((branch) => !isNever(branch))
      .map((branch, index) => read(isBare ? branch : { allOf: [shared, branch] }, `${pointer}/anyOf/${index}`));
    const shapes = written.flatMap((shape) =>
      shape.kind === 'union' && !shape.description ? shape.branches : [shape],
    );
    const notes = notesOf(base, pointer, place.words);
    return unionOf(shapes, notes, { ...base, anyOf: branches });
  }

  function unionOf(shapes: readonly Shape[], notes: Notes, schema: JsonSchema): Shape {
    const branches = unique(shapes.filter(({ kind }) => kind !== 'null'));
    const nullable = shapes.some((shape) => shape.kind === 'null' || shape.nullable);
    if (branches.length === 0) return { kind: 'null', ...notes };
    if (branches.some(({ kind }) => kind === 'free') && branches.length > 1) {
      return { ...notes, kind: 'free', schema, types: typesOfAll(branches), nullable };
    }
    if (branches.length > 1) return { ...notes, kind: 'union', branches, nullable };
    const only = branches[0]!;
    return {
      ...only,
      nullable,
      title: notes.title ?? only.title,
      description: notes.description ?? only.description,
      words: [...notes.words, ...only.words],
    };
  }

  function typesOfAll(branches: readonly Shape[]): readonly string[] | undefined {
    const types = branches.map((branch) => typesOfShape(branch));
    return types.every((each) => each !== undefined) ? [...new Set(types.flat() as string[])] : undefined;
  }

  function typesOfShape(shape: Shape): readonly string[] | undefined {
    if (shape.kind === 'free') return shape.types;
    if (shape.kind === 'scalar') return [shape.type];
    if (shape.kind === 'enum') return [...new Set(shape.values.map((value) => typeof value))];
    return shape.kind === 'object' || shape.kind === 'array' ? [shape.kind] : undefined;
  }

  function readTyped(schema: JsonSchema, pointer: string, words: readonly string[]): Shape {
    const values = Array.isArray(schema['enum']) ? schema['enum'] : 'const' in schema ? [schema['const']] : undefined;
    const notes = () => notesOf(schema, pointer, words);
    const types = typesOf(schema, pointer, values !== undefined);
    if (values) return readEnum(values, types, { schema, notes: notes() });
    if (!types) return { ...free(schema, pointer), words: notes().words };
    const nullable = types.includes('null');
    const shapes = types
      .filter((type) => type !== 'null')
      .map((type) => readType(type, schema, { ...notes(), nullable }));
    if (shapes.length === 1) return shapes[0]!;
    const bare = shapes.map((shape) => ({ ...shape, title: undefined, description: undefined, nullable: false }));
    return unionOf(nullable ? [...bare, nullShape(pointer)] : bare, notes(), schema);
  }

  function readEnum(
    values: readonly unknown[],
    types: readonly string[] | undefined,
    { schema, notes }: { schema: JsonSchema; notes: Notes },
  ): Shape {
    const fits = (value: unknown) =>
      !types || types.includes(typeName(value)) || (types.includes('number') && typeof value === 'number');
    const allowed = values.filter(fits);
    const scalars = allowed.filter((value): value is Scalar => typeof value !== 'object');
    const nullable = allowed.includes(null);
    if (allowed.length === 0 || allowed.some((value) => typeof value === 'object' && value !== null))
      return { ...notes, kind: 'free', schema, types: [...new Set(allowed.map(typeName))], nullable: false };
    if (scalars.length === 0) return { ...notes, kind: 'null' };
    return { ...notes, kind: 'enum', values: [...new Set(scalars)], nullable };
  }

  function readType(type: string, schema: JsonSchema, notes: Notes): Shape {
    const told = tell(schema, CONDITIONS, notes.pointer);
    const own = { ...notes, words: [...notes.words, ...told] };
    if (type === 'object') return readObject(schema, own);
    if (type === 'array') return readArray(schema, own);
    return { ...own, kind: 'scalar', type: type as ScalarType, assertions: pick(schema, ASSERTIONS[type] ?? []) };
  }

  function readObject(schema: JsonSchema, notes: Notes): Shape {
    const properties = propertiesOf(schema);
    const required = new Set(Array.isArray(schema['required']) ? (schema['required'] as string[]) : []);
    const others = othersOf(schema);
    const members: Member[] = [];
    for (const [name, property] of properties) {
      if (isNever(property) && !required.has(name)) continue;
      const place = `${notes.pointer}/properties/${escapeStep(name)}`;
      members.push({ name, required: required.has(name), shape: read(property, place) });
    }
    for (const name of required) {
      if (properties.has(name) || others === 'closed') continue;
      members.push({ name, required: true, shape: read(schema['additionalProperties'] ?? {}, notes.pointer) });
    }
    if (members.length === 0 && others !== 'closed')
      return { ...notes, kind: 'free', schema, types: ['object'], nullable: notes.nullable };
    return { ...notes, kind: 'object', members, others, assertions: pick(schema, ASSERTIONS['object']!) };
  }

  /** Declared members, those that only a condition declares among them: closing the object must not take them away. */
  function propertiesOf(schema: JsonSchema): Map<string, unknown> {
    const maps = [
      schema,
      ...['then', 'else'].map((keyword) => schema[keyword]),
      ...valuesOf(schema['dependentSchemas']),
    ];
    const found = new Map<string, unknown>();
    for (const each of maps) {
      const flat = each === schema ? schema : isSchema(each) ? flatten(input, each)?.schema : undefined;
      for (const [name, property] of Object.entries((flat?.['properties'] as object | undefined) ?? {}))
        if (!found.has(name)) found.set(name, property);
    }
    return found;
  }

  function readArray(schema: JsonSchema, notes: Notes): Shape {
    const places = Array.isArray(schema['items']) ? schema['items'] : schema['prefixItems'];
    const rest = Array.isArray(schema['items']) ? schema['additionalItems'] : schema['items'];
    const assertions = pick(schema, ASSERTIONS['array']!);
    if (!Array.isArray(places))
      return { ...notes, kind: 'array', items: read(rest ?? {}, `${notes.pointer}/items`), assertions };
    const texts = new Set([...places, ...(isSchema(rest) ? [rest] : [])].map((place) => JSON.stringify(place)));
    if (texts.size > 1) return { ...notes, kind: 'free', schema, types: ['array'], nullable: notes.nullable };
    const most = rest === false ? { maxItems: places.length } : {};
    return {
      ...notes,
      kind: 'array',
      items: read(places[0], `${notes.pointer}/prefixItems/0`),
      assertions: { ...most, ...assertions },
    };
  }

  function free(schema: JsonSchema, pointer: string): Shape {
    const { nullable, ...notes } = notesOf(schema, pointer);
    return { ...notes, kind: 'free', schema, types: undefined, nullable };
  }

  function typesOf(schema: JsonSchema, pointer: string, isEnum: boolean): readonly string[] | undefined {
    const type = schema['type'];
    if (type !== undefined) {
      const types = [type].flat() as string[];
      return types.includes('number') ? types.filter((each) => each !== 'integer') : types;
    }
    if (isEnum) return undefined;
    const implied = TYPE_OF_KEYWORD.find(([, keywords]) =>
      keywords.some((keyword) => schema[keyword] !== undefined),
    )?.[0];
    if (implied === undefined) return undefined;
    report('type-assumed', pointer, `No type is named; ${implied} is taken from the other keywords`);
    return [implied];
  }

  /** The words for keywords that no dialect has. */
  function tell(schema: JsonSchema, keywords: readonly string[], pointer: string): string[] {
    return keywords.flatMap((keyword) => {
      if (schema[keyword] === undefined) return [];
      const words = inWords(keyword, schema[keyword]);
      if (words === undefined) report('constraint-dropped', pointer, `"${keyword}" is not passed on`);
      else report('constraint-in-description', pointer, `"${keyword}" stands in the description`);
      return words === undefined ? [] : [words];
    });
  }
}

function emptyRoot({ pointer, title, description }: Shape): ObjectShape {
  const form: ObjectForm = { kind: 'object', members: [], others: 'open', assertions: {} };
  return { ...form, pointer, title, description, nullable: false, words: [] };
}

function nullShape(pointer: string): Shape {
  return { kind: 'null', pointer, nullable: false, words: [] };
}

function notesOf(schema: JsonSchema, pointer: string, words: readonly string[] = []): Notes {
  const text = (keyword: string) => (typeof schema[keyword] === 'string' ? schema[keyword] : undefined);
  const preset = schema['default'] === undefined || schema['default'] === null ? '' : JSON.stringify(schema['default']);
  return {
    pointer,
    nullable: false,
    title: text('title'),
    description: text('description'),
    words: [
      ...words,
      ...(preset !== '' && preset.length <= MAX_DEFAULT ? [`default ${preset}`] : []),
      ...(schema['deprecated'] === true ? ['deprecated'] : []),
    ],
  };
}

/** The names a branch requires, when that is all it says. */
function requirementOf(branch: JsonSchema): readonly string[] | undefined {
  const constraints = Object.keys(branch).filter(isConstraint);
  const only = constraints.every(
    (keyword) => keyword === 'required' || (keyword === 'type' && branch['type'] === 'object'),
  );
  return only && Array.isArray(branch['required']) ? (branch['required'] as string[]) : undefined;
}

function othersOf(schema: JsonSchema): ObjectForm['others'] {
  if (schema['additionalProperties'] === false || schema['unevaluatedProperties'] === false) return 'closed';
  const says = ['additionalProperties', 'unevaluatedProperties', 'patternProperties'];
  return says.some((keyword) => schema[keyword] !== undefined) ? 'open' : 'unsaid';
}

/** `false`, or `{ not: {} }`. */
function isNever(schema: unknown): boolean {
  return schema === false || (isSchema(schema) && isSchema(schema['not']) && Object.keys(schema['not']).length === 0);
}

function unique(shapes: readonly Shape[]): Shape[] {
  const texts = shapes.map((shape) => JSON.stringify({ ...shape, pointer: '', nullable: false }));
  return shapes.filter((_, index) => texts.indexOf(texts[index]!) === index);
}

function pick(schema: JsonSchema, keywords: readonly string[]): JsonSchema {
  return Object.fromEntries(
    keywords.filter((keyword) => schema[keyword] !== undefined).map((keyword) => [keyword, schema[keyword]]),
  );
}

function valuesOf(map: unknown): unknown[] {
  return isSchema(map) ? Object.values(map) : [];
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

function escapeStep(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
