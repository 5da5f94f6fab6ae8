import { EDITOR_LIMITS } from '../editor/finding.ts';

/** What one document of the editor takes. */
export interface ActionSet<Item> {
  /** After the tags in it; '' when there is only one set. */
  readonly name: string;
  readonly items: readonly Item[];
}

const MAX_NAME = 60;

/**
 * Sets of at most 30, whole tags together as long as they fit: an item belongs to its first tag. The order of items and tags
 * stays; a tag with more than 30 is cut into numbered parts.
 */
export function splitByTag<Item extends { readonly tags: readonly string[] }>(
  items: readonly Item[],
): readonly ActionSet<Item>[] {
  if (items.length <= EDITOR_LIMITS.operations) return items.length === 0 ? [] : [{ name: '', items }];
  const sets: { tags: string[]; items: Item[] }[] = [];
  for (const [tag, tagged] of groupByTag(items)) {
    const last = sets.at(-1);
    if (last && last.items.length + tagged.length <= EDITOR_LIMITS.operations) {
      last.tags.push(tag);
      last.items.push(...tagged);
      continue;
    }
    const parts = Math.ceil(tagged.length / EDITOR_LIMITS.operations);
    for (let part = 0; part < parts; part++)
      sets.push({
        tags: [parts === 1 ? tag : `${tag} ${part + 1}`],
        items: tagged.slice(part * EDITOR_LIMITS.operations, (part + 1) * EDITOR_LIMITS.operations),
      });
  }
  return distinct(sets.map((set) => ({ name: nameOf(set.tags), items: set.items })));
}

function groupByTag<Item extends { readonly tags: readonly string[] }>(items: readonly Item[]): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const tag = item.tags[0] ?? 'other';
    const group = groups.get(tag);
    if (group) group.push(item);
    else groups.set(tag, [item]);
  }
  return groups;
}

/** Fit for a file's name. */
function nameOf(tags: readonly string[]): string {
  const words = tags
    .join(' ')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return words.slice(0, MAX_NAME).replace(/-+$/, '') || 'other';
}

function distinct<Item>(sets: readonly ActionSet<Item>[]): readonly ActionSet<Item>[] {
  const taken = new Map<string, number>();
  return sets.map((set) => {
    const count = (taken.get(set.name) ?? 0) + 1;
    taken.set(set.name, count);
    return count === 1 ? set : { ...set, name: `${set.name}-${count}` };
  });
}
