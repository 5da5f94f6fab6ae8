import type { Severity } from '../diagnostic.ts';
import type { Collection, PendingReference } from './collect-references.ts';
import { resolveUri } from './reference-scan.ts';
import { decodeFragment, keysOf, own } from './references.ts';
import type { JsonObject } from './types.ts';

/** Says what was found in one of the files that a document is made of; the pointer is within that file. */
export type ReportInFile = (
  severity: Severity,
  code: string,
  place: { readonly file: string; readonly pointer: string },
  message: string,
  hint?: string,
) => void;

/**
 * Writes `#/pointer` for each collected reference that means something inside the document with its files; reports the others,
 * once for a file, and leaves them dangling.
 */
export function rewriteReferences(document: JsonObject, collection: Collection, report: ReportInFile): void {
  const reported = new Set<string>();
  for (const pending of collection.references) {
    const { found, sibling } = pending;
    const targets = targetOf(pending, collection);
    if (targets) {
      const pointer = pointerIn(targets, found.ref, document, collection);
      if (pointer !== undefined) found.holder[found.key] = `#${pointer.replaceAll('%', '%25')}`;
      continue;
    }
    const place = { file: found.unit.name, pointer: found.pointer };
    const said = `${place.file} ${found.ref}`;
    if (reported.has(said)) continue;
    reported.add(said);
    const why = sibling && 'why' in sibling ? sibling.why : 'that file cannot be read';
    report(
      'error',
      'ref-external',
      place,
      `"${found.ref}" is not followed: ${why}`,
      'Bundle the document into one file',
    );
  }
}

/** Pointers of what a reference is relative to, the one to prefer first; undefined when that is not in the document. */
function targetOf({ found, sibling }: PendingReference, collection: Collection): readonly string[] | undefined {
  const { unit, resource } = found;
  const name = found.ref.split('#', 1)[0]!;
  // Many documents give their schemas an `$id` and go on to refer from the root.
  if (name === '') return [resource.pointer, unit.pointer];
  const uri = resolveUri(name, resource.uri);
  const identified = uri === undefined ? undefined : collection.resources.get(uri);
  if (identified) return [identified.pointer];
  const file = sibling && 'file' in sibling ? collection.units.get(sibling.file) : undefined;
  return file && file.value !== undefined ? [file.pointer] : undefined;
}

/** Where a reference leads; undefined for an anchor that is not known there. */
function pointerIn(
  targets: readonly string[],
  ref: string,
  document: JsonObject,
  { anchors }: Collection,
): string | undefined {
  const written = ref.includes('#') ? ref.slice(ref.indexOf('#') + 1) : '';
  const fragment = decodeFragment(written);
  if (fragment === '') return targets[0];
  if (!fragment.startsWith('/')) return anchors.get(`${targets[0]}#${fragment}`);
  const places = targets.flatMap((target) => [target + fragment, target + written]);
  return places.find((place) => keysOf(place).reduce(own, document as unknown) !== undefined) ?? places[0];
}
