import { localizeReferences } from './external-files.ts';
import { readLenientYaml } from './lenient-yaml.ts';
import { openDocument } from './open-document.ts';
import { parseTextNow } from './parse.ts';
import type { LoadedSpec, SpecSource } from './types.ts';
import { readYaml } from './yaml.ts';

/**
 * A document of one file from its text, at once: for tests and for callers that have the text already. It loads both YAML
 * readers, which `parseSource` does only for YAML. Throws like `parseSource`.
 */
export function readSpec(text: string, source: SpecSource): LoadedSpec {
  const parsed = parseTextNow(text, source.name, { strict: readYaml, lenient: readLenientYaml });
  const opened = openDocument(parsed, source);
  localizeReferences(opened, opened.report);
  return { ...opened.normalize(), files: [] };
}
