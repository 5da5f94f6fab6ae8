// Counts the operations of a document without any code of src/: what the corpus check compares with.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];

/** Reads JSON or YAML; undefined when it is neither. */
export function readDocument(file) {
  const text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  try {
    return JSON.parse(text);
  } catch {
    return parse(text, { merge: true, uniqueKeys: false, maxAliasCount: -1, logLevel: 'silent' });
  }
}

/** Method entries of the path items under `paths`, references followed; QUERY and additionalOperations in 3.2. */
export function countOperations(file) {
  const document = readDocument(file);
  const modern = /^3\.[2-9]/.test(String(document?.openapi));
  let count = 0;
  for (const [path, written] of Object.entries(document?.paths ?? {})) {
    if (path.startsWith('x-')) continue;
    const item = follow(written, document, file);
    if (typeof item !== 'object' || item === null) continue;
    count += METHODS.filter((method) => typeof item[method] === 'object' && item[method] !== null).length;
    if (!modern) continue;
    if (item.query) count++;
    count += Object.keys(item.additionalOperations ?? {}).length;
  }
  return count;
}

function follow(node, document, file) {
  if (typeof node?.$ref !== 'string') return node;
  const [name, pointer = ''] = node.$ref.split('#');
  const other = name === '' ? file : resolve(dirname(file), name);
  if (!existsSync(other)) return undefined;
  const target = name === '' ? document : readDocument(other);
  const steps = pointer
    .split('/')
    .slice(1)
    .map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'));
  return {
    ...follow(
      steps.reduce((inner, step) => inner?.[step], target),
      target,
      other,
    ),
    ...Object.fromEntries(Object.entries(node).filter(([key]) => key !== '$ref')),
  };
}
