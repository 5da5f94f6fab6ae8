import type { JsonSchema } from '../types.ts';
import { flatten, isSchema } from './flatten.ts';
import { nameMember } from './member-name.ts';
import { isObject } from './restore.ts';
import { withoutCombinators } from './root.ts';
import type { Report, Restore } from './types.ts';
import { describe } from './words.ts';

/** A schema for dialects that take JSON Schema itself. */
export interface PlainSchema {
  readonly schema: JsonSchema;
  readonly restore: Restore;
}

const ANY_NAME = /^/;
const MAPS = ['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'];
const LISTS = ['anyOf', 'oneOf', 'allOf', 'prefixItems'];
const SINGLES = [
  ...['items', 'additionalProperties', 'unevaluatedProperties', 'unevaluatedItems', 'not', 'if', 'then', 'else'],
  ...['contains', 'propertyNames'],
];

/**
 * A tool's schema as vendors take it that read JSON Schema 2020-12: the root is an object without combinators, arrays have
 * items, names of members match `legal`. Tools from documents are so already, save for names below their arguments.
 */
export function writePlain(input: JsonSchema, report: Report, legal: RegExp = ANY_NAME): PlainSchema {
  const root = withoutCombinators(input, report);
  let renames = 0;
  const schema = visit(root, '');
  return {
    schema,
    restore: renames === 0 ? (value) => value : (value) => restoreNames(value, [root], { root, legal }),
  };

  function visit(given: JsonSchema, pointer: string): JsonSchema {
    const copy: { [keyword: string]: unknown } = {};
    for (const [keyword, value] of Object.entries(modern(given)))
      copy[keyword] = visitKeyword(keyword, value, `${pointer}/${keyword}`);
    if (copy['type'] === 'array' && copy['items'] === undefined) copy['items'] = {};
    return copy;
  }

  function visitKeyword(keyword: string, value: unknown, pointer: string): unknown {
    if (keyword === 'required' && Array.isArray(value)) return value.map((name) => nameMember(String(name), legal));
    if (LISTS.includes(keyword) && Array.isArray(value))
      return value.map((inner, index) => (isSchema(inner) ? visit(inner, `${pointer}/${index}`) : inner));
    if (!isSchema(value)) return value;
    if (SINGLES.includes(keyword)) return visit(value, pointer);
    if (keyword === 'dependentRequired') return renameRequirements(value);
    return MAPS.includes(keyword) ? visitMap(keyword, value, pointer) : value;
  }

  function visitMap(keyword: string, map: JsonSchema, pointer: string): JsonSchema {
    const entries = Object.entries(map).map(([name, inner]): [string, unknown] => {
      const place = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      const visited = isSchema(inner) ? visit(inner, place) : inner;
      if (keyword !== 'properties' && keyword !== 'dependentSchemas') return [name, visited];
      const renamed = nameMember(name, legal);
      if (renamed === name) return [name, visited];
      renames++;
      report('renamed', place, `${JSON.stringify(name)} is called ${renamed}`);
      return [renamed, isSchema(visited) ? withApiName(visited, name) : visited];
    });
    return Object.fromEntries(entries);
  }

  function renameRequirements(map: JsonSchema): JsonSchema {
    const rename = (name: string) => nameMember(name, legal);
    return Object.fromEntries(
      Object.entries(map).map(([name, names]) => [rename(name), (names as string[]).map(rename)]),
    );
  }
}

function withApiName(schema: JsonSchema, name: string): JsonSchema {
  const description = typeof schema['description'] === 'string' ? schema['description'] : undefined;
  return { ...schema, ...describe(description, [`API name ${JSON.stringify(name)}`]) };
}

/** Draft-07 and OpenAPI forms in the words of 2020-12. */
function modern({ $schema: _, ...schema }: JsonSchema): JsonSchema {
  if (!Array.isArray(schema['items'])) return schema;
  const { items, additionalItems, ...rest } = schema;
  return { ...rest, prefixItems: items, ...(additionalItems === undefined ? {} : { items: additionalItems }) };
}

interface Naming {
  readonly root: JsonSchema;
  readonly legal: RegExp;
}

/** A name is replaced in one way wherever it stands: so it is turned back wherever some schema of the place declares it. */
function restoreNames(value: unknown, schemas: readonly JsonSchema[], naming: Naming): unknown {
  const all = schemas.flatMap((schema) => applicable(schema, naming.root, new Set()));
  if (Array.isArray(value)) {
    const items = all.flatMap((schema) => [schema['items'], schema['prefixItems']].flat()).filter(isSchema);
    return value.map((item) => restoreNames(item, items, naming));
  }
  if (!isObject(value)) return value;
  const names = new Map(
    all
      .flatMap((schema) => Object.keys((schema['properties'] as object | undefined) ?? {}))
      .map((name) => [nameMember(name, naming.legal), name]),
  );
  const entries = Object.entries(value).map(([given, inner]): [string, unknown] => {
    const name = names.get(given) ?? given;
    const declared = all.map((schema) => (schema['properties'] as JsonSchema | undefined)?.[name]).filter(isSchema);
    const others = all.map((schema) => schema['additionalProperties']).filter(isSchema);
    return [name, restoreNames(inner, declared.length > 0 ? declared : others, naming)];
  });
  return Object.fromEntries(entries);
}

/** A schema and those that speak of the same value. */
function applicable(schema: JsonSchema, root: JsonSchema, seen: Set<JsonSchema>): JsonSchema[] {
  if (seen.has(schema)) return [];
  seen.add(schema);
  const { $ref } = schema;
  const flat = typeof $ref === 'string' ? [resolveIn(root, $ref)] : [];
  const inner = [
    ...flat,
    ...LISTS.slice(0, 3).flatMap((keyword) => schema[keyword] ?? []),
    schema['then'],
    schema['else'],
  ];
  return [schema, ...inner.filter(isSchema).flatMap((each) => applicable(each, root, seen))];
}

function resolveIn(root: JsonSchema, reference: string): unknown {
  return flatten(root, { $ref: reference })?.schema;
}
