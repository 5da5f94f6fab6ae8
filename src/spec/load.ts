import { decodeText } from './decode-text.ts';
import { mountFiles } from './external-files.ts';
import { type OpenedDocument, openDocument } from './open-document.ts';
import { parseText } from './parse.ts';
import { type ReadOptions, readSource, type SourceBytes } from './read.ts';
import { mayReferOutside } from './refers-outside.ts';
import type { LoadedSpec, SpecSource } from './types.ts';

/**
 * A document by path, URL or `-` (standard input): read under limits, parsed, normalised to one shape. Throws BridgeError
 * with a message that names the file and the place; what can be served in spite of a flaw is served with a diagnostic.
 */
export async function loadSpec(source: string, options: ReadOptions): Promise<LoadedSpec> {
  return parseSource(await readSource(source, options));
}

/** Parses and normalises what `readSource` read. Throws SPEC_UNREADABLE, SPEC_VERSION, SPEC_INVALID, SPEC_TOO_LARGE. */
export async function parseSource({ bytes, source, path }: SourceBytes): Promise<LoadedSpec> {
  const { opened, outside } = await openText(bytes, source);
  const files = outside ? await mountFiles(opened, path, opened.report) : [];
  return { ...opened.normalize(), files };
}

/** In a function of its own: the text of a large document must not stay in memory while it is worked on. */
async function openText(bytes: Uint8Array, source: SpecSource): Promise<{ opened: OpenedDocument; outside: boolean }> {
  const text = decodeText(bytes);
  const opened = openDocument(await parseText(text, source.name), source);
  return { opened, outside: mayReferOutside(text, opened.hasIds) };
}
