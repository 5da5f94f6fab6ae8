import { own } from '../spec/references.ts';
import type { JsonObject, References } from '../spec/types.ts';
import { mergeSchemas } from './merge-schemas.ts';
import { tidyProse } from './prose.ts';
import { asObject } from './reading.ts';
import {
  addUnion,
  componentName,
  hasSiblings,
  isLeaf,
  isPattern,
  readExclusive,
  setDefined,
  settleTypes,
  titled,
  uniqueValues,
  withNull,
  withoutDescription,
} from './schema-keywords.ts';
import type { SchemaNode } from './types.ts';

/** JSON Schema 2020-12, valid under draft-07 too. */
export interface JsonSchema {
  [keyword: string]: unknown;
}

export interface SchemaConverter {
  /**
   * A document's schema (2.0, 3.0 or 3.1 dialect) as JSON Schema that accepts all the API accepts: readOnly properties
   * dropped, `allOf` merged, `oneOf` loosened to `anyOf`, `nullable` and boolean bounds rewritten, what is not for callers
   * left out. References to components stay, as `{ $ref: <pointer> }`: see `component`.
   */
  convert(node: SchemaNode): JsonSchema;
  /** The converted schema that a `$ref` of a converted schema means. Converted when first asked for, then kept. */
  component(pointer: string): JsonSchema;
  /** `convert`, with a reference at the root followed. */
  convertRoot(node: SchemaNode): JsonSchema;
}

/** `node` is the schema that the finding is about. */
export type SchemaReport = (code: string, message: string, node: unknown) => void;

const TYPES = new Set(['string', 'number', 'integer', 'boolean', 'array', 'object', 'null']);
const MAX_DEPTH = 200;

