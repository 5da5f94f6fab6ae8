import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, resolve, sep } from 'node:path';
import { decodeFragment } from './references.ts';

/** The file that a reference names, or why it is not read. */
export type SiblingFile = { readonly file: string } | { readonly why: string };

/**
 * Finds the real path of the file that a reference names, seen from the file it stands in. Only files below `root` are named,
 * links followed before the check; without a root (the document is no file) there are none. Remembers what it found.
 */
export function siblingFinder(root: string | undefined): (name: string, from: string | undefined) => SiblingFile {
  const below = root === undefined || root.endsWith(sep) ? root : root + sep;
  const known = new Map<string, SiblingFile>();
  return (name, from) => {
    const why = whyNotAFile(name);
    if (why !== undefined) return { why };
    if (from === undefined || below === undefined)
      return { why: 'other files are only read for a document that is given as a file' };
    const path = resolve(dirname(from), decodeFragment(name.replace(/\?.*$/s, '')));
    const sibling = known.get(path) ?? inspect(path, below);
    known.set(path, sibling);
    return sibling;
  };
}

function whyNotAFile(name: string): string | undefined {
  if (/^(?:https?:)?\/\//i.test(name)) return 'references to URLs are never fetched';
  if (/^[a-z][a-z0-9+.-]*:/i.test(name) || isAbsolute(name) || name.includes('\\'))
    return 'only relative paths below the folder of the document are read';
  return undefined;
}

function inspect(path: string, below: string): SiblingFile {
  const real = realPath(path);
  // Said of absent files too: what there is outside the folder is none of the document's business.
  if (!(real ?? path).startsWith(below)) return { why: 'that file is outside the folder of the document' };
  return real === undefined ? { why: 'there is no such file' } : { file: real };
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
