import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Diagnostic } from '../diagnostic.ts';
import { BridgeError } from '../errors.ts';
import { type ReadOptions, readSource, type SourceBytes } from '../spec/read.ts';
import type { SourceFile } from '../spec/types.ts';
import { findSibling, relativePath } from './sibling.ts';
import type { ActionEntry } from './types.ts';

/** The document of an action, read, and what is worth telling about the way to it. */
export interface OpenedEntry extends SourceBytes {
  readonly files: readonly SourceFile[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * The document of an action. A manifest that is a file reads the one beside it, without a word to the network; one that came
 * from a URL follows `api.url` from there, under the same guard. Servers fall back to the host that `api.url` or the GPT names.
 * Throws SPEC_NOT_FOUND, SPEC_INVALID and what reading throws.
 */
export async function openEntry(entry: ActionEntry, from: SourceBytes, options: ReadOptions): Promise<OpenedEntry> {
  const { document } = entry;
  if (document.kind === 'text') return textEntry(entry, document, from);
  if (from.path !== undefined) return besideFile(entry, from, from.path, options);
  const url = document.kind === 'url' ? resolveUrl(document.url, from.source.url) : undefined;
  if (url === undefined) throw withoutDocument(entry, from);
  const read = await readSource(url, options);
  return { ...read, files: [], diagnostics: foreignHost(entry, from, url) };
}

function textEntry(
  { pointer }: ActionEntry,
  { text, host }: { readonly text: string; readonly host?: string },
  from: SourceBytes,
): OpenedEntry {
  const url = host === undefined ? undefined : `https://${host.replace(/^https?:\/\//i, '').split('/')[0]}/`;
  return {
    bytes: Buffer.from(text),
    source: { name: `${from.source.name}#${pointer}`, ...(url !== undefined && URL.canParse(url) ? { url } : {}) },
    files: [],
    diagnostics: [],
  };
}

async function besideFile(
  entry: ActionEntry,
  from: SourceBytes,
  path: string,
  options: ReadOptions,
): Promise<OpenedEntry> {
  const written = entry.document.kind === 'url' ? entry.document.url : undefined;
  const absolute =
    written !== undefined && /^https?:\/\//i.test(written) && URL.canParse(written) ? written : undefined;
  const file = namedFile(path, written) ?? findSibling(path, written);
  if (file !== undefined) {
    const read = await readSource(file, { ...options, cwd: '/' });
    const { mtimeMs, size } = statSync(file);
    const name = join(dirname(from.source.name), file.slice(dirname(path).length + 1));
    return {
      ...read,
      source: {
        name: file.startsWith(dirname(path)) ? name : file,
        ...(absolute === undefined ? {} : { url: absolute }),
      },
      files: [{ path: file, mtimeMs, size }],
      diagnostics: absolute === undefined ? [] : [besideInstead(entry, from, absolute)],
    };
  }
  if (absolute === undefined) throw withoutDocument(entry, from);
  return { ...(await readSource(absolute, options)), files: [], diagnostics: [] };
}

/** The file that a relative `api.url` means. */
function namedFile(manifest: string, written: string | undefined): string | undefined {
  const path = written === undefined ? undefined : relativePath(written);
  if (path === undefined) return undefined;
  const folder = dirname(manifest);
  return [join(folder, path), join(dirname(folder), path)]
    .slice(0, folder.endsWith('.well-known') ? 2 : 1)
    .find((file) => existsSync(file));
}

function resolveUrl(written: string, base: string | undefined): string | undefined {
  if (base !== undefined && URL.canParse(written, base)) return new URL(written, base).href;
  return /^https?:\/\//i.test(written) && URL.canParse(written) ? written : undefined;
}

function withoutDocument({ document, pointer }: ActionEntry, { source }: SourceBytes): BridgeError {
  if (document.kind === 'url')
    return new BridgeError('SPEC_NOT_FOUND', `${source.name}#${pointer}: ${document.url} is not there`, {
      hint: 'Put the document beside the manifest, or correct api.url.',
    });
  return new BridgeError('SPEC_INVALID', `${source.name}#${pointer}: the manifest does not say where its document is`, {
    hint: 'Put openapi.yaml beside the manifest, or give the document itself.',
  });
}

function besideInstead({ pointer }: ActionEntry, from: SourceBytes, url: string): Diagnostic {
  return {
    severity: 'info',
    code: 'manifest-sibling',
    file: from.source.name,
    pointer,
    message: `The document beside the manifest is read in place of ${url}`,
    hint: 'Give that URL itself to serve what stands there',
  };
}

/** ChatGPT takes a document only from the manifest's own domain or below it. */
function foreignHost({ pointer }: ActionEntry, from: SourceBytes, url: string): Diagnostic[] {
  const own = from.source.url === undefined ? undefined : hostOf(from.source.url);
  const host = hostOf(url);
  if (own === undefined || host === own || host.endsWith(`.${own}`)) return [];
  const message = `The document is on ${host}, and the manifest on ${own}; ChatGPT refuses that`;
  return [{ severity: 'warning', code: 'manifest-foreign-host', file: from.source.name, pointer, message }];
}

/** Without `www.`, which ChatGPT strips as well. */
function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^www\./, '');
}
