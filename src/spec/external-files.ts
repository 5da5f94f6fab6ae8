import { readFileSync, realpathSync } from 'node:fs';
import { dirname, extname, resolve, sep } from 'node:path';
import { BridgeError } from '../errors.ts';
import { parseText } from './parse.ts';
import type { JsonObject, ReportFinding } from './types.ts';

/** Where other files stand inside the document. */
const MOUNT = 'x-actionbridge-files';
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
  'mediaTypes',
  'webhooks',
  'additionalOperations',
]);

type MutableObject = { [key: string]: unknown };

/**
 * Mounts the files that a document refers to inside it and makes each such `$ref` local. Only files below the document's
 * own folder are read, links followed before the check; URLs and other places are reported and left dangling. Without
 * `entry` (the document came by URL or standard input) nothing is read.
 */
export async function mountFiles(
  document: JsonObject,
  entry: string | undefined,
  report: ReportFinding,
  onRead: (path: string) => void,
): Promise<void> {
  const root = entry === undefined ? undefined : realpathSync(dirname(entry));
  const mounted = new Map<string, string>();
  if (entry !== undefined) mounted.set(realpathSync(entry), '#');
  const files: MutableObject = {};
  const pending: { node: unknown; path: string | undefined; base: string }[] = [
    { node: document, path: entry, base: '#' },
  ];
  const seen = new Set<object>();
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { path, base } = next;
    const wanted: string[] = [];
    rewrite(next.node, false, { seen, change: (ref) => localize(ref, path, base, wanted) });
    for (const file of wanted) {
      const value = await readFile(file, report, onRead);
      files[mounted.get(file)!.slice(`#/${MOUNT}/`.length)] = value;
      pending.push({ node: value, path: file, base: mounted.get(file)! });
    }
  }
  if (Object.keys(files).length > 0) (document as MutableObject)[MOUNT] = files;

  function localize(ref: string, path: string | undefined, base: string, wanted: string[]): string {
    if (ref.startsWith('#')) return base === '#' ? ref : base + ref.slice(1);
    const hash = ref.indexOf('#');
    const name = hash < 0 ? ref : ref.slice(0, hash);
    const fragment = hash < 0 ? '' : ref.slice(hash + 1);
    const file = findFile(name, path, ref);
    if (file === undefined) return ref;
    let place = mounted.get(file);
    if (place === undefined) {
      place = `#/${MOUNT}/${mounted.size}`;
      mounted.set(file, place);
      wanted.push(file);
    }
    return fragment === '' && place === '#' ? '#' : place + fragment;
  }

  function findFile(name: string, path: string | undefined, ref: string): string | undefined {
    if (/^[a-z][a-z0-9+.-]*:/i.test(name) || path === undefined || root === undefined) {
      if (!ref.includes('://') || path === undefined)
        refused(
          ref,
          'references to other files and URLs are only followed below the folder of a document given as a file',
        );
      else refused(ref, 'references to URLs are never followed');
      return undefined;
    }
    const file = existing(resolve(dirname(path), decodeURI(name)));
    if (file === undefined) refused(ref, 'that file does not exist');
    else if (!file.startsWith(root + sep)) refused(ref, 'that file is outside the folder of the document');
    else return file;
    return undefined;
  }

  function refused(ref: string, why: string): void {
    report('warning', 'ref-external', '', `"${ref}" is not followed: ${why}`, 'Bundle the document into one file');
  }
}

function existing(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

async function readFile(path: string, report: ReportFinding, onRead: (path: string) => void): Promise<unknown> {
  const content = readFileSync(path, 'utf8');
  onRead(path);
  if (!['.json', '.yaml', '.yml', ''].includes(extname(path).toLowerCase())) return content;
  try {
    return (await parseText(content, path)).value;
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    report('error', 'file-unreadable', '', error.message, error.hint);
    return {};
  }
}

interface Rewriting {
  readonly seen: Set<object>;
  readonly change: (ref: string) => string;
}

/** Every `$ref` that is a reference, and discriminator mappings to files. Shared nodes are visited once. */
function rewrite(node: unknown, named: boolean, rewriting: Rewriting): void {
  if (typeof node !== 'object' || node === null || rewriting.seen.has(node)) return;
  rewriting.seen.add(node);
  if (Array.isArray(node)) {
    for (const item of node) rewrite(item, false, rewriting);
    return;
  }
  const object = node as MutableObject;
  for (const [key, value] of Object.entries(object)) {
    if (!named && key === '$ref' && typeof value === 'string') object[key] = rewriting.change(value);
    else if (!named && (DATA.has(key) || key.startsWith('x-'))) continue;
    else if (!named && key === 'mapping') rewriteMapping(value, rewriting);
    else rewrite(value, !named && NAMED.has(key), rewriting);
  }
}

function rewriteMapping(value: unknown, { change }: Rewriting): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, target] of Object.entries(value)) {
    if (typeof target === 'string' && /\.(?:json|ya?ml)(?:#|$)/i.test(target))
      (value as MutableObject)[name] = change(target);
  }
}
