// Finds documents and counts their operations without any code of src/: what the corpus check compares with.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { parseDocument } from 'yaml';

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];

/**
 * @typedef {object} Document
 * @property {string} file
 * @property {boolean} readable whether the text is JSON or YAML at all
 * @property {{ method: string, path: string }[]} operations
 */

/**
 * Every OpenAPI document below a folder; files that only are parts of one (no `openapi`, no `swagger`) are left out.
 * @param {string} folder
 * @returns {Document[]}
 */
export function findDocuments(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((file) => /\.(?:json|ya?ml)$/i.test(file) && !isManifest(file) && looksLikeDocument(file))
    .sort()
    .flatMap(readDocument);
}

/** Plugin manifests name a document; they are none. */
export function findManifests(folder) {
  return readdirSync(folder, { recursive: true }).filter(isManifest);
}

function isManifest(file) {
  return /(?:^|[./-])ai-plugin\.json$/.test(basename(file));
}

function looksLikeDocument(file) {
  const text = readFileSync(file, 'utf8');
  return /^\s*['"]?(?:openapi|swagger)['"]?\s*:/m.test(text) || /^\s*\{[\s\S]*"(?:openapi|swagger)"\s*:\s*"/.test(text);
}

/** @returns {Document[]} none when the words stand in the text, but not at its root */
function readDocument(file) {
  const root = read(file);
  if (root === undefined) return [{ file, readable: false, operations: [] }];
  if (typeof root?.openapi !== 'string' && root?.swagger === undefined) return [];
  return [{ file, readable: true, operations: operationsOf(root, file) }];
}

/** The method entries of the path items under `paths`, references followed; QUERY and additionalOperations in 3.2. */
function operationsOf(root, file) {
  const methods = /^3\.[2-9]/.test(String(root.openapi)) ? [...METHODS, 'query'] : METHODS;
  const operations = [];
  for (const [path, written] of Object.entries(root.paths ?? {})) {
    const item = path.startsWith('x-') ? undefined : follow(written, root, file);
    if (!isObject(item)) continue;
    for (const method of methods) if (isObject(item[method])) operations.push({ method: method.toUpperCase(), path });
    if (!methods.includes('query') || !isObject(item.additionalOperations)) continue;
    for (const method of Object.keys(item.additionalOperations)) operations.push({ method, path });
  }
  return operations;
}

/** A path item, its reference followed, into other files too; what stands beside the reference wins. */
function follow(node, root, file) {
  if (typeof node?.$ref !== 'string') return node;
  const [name, pointer = ''] = node.$ref.split('#');
  const other = name === '' ? file : resolve(dirname(file), name);
  const target = name === '' ? root : existsSync(other) ? read(other) : undefined;
  const steps = pointer.split('/').slice(1).map(decode);
  const found = steps.reduce((inner, step) => inner?.[step], target);
  const { $ref: _, ...own } = node;
  return { ...follow(found, target, other), ...own };
}

function decode(step) {
  return decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
}

/** JSON, else YAML; undefined when it is neither. */
function read(file) {
  const text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  try {
    return JSON.parse(text);
  } catch {
    const document = parseDocument(text, { merge: true, uniqueKeys: false, logLevel: 'silent' });
    return document.errors.length > 0 ? undefined : document.toJS({ maxAliasCount: -1 });
  }
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The number of operations by file that a folder's INDEX.md states, from a table with the columns `file` and `ops`.
 * @returns {Map<string, number>}
 */
export function readIndex(folder) {
  const index = join(folder, 'INDEX.md');
  const rows = existsSync(index) ? readFileSync(index, 'utf8').split('\n').map(cells) : [];
  const header = rows.find((row) => row.includes('file') && row.includes('ops'));
  if (!header) return new Map();
  const stated = rows.map((row) => [
    row[header.indexOf('file')]?.replaceAll('`', ''),
    Number(row[header.indexOf('ops')]),
  ]);
  return new Map(stated.filter(([file, count]) => file && Number.isInteger(count)));
}

function cells(line) {
  return line.split('|').map((cell) => cell.trim());
}

/** The name INDEX.md has for a file. */
export function indexName(folder, file) {
  return relative(folder, file);
}
