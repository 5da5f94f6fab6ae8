import { mergeSchemas } from '../operation/merge-schemas.ts';
import { keepText } from './measured-text.ts';
import type { InputSchema, JsonSchema } from './types.ts';
import { eachSubschema, mapSubschemas } from './walk-schema.ts';

/** Some clients drop a tool whose input schema is larger, without a word. In characters of JSON. */
export const MAX_SCHEMA_LENGTH = 16_384;
/** Shorter components are repeated rather than named. */
const MIN_DEFINITION_LENGTH = 100;
/** What is tried in turn until the schema fits: how deep it is described, and how long descriptions may be. */
const REDUCTIONS: readonly Detail[] = [
  { depth: Infinity, description: 120 },
  { depth: Infinity, description: 0 },
  { depth: 6, description: 60 },
  { depth: 5, description: 0 },
  { depth: 4, description: 0 },
  { depth: 3, description: 0 },
  { depth: 2, description: 60 },
  { depth: 1, description: 60, top: 300 },
  { depth: 1, description: 0, top: 80, values: 40 },
  { depth: 1, description: 0, top: 0, values: 5 },
];

interface Detail {
  /** Levels below the root that are described; deeper ones accept anything. */
  readonly depth: number;
  /** Characters of descriptions below the arguments' own. */
  readonly description: number;
  /** Characters of the arguments' descriptions. */
  readonly top?: number;
  /** Values of an enum. */
  readonly values?: number;
}

export interface Bundled {
  readonly schema: InputSchema;
  /** Parts were loosened to fit: the call still accepts them. */
  readonly reduced: boolean;
}

/**
 * One self-contained input schema: components used once stand where they are used, what repeats or recurs stands once
 * under `$defs`. Over `MAX_SCHEMA_LENGTH` the deep parts become free-form, since what a model cannot see it can still send.
 */
export function bundleInput(
  properties: { [argument: string]: JsonSchema },
  required: readonly string[],
  component: (pointer: string) => JsonSchema,
): Bundled {
  const root: InputSchema = {
    type: 'object',
    properties,
    ...(required.length > 0 ? { required: [...required] } : {}),
    additionalProperties: false,
  };
  // Most tools refer to no component: their text says so sooner than a walk would.
  const text = JSON.stringify(root);
  const inlined = text.includes('"$ref":') ? chooseInlined(root, component) : undefined;
  if (!inlined && fits(root, text)) return { schema: root, reduced: false };
  for (const detail of inlined ? [WHOLE, ...REDUCTIONS] : REDUCTIONS) {
    const bundled = bundle(root, { component, inlined: inlined ?? NONE, detail, limit: MAX_SCHEMA_LENGTH });
    if (bundled && fits(bundled)) return { schema: bundled, reduced: detail !== WHOLE };
  }
  return { schema: { ...root, properties: mapProperties(properties, () => ({})) }, reduced: true };
}

/** `schema` with what it refers to, without limits: for output schemas and exports. */
export function bundleSchema(schema: JsonSchema, component: (pointer: string) => JsonSchema): JsonSchema {
  const inlined = chooseInlined(schema, component) ?? NONE;
  return bundle(schema, { component, inlined, detail: WHOLE, limit: Infinity })!;
}

function fits(schema: JsonSchema, text = JSON.stringify(schema)): boolean {
  if (Buffer.byteLength(text) > MAX_SCHEMA_LENGTH) return false;
  keepText(schema, text);
  return true;
}

const WHOLE: Detail = { depth: Infinity, description: Infinity };
const NONE = () => false;

/** Components that are used once and do not contain themselves, and small ones; undefined when none is used at all. */
function chooseInlined(
  root: JsonSchema,
  component: (pointer: string) => JsonSchema,
): ((pointer: string) => boolean) | undefined {
  const uses = new Map<string, number>();
  const recursive = new Set<string>();
  const open = new Set<string>();
  const visit = (schema: JsonSchema): void => {
    const pointer = schema['$ref'];
    if (typeof pointer === 'string') {
      if (open.has(pointer)) recursive.add(pointer);
      const seen = uses.get(pointer) ?? 0;
      uses.set(pointer, seen + 1);
      if (seen > 0) return;
      open.add(pointer);
      visit(component(pointer));
      open.delete(pointer);
    }
    eachSubschema(schema, visit);
  };
  visit(root);
  if (uses.size === 0) return undefined;
  return (pointer) =>
    !recursive.has(pointer) && (uses.get(pointer) === 1 || lengthOf(component(pointer)) < MIN_DEFINITION_LENGTH);
}

/** In characters of JSON. Many tools use the same components. */
const lengths = new WeakMap<JsonSchema, number>();

