import { BridgeError } from '../errors.ts';

/** SECURITY.md, "Defaults": what a document may cost. */
export const MAX_BYTES = 64 * 2 ** 20;
/** What comes over the network is held to less than files. */
export const MAX_FETCHED_BYTES = 32 * 2 ** 20;
export const FETCH_TIMEOUT_MS = 30_000;
export const MAX_DEPTH = 200;
const MAX_NODES = 5_000_000;

/** Throws SPEC_TOO_LARGE for more than 64 MiB. */
export function limitBytes(size: number, name: string): void {
  if (size > MAX_BYTES)
    throw new BridgeError('SPEC_TOO_LARGE', `${name}: larger than ${MAX_BYTES / 2 ** 20} MiB`, {
      hint: 'Serve a smaller document; the limit holds for all its files together.',
    });
}

/** What is thrown for a document nested deeper than 200 levels; `place` is `:line:column` when it is known. */
export function tooDeep(name: string, place = ''): BridgeError {
  return new BridgeError('SPEC_TOO_LARGE', `${name}${place}: nested deeper than ${MAX_DEPTH} levels`, {
    hint: 'No real API nests so deep; check where the document comes from.',
  });
}

/**
 * Throws SPEC_TOO_LARGE for a tree nested deeper than 200 levels. JSON.parse takes any depth; the recursive readers after it
 * do not. Over members, `for in` makes no arrays of them: it is the cheapest walk of a large document.
 */
export function limitDepth(value: unknown, name: string): void {
  if (typeof value === 'object' && value !== null) descend(value, 1);

  function descend(node: object, depth: number): void {
    if (depth > MAX_DEPTH) throw tooDeep(name);
    if (Array.isArray(node)) {
      for (let index = 0; index < node.length; index++) {
        const item: unknown = node[index];
        if (typeof item === 'object' && item !== null) descend(item, depth + 1);
      }
      return;
    }
    for (const key in node) {
      const member = (node as { [key: string]: unknown })[key];
      if (typeof member === 'object' && member !== null) descend(member, depth + 1);
    }
  }
}

/** `:line:column` of an offset, both counted from one. */
export function placeOf(text: string, offset: number): string {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf('\n'); end >= 0 && end < offset; end = text.indexOf('\n', start)) {
    line++;
    start = end + 1;
  }
  return `:${line}:${offset - start + 1}`;
}

interface Extent {
  readonly size: number;
  readonly height: number;
}

/**
 * Throws SPEC_TOO_LARGE for a value that, with every alias written out, has more than five million nodes, is nested deeper
 * than 200 levels, or contains itself. Aliases stay shared: each node is measured once.
 */
export function limitTree(value: unknown, name: string): void {
  const known = new Map<object, Extent>();
  const open = new Set<object>();
  measure(value);

  function measure(node: unknown): Extent {
    if (typeof node !== 'object' || node === null) return { size: 1, height: 0 };
    const extent = known.get(node);
    if (extent) return extent;
    if (open.has(node))
      throw new BridgeError('SPEC_INVALID', `${name}: a YAML alias stands inside its own anchor`, {
        hint: 'Describe recursion with $ref instead.',
      });
    open.add(node);
    let size = 1;
    let height = 0;
    for (const member of Object.values(node)) {
      if (open.size > MAX_DEPTH) throw tooDeep(name);
      const inner = measure(member);
      size += inner.size;
      height = Math.max(height, inner.height);
    }
    open.delete(node);
    if (size > MAX_NODES)
      throw new BridgeError('SPEC_TOO_LARGE', `${name}: its aliases expand to more than ${MAX_NODES} nodes`, {
        hint: 'Replace the YAML aliases by $ref.',
      });
    if (height + 1 > MAX_DEPTH) throw tooDeep(name);
    known.set(node, { size, height: height + 1 });
    return { size, height: height + 1 };
  }
}
