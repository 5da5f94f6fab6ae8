import type { JsonObject, References, Resolved } from './types.ts';

/** A member of an object or array that is its own, whatever its name; undefined for anything else. */
export function own(node: unknown, key: string): unknown {
  return typeof node === 'object' && node !== null && Object.hasOwn(node, key)
    ? (node as { [key: string]: unknown })[key]
    : undefined;
}

/** `pointer` + `/` + the key, escaped (RFC 6901 §3). */
export function appendKey(pointer: string, key: string): string {
  return `${pointer}/${/[~/]/.test(key) ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key}`;
}

/** The keys of a JSON pointer (RFC 6901 §4); of '' none. */
export function keysOf(pointer: string): string[] {
  if (pointer === '') return [];
  return pointer
    .slice(1)
    .split('/')
    .map((step) => (step.includes('~') ? step.replaceAll('~1', '/').replaceAll('~0', '~') : step));
}

/** A fragment with its percent-encoding undone (RFC 6901 §6); as it is when that is broken. */
export function decodeFragment(fragment: string): string {
  if (!fragment.includes('%')) return fragment;
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

/** How many references one look-up may lead through; each may be looked up by going through others. */
const MAX_OPEN = 100;

/**
 * References within one document: RFC 6901 fragments, also those that go through other references, `$anchor`s, and URIs based
 * on `$self` or a schema's `$id`. Made for a document that does not change any more.
 */
export function createReferences(document: JsonObject): References {
  const known = new Map<string, Resolved | undefined>();
  const open = new Set<string>();
  const self = own(document, '$self');
  let names: ReadonlyMap<string, string> | undefined;
  return { resolve };

  function resolve(ref: string): Resolved | undefined {
    if (known.has(ref)) return known.get(ref);
    if (open.has(ref) || open.size >= MAX_OPEN) return undefined;
    open.add(ref);
    const resolved = follow(ref);
    open.delete(ref);
    known.set(ref, resolved);
    return resolved;
  }

  function follow(ref: string): Resolved | undefined {
    const found = find(ref);
    const next = own(found?.node, '$ref');
    return typeof next === 'string' && isPureReference(found!.node as JsonObject) ? resolve(next) : found;
  }

  /** The node that a reference means, or undefined when there is none in the document. */
  function find(ref: string): Resolved | undefined {
    if (ref === '#' || ref === '') return { node: document, pointer: '' };
    // Many documents leave the percent signs of a path as they are.
    if (ref.startsWith('#/')) return lookUp(decodeFragment(ref.slice(1))) ?? lookUp(ref.slice(1));
    if (typeof self === 'string' && ref.startsWith(`${self}#`)) return find(ref.slice(self.length));
    names ??= indexNames(document);
    const pointer = names.get(ref.startsWith('#') ? decodeFragment(ref) : ref);
    return pointer === undefined ? undefined : lookUp(pointer);
  }

  function lookUp(pointer: string): Resolved | undefined {
    let place = { node: document as unknown, pointer: '' };
    for (const key of keysOf(pointer)) {
      let node = own(place.node, key);
      if (node === undefined) {
        const ref = own(place.node, '$ref');
        const target = typeof ref === 'string' ? resolve(ref) : undefined;
        node = own(target?.node, key);
        if (target) place = { node: target.node, pointer: target.pointer };
      }
      if (node === undefined) return undefined;
      place = { node, pointer: appendKey(place.pointer, key) };
    }
    return place;
  }
}

/** A `$ref` with siblings is a schema of its own in 3.1; the schema converter merges it. */
function isPureReference(node: JsonObject): boolean {
  return Object.keys(node).every(
    (key) => key === '$ref' || key === 'description' || key === 'summary' || key.startsWith('x-'),
  );
}

/** `#anchor` and `$id` → pointer, for schemas anywhere in the document. Walked once, and only when such a reference occurs. */
function indexNames(document: JsonObject): Map<string, string> {
  const names = new Map<string, string>();
  const seen = new Set<object>();
  const stack: (readonly [node: object, pointer: string])[] = [[document, '']];
  for (let entry = stack.pop(); entry; entry = stack.pop()) {
    const [node, pointer] = entry;
    if (seen.has(node)) continue;
    seen.add(node);
    const anchor = own(node, '$anchor') ?? own(node, '$dynamicAnchor');
    if (typeof anchor === 'string' && !names.has(`#${anchor}`)) names.set(`#${anchor}`, pointer);
    const id = own(node, '$id');
    if (typeof id === 'string' && !names.has(id)) names.set(id, pointer);
    for (const [key, value] of Object.entries(node)) {
      if (typeof value === 'object' && value !== null) stack.push([value, appendKey(pointer, key)]);
    }
  }
  return names;
}
