import { own } from '../../spec/references.ts';
import type { LoadedSpec } from '../../spec/types.ts';
import { createFindings, EDITOR_LIMITS, type EditorFinding, type Say } from './finding.ts';
import { checkOperations } from './operations.ts';
import { checkComponents } from './schemas.ts';
import { checkSecurity } from './security.ts';
import { checkServers } from './servers.ts';

/**
 * What the GPT editor would say to this document, in its own words where they are known, each with what ChatGPT would do.
 * An error keeps the import, or an operation, out; a warning drops something without a word later. The document is judged as
 * it is written: what loading has mended for us is not mended for ChatGPT.
 */
export function validateForEditor({ document, source, version }: LoadedSpec): readonly EditorFinding[] {
  const { findings, say } = createFindings(source.name);
  checkVersion(version, say);
  checkServers(document, say);
  const operations = checkOperations(document, say);
  if (operations > EDITOR_LIMITS.operations)
    say('gpt-operations', ['paths'], `OpenAPI spec can have a maximum of ${EDITOR_LIMITS.operations} operations`);
  checkComponents(own(document, 'components'), say);
  checkSecurity(document, say);
  checkSize(document, say);
  return findings;
}

/** Documents that would stand in one GPT: two on one domain cannot. */
export function validateTogether(documents: readonly LoadedSpec[]): readonly EditorFinding[] {
  const seen = new Map<string, string>();
  return documents.flatMap(({ document, source }) => {
    const { findings, say } = createFindings(source.name);
    const servers = own(document, 'servers');
    const url = Array.isArray(servers) ? own(servers[0], 'url') : undefined;
    if (typeof url !== 'string' || !URL.canParse(url)) return [];
    const domain = new URL(url).hostname.replace(/^www\./, '');
    if (seen.has(domain))
      say(
        'gpt-domain',
        ['servers', '0', 'url'],
        `Action sets cannot have duplicate domains - ${domain} already exists on another action`,
      );
    seen.set(domain, source.name);
    return findings;
  });
}

function checkVersion(version: string, say: Say): void {
  if (version === '3.1.0' || version === '3.1.1') return;
  if (version.startsWith('2.')) say('gpt-version', [], "('openapi',): Field required");
  else say('gpt-version', ['openapi'], "('openapi',): Input should be '3.1.1' or '3.1.0'");
}

function checkSize(document: unknown, say: Say): void {
  const characters = JSON.stringify(document).length;
  if (characters > EDITOR_LIMITS.characters) say('gpt-size', [], `The document has ${characters} characters as JSON`);
}
