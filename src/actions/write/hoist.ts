import { shorten } from '../../tool/bundle.ts';
import type { JsonSchema } from '../../tool/types.ts';
import { mapSubschemas } from '../../tool/walk-schema.ts';
import { EDITOR_LIMITS } from '../editor/finding.ts';
import { withParagraphs } from './exact.ts';

/** `components.schemas` of the document being made. */
export type Schemas = { [name: string]: JsonSchema };

/** The schema that a `$ref` means. */
export interface Referred {
  /** What the component would best be called. */
  readonly name: string;
  /** The same for schemas that say the same: they become one component. */
  readonly key: string;
  readonly schema: JsonSchema;
}

/** Where the references of a schema lead, and what it belongs to: part of a component's name when its own is taken. */
export interface SchemaOrigin {
  readonly owner: string;
  readonly lookUp: (ref: string) => Referred | undefined;
}

export interface Hoisted {
  readonly schema: JsonSchema;
  /** Something the editor does not take was left out: a circle was opened, or a description cut. */
  readonly lossy: boolean;
}

/**
 * Makes schemas fit for the GPT editor, what they refer to becoming components. It refuses circular components, so the
 * reference that closes a circle becomes a free-form object; objects list their properties; descriptions have their limit.
 */
export function createHoister(schemas: Schemas): (schema: JsonSchema, origin: SchemaOrigin) => Hoisted {
  /** Names by key, and what became of the components. */
  const names = new Map<string, string>();
  const lossyNames = new Set<string>();

  return (schema, { owner, lookUp }) => {
    let lossy = false;

    function refer(ref: string, open: readonly string[]): JsonSchema {
      const target = lookUp(ref);
      if (!target || open.includes(target.key)) {
        lossy = true;
        return freeForm(target?.schema);
      }
      const known = names.get(target.key);
      const name = known ?? define(target, open);
      if (lossyNames.has(name)) lossy = true;
      return { $ref: `#/components/schemas/${name}` };
    }

    function define({ name: wanted, key, schema: referred }: Referred, open: readonly string[]): string {
      const name = freeName(wanted, owner, schemas);
      names.set(key, name);
      schemas[name] = {};
      const before = lossy;
      lossy = false;
      schemas[name] = convert(referred, [...open, key]);
      if (lossy) lossyNames.add(name);
      lossy ||= before;
      return name;
    }

    function convert(node: JsonSchema, open: readonly string[]): JsonSchema {
      if (typeof node !== 'object' || node === null) return node;
      const { $ref: ref, $defs: _, $schema: __, ...rest } = node;
      const inner = withParagraphs(mapSubschemas(rest, (child) => convert(child, open)));
      const fitted = tailored(inner);
      if (fitted['description'] !== inner['description']) lossy = true;
      return typeof ref === 'string' ? { ...refer(ref, open), ...fitted } : fitted;
    }

    return { schema: convert(schema, []), lossy };
  };
}

/** A free-form object stands for an object; anything else takes any value. */
function freeForm(schema: JsonSchema | undefined): JsonSchema {
  return schema === undefined || isObject(schema) ? { type: 'object', properties: {}, additionalProperties: true } : {};
}

/** The same object when nothing had to change. */
function tailored(schema: JsonSchema): JsonSchema {
  const { description } = schema;
  const long = typeof description === 'string' && [...description].length > EDITOR_LIMITS.parameterText;
  const bare = isObject(schema) && schema['properties'] === undefined;
  if (!long && !bare) return schema;
  return {
    ...schema,
    ...(bare ? { properties: {} } : {}),
    ...(long ? { description: shorten(description, EDITOR_LIMITS.parameterText) } : {}),
  };
}

function isObject({ type }: JsonSchema): boolean {
  return type === 'object' || (Array.isArray(type) && type.includes('object'));
}

function freeName(wanted: string, owner: string, schemas: Schemas): string {
  const plain = wanted.replace(/[^A-Za-z0-9._-]+/g, '_') || 'schema';
  const names = [plain, `${owner.replace(/[^A-Za-z0-9._-]+/g, '_')}_${plain}`];
  const free = names.find((name) => !Object.hasOwn(schemas, name));
  if (free !== undefined) return free;
  for (let index = 2; ; index++) if (!Object.hasOwn(schemas, `${names[1]}_${index}`)) return `${names[1]}_${index}`;
}
