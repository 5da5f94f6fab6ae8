import { own } from '../../spec/references.ts';
import type { Keys, Say } from './finding.ts';
import { tupleOf } from './python-words.ts';

const SCHEMAS = '#/components/schemas/';
/** Keywords that hold one schema, a list of schemas, a map of schemas. */
const ONE = ['items', 'additionalProperties', 'not'];
const LISTS = ['allOf', 'anyOf', 'oneOf'];
const MAPS = ['properties', 'patternProperties'];

/** The schemas of the components, and what they are made of. */
export function checkComponents(components: unknown, say: Say): void {
  const schemas = asMap(own(components, 'schemas'));
  if (!schemas) {
    say(
      'gpt-schemas',
      components === undefined ? [] : ['components'],
      'In components section, schemas subsection is not an object',
    );
    return;
  }
  for (const [name, schema] of Object.entries(schemas))
    checkSchema(schema, { keys: ['components', 'schemas', name], schemas, say });
  checkCircles(schemas, say);
}

export interface SchemaPlace {
  /** From the root of the document. */
  readonly keys: Keys;
  readonly schemas: { readonly [name: string]: unknown };
  readonly say: Say;
}

/** A schema and everything written inside it; what a reference leads to is checked where it stands. */
export function checkSchema(schema: unknown, place: SchemaPlace): void {
  const node = asMap(schema);
  if (!node) return;
  const { keys, schemas, say } = place;
  const ref = own(node, '$ref');
  if (typeof ref === 'string') {
    const name = nameOf(ref);
    if (name === undefined || !Object.hasOwn(schemas, name)) {
      const shown = name ?? ref.slice(ref.lastIndexOf('/') + 1);
      say(
        'gpt-component',
        keys,
        `In context=${tupleOf(keys)}, reference to unknown component ${shown}; using empty schema`,
      );
    }
    return;
  }
  if (isObject(node) && !asMap(own(node, 'properties')))
    say('gpt-object', keys, `In context=${tupleOf(keys)}, object schema missing properties`);
  for (const [inner, more] of subschemas(node)) checkSchema(inner, { ...place, keys: [...keys, ...more] });
}

/** The schema a reference means, as the editor follows it: by name, among the components. */
export function followed(schema: unknown, schemas: SchemaPlace['schemas']): unknown {
  let node = schema;
  for (let hops = 0; hops < 20; hops++) {
    const ref = own(node, '$ref');
    if (typeof ref !== 'string') return node;
    const name = nameOf(ref);
    node = name === undefined ? undefined : own(schemas, name);
  }
  return undefined;
}

/** A request body or an answer, a reference to one of the components followed; references in parameters are not. */
export function component(node: unknown, components: unknown): unknown {
  const ref = own(node, '$ref');
  if (typeof ref !== 'string') return node;
  const [section, name] = ref.startsWith('#/components/') ? ref.slice('#/components/'.length).split('/') : [];
  return section === undefined || name === undefined ? undefined : own(own(components, section), name);
}

export function asMap(value: unknown): { readonly [key: string]: unknown } | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: unknown })
    : undefined;
}

export function isObject(schema: unknown): boolean {
  const type = own(schema, 'type');
  return type === 'object' || (Array.isArray(type) && type.includes('object'));
}

function nameOf(ref: string): string | undefined {
  return ref.startsWith(SCHEMAS) && !ref.slice(SCHEMAS.length).includes('/') ? ref.slice(SCHEMAS.length) : undefined;
}

function* subschemas(node: { readonly [key: string]: unknown }): Generator<readonly [unknown, Keys]> {
  for (const keyword of ONE) if (asMap(node[keyword])) yield [node[keyword], [keyword]];
  for (const keyword of LISTS) {
    const list = node[keyword];
    if (Array.isArray(list)) for (const [index, inner] of list.entries()) yield [inner, [keyword, String(index)]];
  }
  for (const keyword of MAPS)
    for (const [name, inner] of Object.entries(asMap(node[keyword]) ?? {})) yield [inner, [keyword, name]];
}

/** Said once, at the first reference that closes a circle. */
function checkCircles(schemas: SchemaPlace['schemas'], say: Say): void {
  const done = new Set<string>();
  const open = new Set<string>();
  let closed: Keys | undefined;

  function visit(name: string): void {
    if (done.has(name) || !Object.hasOwn(schemas, name)) return;
    open.add(name);
    walk(schemas[name], ['components', 'schemas', name]);
    open.delete(name);
    done.add(name);
  }

  function walk(schema: unknown, keys: Keys): void {
    const node = asMap(schema);
    if (!node || closed) return;
    const target = typeof node['$ref'] === 'string' ? nameOf(node['$ref']) : undefined;
    if (target !== undefined && open.has(target)) closed = keys;
    else if (target !== undefined) visit(target);
    else for (const [inner, more] of subschemas(node)) walk(inner, [...keys, ...more]);
  }

  for (const name of Object.keys(schemas)) visit(name);
  if (closed) say('gpt-circular', closed, 'Components section contains a circular dependency');
}
