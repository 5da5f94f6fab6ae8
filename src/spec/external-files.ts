import { realpathSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { BridgeError } from '../errors.ts';
import { type Collection, collectReferences, mountPointer } from './collect-references.ts';
import { decodeText } from './decode-text.ts';
import { limitBytes } from './limits.ts';
import { type ReportInFile, rewriteReferences } from './local-references.ts';
import { type Parsed, parseText } from './parse.ts';
import type { Unit } from './reference-scan.ts';
import { keysOf } from './references.ts';
import { readRegularFile } from './source-file.ts';
import type { JsonObject, SourceFile, SpecSource } from './types.ts';

export interface Entry {
  readonly document: JsonObject;
  readonly source: SpecSource;
  /** Its nodes may stand in several places. */
  readonly shared: boolean;
  /** `$id` names a resource: since 3.1. */
  readonly hasIds: boolean;
}

/**
 * Makes every reference of a document local. Files below the folder of a document that is a file (`path`, absolute) are mounted
 * inside it, each once; anything else outside the document is reported and left dangling, and nothing is ever fetched. Gives the
 * files that were read. Throws SPEC_TOO_LARGE when they come to more than 64 MiB.
 */
export async function mountFiles(
  entry: Entry,
  path: string | undefined,
  report: ReportInFile,
): Promise<readonly SourceFile[]> {
  if (path === undefined) {
    localizeReferences(entry, report);
    return [];
  }
  const root = realpathSync(dirname(path));
  const collection = collect(entry, realpathSync(path));
  const files: SourceFile[] = [];
  let size = 0;
  do {
    for (const wanted of collection.missing()) {
      const name = join(dirname(entry.source.name), relative(root, wanted));
      const place = { path: wanted, name, pointer: mountPointer(root, wanted) };
      const { unit, file } = await readUnit(place, report);
      if (file) files.push(file);
      size += file?.size ?? 0;
      limitBytes(size, entry.source.name);
      collection.add(unit);
    }
  } while (collection.scanReferredData());
  mountUnits(entry.document, collection);
  rewriteReferences(entry.document, collection, report);
  return files;
}

/** The same for a document that is no file. */
export function localizeReferences(entry: Entry, report: ReportInFile): void {
  const collection = collect(entry, undefined);
  while (collection.scanReferredData());
  rewriteReferences(entry.document, collection, report);
}

function collect({ document, source, shared, hasIds }: Entry, path: string | undefined): Collection {
  const unit = { value: document, pointer: '', name: source.name, path, shared };
  return collectReferences(unit, { url: source.url, hasIds });
}

type Place = Pick<Unit, 'name' | 'pointer'> & { readonly path: string };

/** A file that cannot be read is reported; references to it dangle. */
async function readUnit(place: Place, report: ReportInFile): Promise<{ unit: Unit; file?: SourceFile }> {
  try {
    const { bytes, mtimeMs, size } = readRegularFile(place.path, place.name);
    const file = { path: place.path, mtimeMs, size };
    const { value, shared, warnings } = await parseFile(decodeText(bytes), place);
    for (const { pointer, message } of warnings)
      report('warning', 'duplicate-key', { file: place.name, pointer }, message);
    return { unit: { ...place, value, shared }, file };
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    report('error', 'file-unreadable', { file: place.name, pointer: '' }, error.message, error.hint);
    return { unit: { ...place, value: undefined, shared: false } };
  }
}

/** Descriptions are kept in files of their own, too: what is neither JSON nor YAML by its name is a text. */
async function parseFile(text: string, { path, name }: Place): Promise<Parsed> {
  if (['.json', '.yaml', '.yml', ''].includes(extname(path).toLowerCase())) return parseText(text, name);
  return { value: text, shared: false, warnings: [] };
}

function mountUnits(document: JsonObject, { units }: Collection): void {
  for (const { pointer, value } of units.values()) {
    if (pointer === '' || value === undefined) continue;
    const keys = keysOf(pointer);
    const last = keys.pop()!;
    const folder = keys.reduce(folderIn, document as Folder);
    folder[last] = value;
  }
}

/** Without a prototype, since a folder may have any name. */
function folderIn(holder: Folder, name: string): Folder {
  holder[name] ??= Object.create(null);
  return holder[name] as Folder;
}

type Folder = { [name: string]: unknown };
