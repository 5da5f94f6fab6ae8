import { splitByTag } from '../actions/write/split.ts';
import { buildToolDocument } from '../actions/write/tool-document.ts';
import type { Bridge } from '../bridge.ts';
import type { BridgeConfig } from '../config/types.ts';
import { BridgeError } from '../errors.ts';
import { openFromConfig, readConfig } from './open.ts';
import type { Command } from './table.ts';
import { type NamedDocument, writeDocuments } from './write-documents.ts';

/** To be replaced: where a bridge is reachable is not known from a document. */
const PLACEHOLDER = 'https://bridge.example.com';

/** `actionbridge export gpt-action <spec>... [--public-url URL] [--out FOLDER]`: the words are those after the format. */
export const exportGptAction: Command = async ({ words, flags }) => {
  const config = await readConfig(words, flags);
  const bridge = await openFromConfig(config);
  await bridge.close();
  const publicUrl = publicUrlOf(flags['publicUrl'], config);
  const documents = documentsOf(bridge, { publicUrl: publicUrl ?? PLACEHOLDER, secured: flags['auth'] !== false });
  const folder = flags['out'];
  if (typeof folder === 'string') {
    const base = bridge.apis.map(({ name }) => name).join('-') || 'actionbridge';
    for (const path of writeDocuments(folder, base, documents)) process.stdout.write(`${path}\n`);
  } else process.stdout.write(`${JSON.stringify(single(documents, bridge), null, 2)}\n`);
  advise(documents, publicUrl);
  return 0;
};

function documentsOf(
  { registry, apis }: Bridge,
  options: { readonly publicUrl: string; readonly secured: boolean },
): readonly NamedDocument[] {
  const title = apis.map((api) => api.title).join(', ');
  const items = registry.tools.map((tool) => ({
    tool,
    tags: tool.request.tags.length > 0 ? tool.request.tags : [tool.api],
  }));
  return splitByTag(items).map(({ name, items: set }) => ({
    name,
    document: buildToolDocument(
      set.map(({ tool }) => tool),
      { ...options, title: name === '' ? title : `${title} (${name})` },
    ),
  }));
}

function single(documents: readonly NamedDocument[], { registry }: Bridge): object {
  const [first, ...others] = documents;
  if (!first)
    throw new BridgeError('USAGE', 'There is no tool to export', {
      hint: 'Check --include, --exclude and --read-only.',
    });
  if (others.length > 0)
    throw new BridgeError(
      'USAGE',
      `${registry.tools.length} tools are ${documents.length} documents: the GPT editor takes 30 operations in one`,
      { hint: 'Write them to a folder with --out FOLDER, or choose tools with --include.' },
    );
  return first.document;
}

/** Throws USAGE for what ChatGPT would not call. */
function publicUrlOf(flag: unknown, { http }: BridgeConfig): string | undefined {
  const given = typeof flag === 'string' ? flag : http?.publicUrl;
  if (given === undefined) return undefined;
  if (!URL.canParse(given) || new URL(given).protocol !== 'https:')
    throw new BridgeError('USAGE', `--public-url ${given} is not an https URL`, {
      hint: 'ChatGPT calls https only, on a host that it can reach.',
    });
  return given.replace(/\/+$/, '');
}

function advise(documents: readonly NamedDocument[], publicUrl: string | undefined): void {
  const lines = [
    ...(publicUrl === undefined
      ? [`Put your bridge's own URL in the place of ${PLACEHOLDER}, or give it with --public-url.`]
      : []),
    ...(documents.length > 1 ? ['One GPT takes one action set for each domain: each of these is for its own.'] : []),
  ];
  if (lines.length > 0) process.stderr.write(`${lines.join('\n')}\n`);
}
