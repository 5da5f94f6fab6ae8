import type { JsonObject, References, Resolved } from './types.ts';

/** A member of an object or array that is its own, whatever its name; undefined for anything else. */
export function own(node: unknown, key: string): unknown {
  return typeof node === 'object' && node !== null && Object.hasOwn(node, key)
    ? (node as { [key: string]: unknown })[key]
    : undefined;
}

const MAX_HOPS = 100;

/** References within one document (RFC 6901 fragments, `$anchor`s, and URIs based on `$self` or a schema's `$id`). */
export function createReferences(document: JsonObject): References {
  const known = new Map<string, Resolved | undefined>();
  const self = own(document, '$self');
  let names: ReadonlyMap<string, string> | undefined;
  return { resolve };

  function resolve(ref: string): Resolved | undefined {
    if (known.has(ref)) return known.get(ref);
    const resolved = follow(ref);
    known.set(ref, resolved);
    return resolved;
  }

  function follow(start: string): Resolved | undefined {
    const seen = new Set<string>();
    let pointer = locate(start);
    while (pointer !== undefined && !seen.has(pointer) && seen.size < MAX_HOPS) {
      seen.add(pointer);
      const node = lookUp(document, pointer);
      if (node === undefined) return undefined;
      const next = own(node, '$ref');
      if (typeof next !== 'string' || !isPureReference(node as JsonObject)) return { node, pointer };
      pointer = locate(next);
    }
    return undefined;
  }

  /** The JSON pointer a reference means, or undefined when it points out of the document. */
  function locate(ref: string): string | undefined {
    if (ref === '#' || ref === '') return '';
    if (ref.startsWith('#/')) return decode(ref.slice(1));
    if (typeof self === 'string' && ref.startsWith(`${self}#`)) return locate(ref.slice(self.length));
    names ??= indexNames(document);
    return names.get(ref.startsWith('#') ? decode(ref) : ref);
  }
}

/** A `$ref` with siblings is a schema of its own in 3.1; the schema converter merges it. */
function isPureReference(node: JsonObject): boolean {
  return Object.keys(node).every(
    (key) => key === '$ref' || key === 'description' || key === 'summary' || key.startsWith('x-'),
  );
}

function decode(fragment: string): string {
  if (!fragment.includes('%')) return fragment;
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

function lookUp(document: JsonObject, pointer: string): unknown {
  let node: unknown = document;
  if (pointer === '') return node;
  for (const step of pointer.slice(1).split('/')) {
    node = own(node, step.includes('~') ? step.replaceAll('~1', '/').replaceAll('~0', '~') : step);
    if (node === undefined) return undefined;
  }
  return node;
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
      if (typeof value === 'object' && value !== null)
        stack.push([value, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`]);
    }
  }
  return names;
}
