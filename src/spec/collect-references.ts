import { dirname, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type FoundReference, isData, type Resource, resolveUri, scanReferences, type Unit } from './reference-scan.ts';
import { appendKey, decodeFragment, keysOf, own } from './references.ts';
import { type SiblingFile, siblingFinder } from './sibling-file.ts';

/** Where other files stand inside the document. */
export const MOUNT = 'x-actionbridge-files';
/** A base for documents that have none, so that relative `$id`s meet the references to them. */
const NO_BASE = 'document:/';

export interface PendingReference {
  readonly found: FoundReference;
  /** Absent for references within one unit. */
  readonly sibling: SiblingFile | undefined;
}

/** Everything that references of a document and its files mean, gathered before any of them is rewritten. */
export interface Collection {
  /** Real path → file; the document itself under its own path or ''. */
  readonly units: ReadonlyMap<string, Unit>;
  readonly references: readonly PendingReference[];
  /** URI → what it identifies. */
  readonly resources: ReadonlyMap<string, Resource>;
  /** Pointer of the resource + `#` + name → pointer. */
  readonly anchors: ReadonlyMap<string, string>;
  /** Real paths of the files still to be added, also of those that are wanted while it is iterated over. */
  missing(): Iterable<string>;
  add(unit: Unit): void;
  /** Looks into extension data and examples that references lead into; true when that found more. */
  scanReferredData(): boolean;
}

/** Starts with the document, `path` its real one; `hasIds` says that `$id` names resources (3.1 and later). */
export function collectReferences(
  document: Unit,
  options: { readonly url: string | undefined; readonly hasIds: boolean },
): Collection {
  const siblings = siblingFinder(document.path === undefined ? undefined : dirname(document.path));
  const units = new Map<string, Unit>();
  const references: PendingReference[] = [];
  const resources = new Map<string, Resource>();
  const anchors = new Map<string, string>();
  const wanted = new Set<string>();
  const intoData: PendingReference[] = [];
  const scannedData = new Set<string>();
  add(document);
  return { units, references, resources, anchors, missing, add, scanReferredData };

  function* missing(): Generator<string> {
    for (const file of wanted) if (!units.has(file)) yield file;
  }

  function add(unit: Unit): void {
    units.set(unit.path ?? '', unit);
    if (unit.value === undefined) return;
    const resource = resourceOf(unit);
    if (resource.uri !== undefined) resources.set(resource.uri, resource);
    if (unit === document && options.url !== undefined) resources.set(options.url, resource);
    scan(unit, unit.value, []);
  }

  function scan(unit: Unit, node: unknown, keys: readonly string[]): void {
    scanReferences(node, keys, resourceOf(unit), {
      unit,
      hasIds: options.hasIds,
      onReference,
      onResource: (resource) => resource.uri !== undefined && resources.set(resource.uri, resource),
      onAnchor: (name, resource, pointer) => anchors.set(`${resource.pointer}#${name}`, pointer),
    });
  }

  function onReference(found: FoundReference): void {
    const name = found.ref.split('#', 1)[0]!;
    const sibling = name === '' ? undefined : siblings(name, found.unit.path);
    if (sibling && 'file' in sibling) wanted.add(sibling.file);
    const pending = { found, sibling };
    references.push(pending);
    if (found.ref.includes('#/')) intoData.push(pending);
  }

  function scanReferredData(): boolean {
    const before = references.length;
    for (const { found, sibling } of intoData.splice(0)) {
      const unit = sibling ? 'file' in sibling && units.get(sibling.file) : found.unit;
      const keys = keysOf(decodeFragment(found.ref.slice(found.ref.indexOf('#') + 1)));
      if (!unit || !isData(keys)) continue;
      const place = keys.reduce(appendKey, unit.pointer);
      if (scannedData.has(place)) continue;
      scannedData.add(place);
      scan(unit, keys.reduce(own, unit.value), keys);
    }
    return references.length > before;
  }

  function resourceOf(unit: Unit): Resource {
    const base = unit.path === undefined ? (options.url ?? NO_BASE) : pathToFileURL(unit.path).href;
    const self = own(unit.value, '$self');
    return { uri: resolveUri(typeof self === 'string' ? self : '', base) ?? base, pointer: unit.pointer };
  }
}

/** Where a file below the document's folder is mounted: under its folders and its name. */
export function mountPointer(root: string, path: string): string {
  return relative(root, path).split(sep).reduce(appendKey, `/${MOUNT}`);
}