function lengthOf(component: JsonSchema): number {
  let length = lengths.get(component);
  if (length === undefined) {
    length = JSON.stringify(component).length;
    lengths.set(component, length);
  }
  return length;
}

interface Bundling {
  readonly component: (pointer: string) => JsonSchema;
  readonly inlined: (pointer: string) => boolean;
  readonly detail: Detail;
  /** Characters of JSON. */
  readonly limit: number;
}

/** Undefined as soon as it is found to be longer than the limit; a schema that is given may still be. */
function bundle<Root extends JsonSchema>(root: Root, bundling: Bundling): Root | undefined {
  const { component, inlined, detail, limit } = bundling;
  const names = new Map<string, string>();
  const taken = new Set<string>();
  const queue: { pointer: string; depth: number }[] = [];
  const bundled = mapSubschemas(root, (argument) => build(argument, 1)) as Root;
  if (queue.length === 0) return bundled;
  const definitions: { [name: string]: JsonSchema } = Object.create(null);
  let length = limit < Infinity ? JSON.stringify(bundled).length : 0;
  for (const { pointer, depth } of queue) {
    if (length > limit) return undefined;
    const definition = build(component(pointer), depth);
    definitions[names.get(pointer)!] = definition;
    if (limit < Infinity) length += JSON.stringify(definition).length;
  }
  return { ...bundled, $defs: definitions };

  function build(schema: JsonSchema, depth: number): JsonSchema {
    const pointer = schema['$ref'];
    if (depth > detail.depth && isStructured(schema))
      return freeForm(schema, typeof pointer === 'string' ? component(pointer) : schema);
    if (typeof pointer !== 'string')
      return trim(
        mapSubschemas(schema, (inner) => build(inner, depth + 1)),
        depth,
      );
    const { $ref: _, ...written } = schema;
    const siblings = mapSubschemas(written, (inner) => build(inner, depth + 1));
    if (inlined(pointer)) return trim(mergeSchemas(build(component(pointer), depth), siblings), depth);
    return trim({ $ref: `#/$defs/${define(pointer, depth)}`, ...siblings }, depth);
  }

  function define(pointer: string, depth: number): string {
    const known = names.get(pointer);
    if (known !== undefined) return known;
    const base = pointer.slice(pointer.lastIndexOf('/') + 1).replace(/[^A-Za-z0-9_-]+/g, '_') || 'schema';
    let name = base;
    for (let index = 2; taken.has(name); index++) name = `${base}_${index}`;
    taken.add(name);
    names.set(pointer, name);
    queue.push({ pointer, depth });
    return name;
  }

  function trim(schema: JsonSchema, depth: number): JsonSchema {
    const limit = depth === 1 ? (detail.top ?? Infinity) : detail.description;
    const description = schema['description'];
    const values = schema['enum'];
    const long = typeof description === 'string' && description.length > limit;
    const wide = Array.isArray(values) && values.length > (detail.values ?? Infinity);
    if (!long && !wide) return schema;
    const { description: _, enum: __, ...rest } = schema;
    const text = long ? shorten(description, limit) : ((description as string | undefined) ?? '');
    const note = wide
      ? `One of ${values.length} values, such as ${values
          .slice(0, 5)
          .map((value) => JSON.stringify(value))
          .join(', ')}.`
      : '';
    const words = [text, note].filter(Boolean).join(' ');
    return {
      ...rest,
      ...(Array.isArray(values) && !wide ? { enum: values } : {}),
      ...(words ? { description: words } : {}),
    };
  }
}

function isStructured(schema: JsonSchema): boolean {
  return (
    ['$ref', 'properties', 'items', 'anyOf', 'allOf', 'prefixItems', 'patternProperties'].some(
      (keyword) => schema[keyword] !== undefined,
    ) || typeof schema['additionalProperties'] === 'object'
  );
}

function freeForm(schema: JsonSchema, followed: JsonSchema): JsonSchema {
  const type = followed['type'];
  const description = schema['description'] ?? followed['description'];
  return {
    ...(type === undefined ? {} : { type }),
    ...(type === 'array' ? { items: {} } : {}),
    description: `${typeof description === 'string' ? `${shorten(description, 60)} ` : ''}(free-form here: not described further)`,
  };
}

/** The first sentence if it fits, else whole words. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  if (limit <= 0) return '';
  const cut = text.slice(0, limit);
  const sentence = Math.max(cut.lastIndexOf('. '), cut.lastIndexOf('.\n'));
  if (sentence > limit / 3) return cut.slice(0, sentence + 1);
  const space = cut.lastIndexOf(' ');
  return `${cut.slice(0, space > limit / 2 ? space : limit - 1)}…`;
}

function mapProperties(
  properties: { [name: string]: JsonSchema },
  change: (schema: JsonSchema) => JsonSchema,
): { [name: string]: JsonSchema } {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, change(schema)]));
}
