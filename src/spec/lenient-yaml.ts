import { isAlias, isMap, isNode, isScalar, isSeq, type Node, parseDocument } from 'yaml';
import { appendKey } from './references.ts';
import type { DuplicateKey, YamlRead } from './yaml.ts';

/**
 * YAML by the `yaml` package, which reads flow collections that close at a lower indentation. Undefined when it refuses too:
 * the refusal of js-yaml is the one to tell.
 */
export function readLenientYaml(text: string): YamlRead | undefined {
  try {
    const document = parseDocument(text, { merge: true, uniqueKeys: false, logLevel: 'silent', schema: 'core' });
    if (document.errors.length > 0) return undefined;
    const duplicates: DuplicateKey[] = [];
    const shared = inspect(document.contents, '', duplicates);
    return { value: document.toJS({ maxAliasCount: -1 }) as unknown, shared, duplicates };
  } catch (error) {
    // An alias without its anchor, a merge of what is no mapping and nesting beyond the stack only show as plain errors.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** Collects duplicate keys, and says whether aliases occur. The package's own check takes seconds for a large mapping. */
function inspect(node: Node | null, pointer: string, duplicates: DuplicateKey[]): boolean {
  if (isAlias(node)) return true;
  if (isSeq(node)) {
    const shared = node.items.map((item, index) => isNode(item) && inspect(item, `${pointer}/${index}`, duplicates));
    return shared.includes(true);
  }
  if (!isMap(node)) return false;
  const keys = new Set<string>();
  let shared = false;
  for (const { key, value } of node.items) {
    const name = isScalar(key) ? String(key.value) : '';
    const place = appendKey(pointer, name);
    if (isScalar(key) && keys.has(name) && name !== '<<')
      duplicates.push({ pointer: place, offset: key.range?.[0] ?? 0 });
    keys.add(name);
    if (isNode(value) && inspect(value, place, duplicates)) shared = true;
  }
  return shared;
}
