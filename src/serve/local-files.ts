import { readFileSync, realpathSync } from 'node:fs';
import { resolve, sep } from 'node:path';

/** A file below the working directory, links followed before the check. Throws with a message for the caller. */
export function readLocalFile(path: string): Uint8Array {
  const root = realpathSync(process.cwd());
  const file = realpath(resolve(root, path), path);
  if (!file.startsWith(root.endsWith(sep) ? root : root + sep))
    throw new Error(`"${path}" is outside the working directory, and only files below it may be sent`);
  return readFileSync(file);
}

function realpath(file: string, asked: string): string {
  try {
    return realpathSync(file);
  } catch {
    throw new Error(`"${asked}" does not exist`);
  }
}