/** A converter for one document and one direction: requests leave out what is `readOnly`, answers what is `writeOnly`. */
export function createSchemaConverter(
  references: References,
  report: SchemaReport,
  direction: 'request' | 'response' = 'request',
): SchemaConverter {
  const hidden = direction === 'request' ? 'readOnly' : 'writeOnly';
  const nodes = new Map<string, unknown>();
  const components = new Map<string, JsonSchema>();
  const plain = new Map<string, JsonSchema>();
  const merging = new Set<string>();
  /** How often a chain of `allOf` was cut where it came back to itself. */
  let cuts = 0;
  /** Names of properties left out, so that an `allOf` part elsewhere cannot require them. */
  const left = new WeakMap<JsonSchema, ReadonlySet<string>>();
  let depth = 0;
  return { convert, component, convertRoot };

  function component(pointer: string): JsonSchema {
    let schema = components.get(pointer);
    if (schema === undefined) {
      schema = convert(nodes.get(pointer));
      components.set(pointer, schema);
    }
    return schema;
  }

  function convertRoot(node: SchemaNode): JsonSchema {
    let schema = convert(node);
    for (let hops = 0; hops < MAX_DEPTH && typeof schema['$ref'] === 'string'; hops++) {
      const { $ref, ...siblings } = schema;
      schema = { ...component($ref as string), ...siblings };
    }
    return schema;
  }

  function convert(node: SchemaNode, subtypes = true): JsonSchema {
    if (node === false) return { not: {} };
    const object = asObject(node);
    if (!object) return {};
    if (depth >= MAX_DEPTH) {
      report('schema-too-deep', `Schemas nest more than ${MAX_DEPTH} levels; deeper ones accept anything`, object);
      return {};
    }
    depth++;
    try {
      const ref = object['$ref'] ?? object['$dynamicRef'];
      return typeof ref === 'string' ? convertReference(object, ref) : convertObject(object, subtypes);
    } finally {
      depth--;
    }
  }

  function convertReference(node: JsonObject, ref: string): JsonSchema {
    const target = references.resolve(ref);
    if (!target) {
      report('ref-dangling', `The schema reference "${ref}" leads nowhere; any value is accepted there`, node);
      return {};
    }
    nodes.set(target.pointer, target.node);
    const referred = isLeaf(target.node) ? convert(target.node) : { $ref: target.pointer };
    if (!hasSiblings(node)) return referred;
    const { $ref: _, $dynamicRef: __, ...rest } = node as { [key: string]: unknown };
    const siblings = convertObject(rest, false);
    const constraining = Object.keys(siblings).some(
      (keyword) => keyword !== 'description' && keyword !== 'default' && keyword !== 'deprecated',
    );
    if (!constraining) return withNull(rest, { ...referred, ...siblings });
    return withNull(rest, merge(followed(target.pointer, target.node), siblings));
  }

  function convertObject(node: JsonObject, subtypes: boolean): JsonSchema {
    let schema = readKeywords(node);
    const allOf = node['allOf'];
    if (Array.isArray(allOf)) schema = mergeAllOf(allOf, schema);
    const discriminator = asObject(node['discriminator']);
    if (discriminator) schema = describeVariants(node, discriminator, schema, subtypes);
    return withNull(node, schema);
  }

  function mergeAllOf(parts: readonly unknown[], own: JsonSchema): JsonSchema {
    let merged: JsonSchema = {};
    for (const part of parts) {
      const schema = mergeable(part);
      if (schema) merged = merge(merged, schema);
    }
    return merge(merged, own);
  }

  function merge(first: JsonSchema, second: JsonSchema): JsonSchema {
    const merged = mergeSchemas(first, second);
    const names = new Set([...(left.get(first) ?? []), ...(left.get(second) ?? [])]);
    if (names.size === 0) return merged;
    left.set(merged, names);
    const required = (merged['required'] as string[] | undefined)?.filter((name) => !names.has(name));
    if (required?.length) merged['required'] = required;
    else delete merged['required'];
    return merged;
  }

  /** A part of `allOf`, its reference followed; undefined where the chain comes back to itself. */
  function mergeable(part: unknown): JsonSchema | undefined {
    const ref = own(asObject(part) ?? {}, '$ref');
    if (typeof ref !== 'string') return convert(part, false);
    const target = references.resolve(ref);
    if (!target) return convert(part, false);
    if (merging.has(target.pointer)) {
      report('allof-cycle', `"${ref}" stands in its own allOf; that part is left out`, part);
      cuts++;
      return undefined;
    }
    const { $ref: _, ...siblings } = part as { [key: string]: unknown };
    const schema = followed(target.pointer, target.node);
    return Object.keys(siblings).length > 0 ? merge(schema, convertObject(siblings, false)) : schema;
  }

  /** A component without its subtypes, as part of another schema. */
  function followed(pointer: string, node: unknown): JsonSchema {
    const known = plain.get(pointer);
    if (known) return known;
    if (merging.has(pointer)) {
      cuts++;
      return {};
    }
    const before = cuts;
    merging.add(pointer);
    const schema = convert(node, false);
    merging.delete(pointer);
    // What was cut somewhere is whole only where nothing is being merged around it.
    if (merging.size === 0 || cuts === before) plain.set(pointer, schema);
    return schema;
  }

  function readKeywords(node: JsonObject): JsonSchema {
    const schema: JsonSchema = {};
    for (const keyword of Object.keys(node)) readKeyword(node, keyword, node[keyword], schema);
    settleTypes(schema);
    return schema;
  }

  function readKeyword(node: JsonObject, keyword: string, value: unknown, into: JsonSchema): void {
    switch (keyword) {
      case 'type':
        return setDefined(into, 'type', readType(value, node));
      case 'properties':
        return readProperties(value, into);
      case 'required':
        if (Array.isArray(value)) readRequired(node, value, into);
        return;
      case 'description':
        if (typeof value === 'string' && value !== '') into['description'] = tidyProse(value);
        return;
      case 'enum':
        if (Array.isArray(value) && value.length > 0) into['enum'] = uniqueValues(value);
        return;
      case 'const':
      case 'default':
        into[keyword] = value;
        return;
      case 'items':
        if (Array.isArray(value)) setDefined(into, 'prefixItems', convertList(value));
        else if (value !== false) into['items'] = convert(value);
        else if (Array.isArray(own(node, 'prefixItems')))
          into['maxItems'] = (own(node, 'prefixItems') as unknown[]).length;
        else into['maxItems'] = 0;
        return;
      case 'additionalProperties':
      case 'unevaluatedProperties':
        if (typeof value === 'boolean') into[keyword] = value;
        else if (asObject(value)) into[keyword] = convert(value);
        return;
      case 'oneOf':
      case 'anyOf':
        if (Array.isArray(value) && value.length > 0)
          addUnion(
            into,
            value.map((branch) => convert(branch)),
          );
        return;
      default:
        return readAssertion(node, keyword, value, into);
    }
  }

  function readAssertion(node: JsonObject, keyword: string, value: unknown, into: JsonSchema): void {
    switch (keyword) {
      case 'exclusiveMinimum':
      case 'exclusiveMaximum':
        return readExclusive(node, keyword, value, into);
      case 'minimum':
      case 'maximum':
        if (typeof value === 'number' && own(node, `exclusive${keyword[0]!.toUpperCase()}${keyword.slice(1)}`) !== true)
          into[keyword] = value;
        return;
      case 'multipleOf':
        if (typeof value === 'number' && value > 0) into[keyword] = value;
        return;
      case 'minLength':
      case 'maxLength':
      case 'minItems':
      case 'maxItems':
      case 'minProperties':
      case 'maxProperties':
      case 'minContains':
      case 'maxContains':
        if (Number.isInteger(value) && (value as number) >= 0 && into[keyword] === undefined) into[keyword] = value;
        return;
      case 'uniqueItems':
      case 'deprecated':
        if (value === true) into[keyword] = true;
        return;
      case 'format':
      case 'contentEncoding':
      case 'contentMediaType':
        if (typeof value === 'string' && value !== '') into[keyword] = value;
        return;
      case 'pattern':
        if (typeof value === 'string') readPattern(value, node, into);
        return;
      case 'not':
      case 'if':
      case 'then':
      case 'else':
      case 'contains':
      case 'propertyNames':
        if (typeof value === 'boolean' || asObject(value)) into[keyword] = convert(value);
        return;
      case 'prefixItems':
        if (Array.isArray(value)) setDefined(into, keyword, convertList(value));
        return;
      case 'patternProperties':
      case 'dependentSchemas':
        return readSchemaMap(keyword, value, into);
      case 'dependentRequired':
        if (asObject(value)) into[keyword] = value;
        return;
    }
  }

  function readProperties(value: unknown, into: JsonSchema): void {
    const properties: { [name: string]: JsonSchema } = Object.create(null);
    let count = 0;
    const written = asObject(value) ?? {};
    for (const name of Object.keys(written)) {
      const property = written[name];
      if (isHidden(property)) {
        left.set(into, new Set(left.get(into)).add(name));
        continue;
      }
      properties[name] = convert(property);
      count++;
    }
    if (count > 0) into['properties'] = properties;
  }

  function isHidden(property: unknown): boolean {
    const object = asObject(property);
    if (!object) return false;
    if (object[hidden] === true) return true;
    const ref = object['$ref'];
    return typeof ref === 'string' && asObject(references.resolve(ref)?.node)?.[hidden] === true;
  }

  function readRequired(node: JsonObject, value: readonly unknown[], into: JsonSchema): void {
    const properties = asObject(own(node, 'properties')) ?? {};
    const names = [...new Set(value)].filter((name) => typeof name === 'string' && !isHidden(own(properties, name)));
    if (names.length > 0) into['required'] = names;
  }

  function readType(value: unknown, node: JsonObject): string | string[] | undefined {
    if (typeof value === 'string' && TYPES.has(value)) return value;
    const asked = (Array.isArray(value) ? value : [value]).map((type) => (type === 'file' ? 'string' : type));
    const known = [...new Set(asked)].filter((type) => typeof type === 'string' && TYPES.has(type)) as string[];
    if (known.length < new Set(asked).size) {
      report('type-unknown', `The type ${JSON.stringify(value)} does not exist; any value is accepted there`, node);
      return undefined;
    }
    return known.length <= 1 ? known[0] : known;
  }

  function readPattern(value: string, node: JsonObject, into: JsonSchema): void {
    try {
      new RegExp(value, 'u');
      into['pattern'] = value;
    } catch {
      report(
        'pattern-invalid',
        `The pattern ${JSON.stringify(value.slice(0, 80))} is no ECMA-262 Unicode pattern; it is not checked`,
        node,
      );
    }
  }

  /** JSON Schema has no empty lists of schemas. */
  function convertList(list: readonly unknown[]): JsonSchema[] | undefined {
    return list.length > 0 ? list.map((item) => convert(item)) : undefined;
  }

  function readSchemaMap(keyword: string, value: unknown, into: JsonSchema): void {
    const map: { [name: string]: JsonSchema } = Object.create(null);
    for (const [name, schema] of Object.entries(asObject(value) ?? {})) {
      if (keyword === 'dependentSchemas' || isPattern(name)) map[name] = convert(schema);
    }
    into[keyword] = map;
  }

  /** OAS 3.2 §4.25: which variant a value of the tag property means, told in words. */
  function describeVariants(
    node: JsonObject,
    discriminator: JsonObject,
    schema: JsonSchema,
    subtypes: boolean,
  ): JsonSchema {
    const tag = own(discriminator, 'propertyName');
    if (typeof tag !== 'string') return schema;
    const mapping = Object.entries(asObject(own(discriminator, 'mapping')) ?? {}).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    );
    const union = own(node, 'oneOf') ?? own(node, 'anyOf');
    if (!Array.isArray(union) && (!subtypes || mapping.length === 0)) return schema;
    const branches = Array.isArray(union) ? (schema['anyOf'] as JsonSchema[] | undefined) : subtypeBranches(mapping);
    if (!branches || branches.length === 0) return schema;
    const words = mapping.map(([value, target]) => `${JSON.stringify(value)} → ${componentName(target)}`).join(', ');
    const note = `"${tag}" selects the variant${words ? `: ${words}` : ''}.`;
    const described = {
      ...schema,
      description: schema['description'] === undefined ? note : `${schema['description']}\n${note}`,
    };
    if (Array.isArray(union)) return { ...described, anyOf: titled(branches, union) };
    return { description: described.description, anyOf: [...branches, withoutDescription(schema)] };
  }

  function subtypeBranches(mapping: readonly (readonly [string, string])[]): JsonSchema[] {
    const branches = new Map<string, JsonSchema>();
    for (const [, written] of mapping) {
      const target = references.resolve(written.includes('/') ? written : `#/components/schemas/${written}`);
      if (!target) continue;
      nodes.set(target.pointer, target.node);
      branches.set(target.pointer, { $ref: target.pointer });
    }
    return [...branches.values()];
  }
}
