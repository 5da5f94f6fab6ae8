import { own } from '../spec/references.ts';
import type { LoadedSpec } from '../spec/types.ts';

/** Pointers of the components that the node at a pointer leads to, through any number of references. */
export type Reach = (pointer: string) => ReadonlySet<string>;

/** Follows references as a request does; each component is read once. */
export function createReach({ references }: Pick<LoadedSpec, 'references'>): Reach {
  const direct = new Map<string, readonly string[]>();
  return (start) => {
    const reached = new Set<string>();
    const queue = [start];
    for (let pointer = queue.pop(); pointer !== undefined; pointer = queue.pop()) {
      for (const next of referencesAt(pointer)) {
        if (reached.has(next)) continue;
        reached.add(next);
        queue.push(next);
      }
    }
    return reached;
  };

  function referencesAt(pointer: string): readonly string[] {
    let found = direct.get(pointer);
    if (found === undefined) {
      const refs = refsIn(references.resolve(`#${pointer}`)?.node);
      found = refs.flatMap((ref) => references.resolve(ref)?.pointer ?? []);
      direct.set(pointer, found);
    }
    return found;
  }
}

function refsIn(root: unknown): string[] {
  const refs = new Set<string>();
  const seen = new Set<unknown>();
  const stack = [root];
  while (stack.length > 0) {
    const node = stack.pop();
    if (typeof node !== 'object' || node === null || seen.has(node)) continue;
    seen.add(node);
    const ref = own(node, '$ref');
    if (typeof ref === 'string') refs.add(ref);
    stack.push(...Object.values(node));
  }
  return [...refs];
}
