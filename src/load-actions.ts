import { openEntry } from './actions/open-entry.ts';
import { readActions } from './actions/read-action.ts';
import type { ActionEntry } from './actions/types.ts';
import { readManifestAuth } from './auth/gpt-record.ts';
import type { AuthConfig } from './auth/types.ts';
import type { ApiConfig } from './config/types.ts';
import type { Diagnostic } from './diagnostic.ts';
import { BridgeError } from './errors.ts';
import type { ApiSource } from './load-sources.ts';
import { apiNameFrom } from './operation/api-name.ts';
import { decodeText } from './spec/decode-text.ts';
import type { ReadOptions, SourceBytes } from './spec/read.ts';

/** The documents that a manifest or an exported GPT stands for; undefined when it is neither. Throws what reading throws. */
export async function readActionSources(
  api: ApiConfig,
  from: SourceBytes,
  options: ReadOptions,
): Promise<readonly ApiSource[] | undefined> {
  const entries = readActions(decodeText(from.bytes), from.source.name);
  if (!entries) return undefined;
  return Promise.all(entries.map((entry) => toSource(entry, { api, from, options, several: entries.length > 1 })));
}

interface Opening {
  readonly api: ApiConfig;
  readonly from: SourceBytes;
  readonly options: ReadOptions;
  readonly several: boolean;
}

async function toSource(entry: ActionEntry, { api, from, options, several }: Opening): Promise<ApiSource> {
  const { diagnostics, ...opened } = await openEntry(entry, from, options);
  const { auth, problems } = authOf(entry, from.source.name);
  const name = nameOf(entry, api.name, several);
  return {
    ...opened,
    api: { ...api, ...(name === undefined ? {} : { name }), auth: { ...auth, ...api.auth } },
    action: entry.info,
    diagnostics: [...diagnostics, ...problems],
  };
}

/** The operator's name, else the one for models; the actions of one GPT are told apart by their domains. */
function nameOf({ info, label }: ActionEntry, given: string | undefined, several: boolean): string | undefined {
  const name = given ?? (info.name === undefined ? undefined : apiNameFrom(info.name));
  if (!several) return name;
  return apiNameFrom([name, label?.replace(/^(?:www|api)\./, '')].filter(Boolean).join(' '));
}

/** The record of the editor is what `default` would be in the config; what an operator says counts more. */
function authOf(
  { auth, pointer }: ActionEntry,
  file: string,
): { readonly auth: AuthConfig; readonly problems: readonly Diagnostic[] } {
  if (!auth || auth['type'] === 'none') return { auth: {}, problems: [] };
  try {
    return { auth: { default: readManifestAuth(auth, `${file}: auth`) }, problems: [] };
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    const hint = 'Say in the config how calls are authorized: apis.<name>.auth.default';
    const problem = { severity: 'warning', code: 'auth-record-invalid', message: error.message, hint } as const;
    return {
      auth: {},
      problems: [{ ...problem, file, pointer: pointer.replace(/\/(?:api\/url|raw_spec|json_schema)$/, '/auth') }],
    };
  }
}
