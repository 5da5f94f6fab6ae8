import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { validateForEditor } from '../../src/actions/editor/validate.ts';
import type { AuthEntry } from '../../src/auth/types.ts';
import { EMPTY_CONFIG, parseSpecArgument } from '../../src/config/flags.ts';
import { BridgeError } from '../../src/errors.ts';
import type { Inspect } from '../../src/load-apis.ts';
import { type LoadedTools, loadTools } from '../../src/load-tools.ts';
import type { LoadedSpec } from '../../src/spec/types.ts';
import { SHARED } from '../support/documents.ts';

const CORPUS = join(SHARED, 'gpt-actions');

/** Manifests with their documents, and documents that stand alone. */
const FILES = existsSync(CORPUS)
  ? (readdirSync(CORPUS, { recursive: true }) as string[])
      .filter((file) => /ai-plugin\.json$|openapi\.(?:ya?ml|json)$/.test(file))
      .sort()
  : [];

/** Nothing but the loopback is there for tests: a manifest that leads to the network is refused for that. */
const load = (file: string, inspect: Inspect = () => undefined): Promise<LoadedTools> =>
  loadTools(
    { ...EMPTY_CONFIG, cacheTools: false, apis: [parseSpecArgument(join(CORPUS, file))] },
    {
      fetchText: async (url) => {
        throw new BridgeError('SPEC_FETCH', `${url}: the test does not leave this machine`);
      },
      inspect,
    },
  );

describe.skipIf(FILES.length === 0)('GPT Actions and plugin manifests', () => {
  it.each(FILES)('%s is served as its golden file says, or refused for a named reason', async (file) => {
    const specs: LoadedSpec[] = [];
    const described = await load(file, ({ spec }) => void specs.push(spec)).then(describeLoaded, describeError);
    await expect(described + specs.map(describeFindings).join('')).toMatchFileSnapshot(
      join(import.meta.dirname, '../golden/gpt-actions', `${file.replaceAll('/', '-')}.txt`),
    );
  });

  it('are all served but for those whose document is not here', async () => {
    const refused: string[] = [];
    for (const file of FILES) await load(file).catch((error: BridgeError) => refused.push(`${error.code} ${file}`));
    expect(refused).toEqual(
      ['no-auth', 'oauth', 'service-http', 'user-http'].map(
        (kind) => `SPEC_FETCH openai-examples/retrieval-${kind}.ai-plugin.json`,
      ),
    );
  });
});

function describeLoaded({ apis, configs, registry, diagnostics }: LoadedTools): string {
  const lines = apis.flatMap(({ name, title, action }, index) => [
    `api ${name}: ${title}`,
    ...(action?.instructions === undefined ? [] : [`told the model: ${action.instructions.length} characters`]),
    ...(action?.websiteUrl === undefined ? [] : [`website: ${action.websiteUrl}`]),
    ...(action?.iconUrl === undefined ? [] : [`icon: ${action.iconUrl}`]),
    `auth: ${describeAuth(configs[index]!.auth['default'])}`,
  ]);
  const tools = registry.tools.map(
    ({ name, request, input }) =>
      `tool ${name}: ${request.method} ${request.servers[0]!.url} ${request.path} (${Object.keys(input.properties).join(', ')})`,
  );
  const found = diagnostics.map(({ severity, code, pointer, message }) => `${severity} ${code} ${pointer}: ${message}`);
  return `${[...lines, ...tools, ...found].join('\n')}\n`;
}

/** What the GPT editor would say to it, in numbers. */
function describeFindings(spec: LoadedSpec): string {
  const counts = new Map<string, number>();
  for (const { severity, code } of validateForEditor(spec))
    counts.set(`${severity} ${code}`, (counts.get(`${severity} ${code}`) ?? 0) + 1);
  return [...counts].map(([rule, count]) => `editor ${rule}: ${count}\n`).join('');
}

function describeAuth(entry: AuthEntry | undefined): string {
  if (!entry) return 'none';
  const { credential, placement, perUser } = entry;
  const oauth = credential.kind === 'oauth' ? credential.oauth : undefined;
  return [
    credential.kind,
    JSON.stringify(placement),
    perUser ? 'for each user' : 'shared',
    ...(oauth
      ? [
          `sign-in ${oauth.authorizationUrl}, token ${oauth.tokenUrl} (${oauth.tokenRequest}), ${oauth.scopes?.join(' ')}`,
        ]
      : []),
  ].join(' ');
}

function describeError(error: unknown): string {
  if (!(error instanceof BridgeError)) throw error;
  return `refused ${error.code}: ${error.message.replaceAll(CORPUS, '')}\n`;
}
