import { BridgeError } from '../errors.ts';

/** SECURITY.md, "Defaults": what a document may cost. */
export const MAX_BYTES = 64 * 2 ** 20;
export const FETCH_TIMEOUT_MS = 30_000;
export const MAX_DEPTH = 200;
const MAX_NODES = 5_000_000;

/**
 * Refuses flow collections nested deeper than a recursive parser can bear. JSON.parse is not recursive and js-yaml counts
 * for itself; what reads documents afterwards stops at its own limit.
 */
export function limitNesting(text: string, name: string): void {
  if (!/[[{]\s*[[{]|^ {200}/m.test(text)) return;
  let depth = 0;
  let deepest = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x22) index = endOfString(text, index);
    else if (code === 0x7b || code === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (code === 0x7d || code === 0x5d) depth = Math.max(0, depth - 1);
    if (deepest > MAX_DEPTH * 2)
      throw new BridgeError('SPEC_TOO_LARGE', `${name}: nested deeper than ${MAX_DEPTH} levels`, {
        hint: 'No real API nests so deep; check where the document comes from.',
      });
  }
}

function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x5c) index++;
    else if (code === 0x22 || code === 0x0a) return index;
  }
  return text.length;
}

/** Refuses what would be more than five million nodes with every alias written out, or nested deeper than 200. Aliases stay shared: each node is counted once. */
export function limitNodes(value: unknown, name: string): void {
  const sizes = new Map<object, number>();
  const open = new Set<object>();
  if (sizeOf(value, 0) > MAX_NODES)
    throw new BridgeError('SPEC_TOO_LARGE', `${name}: its aliases expand to more than ${MAX_NODES} nodes`, {
      hint: 'Replace the YAML aliases by $ref.',
    });

  function sizeOf(node: unknown, depth: number): number {
    if (typeof node !== 'object' || node === null) return 1;
    const known = sizes.get(node);
    if (known !== undefined) return known;
    if (depth > MAX_DEPTH || open.has(node))
      throw new BridgeError('SPEC_TOO_LARGE', `${name}: nested deeper than ${MAX_DEPTH} levels`);
    open.add(node);
    let size = 1;
    for (const member of Object.values(node)) size += sizeOf(member, depth + 1);
    open.delete(node);
    sizes.set(node, size);
    return size;
  }
}
