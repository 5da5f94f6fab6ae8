/** A document or a further file of it, and where it stands in the whole. */
export interface Unit {
  readonly value: unknown;
  /** '' for the document itself. */
  readonly pointer: string;
  /** How messages name it. */
  readonly name: string;
  /** Real path, when it is a file. */
  readonly path: string | undefined;
  /** Nodes may stand in several places. */
  readonly shared: boolean;
}

/** Something with a URI that references are relative to (RFC 3986 §5.1): a unit, or a schema with `$id` inside one. */
export interface Resource {
  readonly uri: string | undefined;
  readonly pointer: string;
}

export interface FoundReference {
  readonly holder: { [key: string]: unknown };
  readonly key: string;
  readonly ref: string;
  /** Where it stands in its unit. */
  readonly pointer: string;
  readonly unit: Unit;
  readonly resource: Resource;
}

export interface Scan {
  readonly unit: Unit;
  /** `$id` names a resource: since 3.1. */
  readonly hasIds: boolean;
  onReference(reference: FoundReference): void;
  onResource(resource: Resource): void;
  onAnchor(name: string, resource: Resource, pointer: string): void;
}

/** Values of these keywords are data: a `$ref` in them is no reference. */
const DATA = new Set(['example', 'examples', 'default', 'enum', 'const']);
/** The keys below these are names, not keywords. */
const NAMED = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
  'responses',
  'schemas',
  'parameters',
  'headers',
  'requestBodies',
  'securitySchemes',
  'securityDefinitions',
  'links',
  'callbacks',
  'pathItems',
  'paths',
  'content',
  'encoding',
  'mediaTypes',
  'webhooks',
  'additionalOperations',
]);

/** Whether what stands below these keys of a unit is data, as a scan sees it. */
export function isData(keys: readonly string[]): boolean {
  let named = false;
  for (const key of keys) {
    if (!named && isDataKey(key)) return true;
    named = !named && NAMED.has(key);
  }
  return false;
}

function isDataKey(key: string): boolean {
  return DATA.has(key) || key.startsWith('x-');
}

/** Finds every reference below a node of a unit that stands below `keys`: `$ref`, `$dynamicRef` and discriminator mappings. */
export function scanReferences(root: unknown, keys: readonly string[], start: Resource, scan: Scan): void {
  const path = [...keys];
  const seen = scan.unit.shared ? new Set<object>() : undefined;
  visit(root, false, start);

  function visit(node: unknown, named: boolean, resource: Resource): void {
    if (typeof node !== 'object' || node === null || seen?.has(node)) return;
    seen?.add(node);
    if (Array.isArray(node)) {
      for (const [index, item] of node.entries()) descend(String(index), item, false, resource);
      return;
    }
    const object = node as { [key: string]: unknown };
    const inner = named ? resource : enter(object, resource);
    for (const key of Object.keys(object)) {
      const value = object[key];
      // A string under a name is no schema, response or path item, so `$ref` is not a name there either.
      if ((key === '$ref' || (key === '$dynamicRef' && !named)) && typeof value === 'string')
        found(object, key, value, inner);
      else if (typeof value !== 'object' || value === null || (!named && isDataKey(key))) continue;
      else if (!named && key === 'discriminator') visitMapping(value, inner);
      else descend(key, value, !named && NAMED.has(key), inner);
    }
  }

  function descend(key: string, value: unknown, named: boolean, resource: Resource): void {
    path.push(key);
    visit(value, named, resource);
    path.pop();
  }

  function enter(object: { [key: string]: unknown }, resource: Resource): Resource {
    let inner = resource;
    if (scan.hasIds && typeof object['$id'] === 'string' && Object.hasOwn(object, '$id')) {
      inner = { uri: resolveUri(object['$id'], resource.uri), pointer: here() };
      scan.onResource(inner);
    }
    for (const keyword of ['$anchor', '$dynamicAnchor']) {
      const name = Object.hasOwn(object, keyword) ? object[keyword] : undefined;
      if (typeof name === 'string') scan.onAnchor(name, inner, here());
    }
    return inner;
  }

  function visitMapping(discriminator: object, resource: Resource): void {
    const mapping = Object.hasOwn(discriminator, 'mapping')
      ? (discriminator as { mapping: unknown }).mapping
      : undefined;
    if (typeof mapping !== 'object' || mapping === null) return;
    path.push('discriminator', 'mapping');
    for (const [name, target] of Object.entries(mapping)) {
      // Anything else is the name of a component.
      if (typeof target === 'string' && /^#|^\.{1,2}\/|:\/\/|\.(?:json|ya?ml)(?:#|$)/i.test(target))
        found(mapping as { [key: string]: unknown }, name, target, resource);
    }
    path.length -= 2;
  }

  function found(holder: { [key: string]: unknown }, key: string, ref: string, resource: Resource): void {
    // The document's own local references are what all others become.
    if (ref.startsWith('#/') && resource.pointer === '') {
      if (!/\/(?:x-|example|default|enum|const)/.test(ref)) return;
    }
    scan.onReference({ holder, key, ref, pointer: pointerOf([...path, key]), unit: scan.unit, resource });
  }

  function here(): string {
    return scan.unit.pointer + pointerOf(path);
  }
}

function pointerOf(keys: readonly string[]): string {
  return keys.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** A reference against a base (RFC 3986 §5), without its fragment; undefined when it is neither absolute nor has a base. */
export function resolveUri(ref: string, base: string | undefined): string | undefined {
  try {
    const uri = new URL(ref, base);
    uri.hash = '';
    return uri.href;
  } catch {
    return undefined;
  }
}
