import { parseDocument } from 'yaml';

/** YAML by the `yaml` package, which reads flow collections that close at a lower indentation. Undefined when it refuses too. */
export function readLenientYaml(text: string): { readonly value: unknown } | undefined {
  const document = parseDocument(text, { merge: true, uniqueKeys: false, logLevel: 'silent', schema: 'core' });
  return document.errors.length > 0 ? undefined : { value: document.toJS({ maxAliasCount: -1 }) as unknown };
}
