import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BridgeError } from '../errors.ts';

/** A document for the GPT editor, and what tells it from the others; '' when there is one only. */
export interface NamedDocument {
  readonly name: string;
  readonly document: object;
}

/**
 * Writes each document as `<base>[.<name>].gpt-action.json` in the folder, which is made when it is not there; gives the paths.
 * Throws USAGE when that is not possible.
 */
export function writeDocuments(folder: string, base: string, documents: readonly NamedDocument[]): readonly string[] {
  try {
    mkdirSync(folder, { recursive: true });
    return documents.map(({ name, document }) => {
      const path = join(folder, `${[base, name].filter(Boolean).join('.')}.gpt-action.json`);
      writeFileSync(path, `${JSON.stringify(document, null, 2)}\n`);
      return path;
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new BridgeError('USAGE', `--out ${folder}: it cannot be written (${code})`, {
      cause: error,
      hint: 'Give a folder that may be written to.',
    });
  }
}
