import { readGptExport } from './gpt-export.ts';
import { readManifest } from './manifest.ts';
import type { ActionEntry } from './types.ts';

/**
 * The actions of an `ai-plugin.json` (bare or in the store's wrapper) or of an exported GPT; undefined for a text that is
 * neither. Throws SPEC_INVALID for a GPT without actions.
 */
export function readActions(text: string, name: string): readonly ActionEntry[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
  const manifest = readManifest(value);
  return manifest ? [manifest] : readGptExport(value, name);
}
