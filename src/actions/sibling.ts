import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * The document that lies beside a manifest file: the one `api.url` names, else the only one that is named openapi. A manifest
 * in `.well-known/` may have it one folder above. Undefined when there is none, or a choice.
 */
export function findSibling(manifest: string, url: string | undefined): string | undefined {
  const folder = dirname(manifest);
  const folders = basename(folder) === '.well-known' ? [folder, dirname(folder)] : [folder];
  const wanted = [fileNameOf(url), ...stemNames(manifest)].filter((name) => name !== undefined);
  for (const place of folders) {
    const files = filesIn(place);
    const named = wanted.find((name) => files.includes(name));
    if (named !== undefined) return join(place, named);
  }
  for (const place of folders) {
    const documents = filesIn(place).filter((name) => /^openapi\.(?:json|ya?ml)$/i.test(name));
    if (documents.length === 1) return join(place, documents[0]!);
  }
  return undefined;
}

/** A relative reference may lead into a folder below; anything else may not leave the manifest's own. */
export function relativePath(url: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(url)) return undefined;
  const path = url.split(/[?#]/)[0]!.replace(/^\/+/, '');
  return path === '' || path.split(/[\\/]/).includes('..') ? undefined : path;
}

function fileNameOf(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  const path = relativePath(url) ?? (URL.canParse(url) ? new URL(url).pathname : '');
  const name = path.slice(path.lastIndexOf('/') + 1);
  return name === '' ? undefined : name;
}

/** `todo.ai-plugin.json` goes with `todo.openapi.yaml`. */
function stemNames(manifest: string): string[] {
  const stem = /^(.+)\.ai-plugin\.json$/i.exec(basename(manifest))?.[1];
  return stem === undefined ? [] : ['yaml', 'yml', 'json'].map((ending) => `${stem}.openapi.${ending}`);
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch {
    return [];
  }
}
