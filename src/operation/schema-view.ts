import { own } from '../spec/references.ts';
import type { JsonObject, References } from '../spec/types.ts';
import { asObject } from './reading.ts';
import type { SchemaNode } from './types.ts';

/** What encoding a body needs to know of a schema: references followed, `allOf` looked through. */
export interface SchemaView {
  /** The schema as written, at the end of its references. */
  readonly node: JsonObject;
  /** Name of the component it was found under, if it was a reference. */
  readonly component?: string;
  /** Type names without `null`; empty when the schema does not say. */
  readonly types: readonly string[];
  readonly properties: ReadonlyMap<string, SchemaNode>;
  readonly items?: SchemaNode;
}

/** Reads a schema for encoding. Cycles end where they close; what is no schema reads as the empty one. */
export function viewSchema(references: References, written: SchemaNode): SchemaView {
  /** Each schema once, however many ways lead to it; undefined while it is being read. */
  const known = new Map<JsonObject, SchemaView | undefined>();
  return view(written);

  function view(schema: SchemaNode): SchemaView {
    const start = asObject(schema) ?? {};
    const ref = own(start, '$ref');
    const resolved = typeof ref === 'string' ? references.resolve(ref) : undefined;
    const node = resolved ? (asObject(resolved.node) ?? {}) : start;
    const read = viewNode(node);
    return resolved ? { ...read, component: componentOf(resolved.pointer) } : read;
  }

  function viewNode(node: JsonObject): SchemaView {
    if (known.has(node)) return known.get(node) ?? { node: {}, types: [], properties: new Map() };
    known.set(node, undefined);
    const parts = subschemas(node).map(view);
    const properties = new Map(parts.flatMap((part) => [...part.properties]));
    for (const [name, value] of Object.entries(asObject(own(node, 'properties')) ?? {})) properties.set(name, value);
    const items = own(node, 'items') ?? parts.find((part) => part.items !== undefined)?.items;
    const read = {
      node,
      types: typesOf(node, properties.size > 0, items !== undefined, parts),
      properties,
      ...(items === undefined ? {} : { items }),
    };
    known.set(node, read);
    return read;
  }
}

function componentOf(pointer: string): string {
  return pointer
    .slice(pointer.lastIndexOf('/') + 1)
    .replaceAll('~1', '/')
    .replaceAll('~0', '~');
}

function subschemas(node: JsonObject): readonly SchemaNode[] {
  return ['allOf', 'oneOf', 'anyOf'].flatMap((keyword) => {
    const list = own(node, keyword);
    return Array.isArray(list) ? list : [];
  });
}

function typesOf(
  node: JsonObject,
  hasProperties: boolean,
  hasItems: boolean,
  parts: readonly SchemaView[],
): readonly string[] {
  const type = own(node, 'type');
  const named = (Array.isArray(type) ? type : [type]).filter(
    (name) => typeof name === 'string' && name !== 'null',
  ) as string[];
  if (named.length > 0) return named;
  if (hasProperties || asObject(own(node, 'additionalProperties'))) return ['object'];
  if (hasItems) return ['array'];
  return [...new Set(parts.flatMap((part) => part.types))];
}

/** Bytes rather than text: `format: binary`, 2.0's `type: file`, `contentEncoding: base64`, or a binary `contentMediaType`. */
export function isBinary(view: SchemaView): boolean {
  if (view.types.includes('file')) return true;
  if (view.types.length > 0 && !view.types.includes('string')) return false;
  if (own(view.node, 'format') === 'binary') return true;
  const encoding = own(view.node, 'contentEncoding');
  if (typeof encoding === 'string') return encoding.toLowerCase() === 'base64';
  const mediaType = own(view.node, 'contentMediaType');
  return typeof mediaType === 'string' && !/^text\/|json|xml/i.test(mediaType);
}
