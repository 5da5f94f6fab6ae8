import { BridgeError } from '../errors.ts';
import { cleanText } from '../operation/text.ts';
import { asFields, defined, type Fields, fieldsAt, recordAt, textAt, urlAt } from './fields.ts';
import type { ActionEntry, ActionInfo } from './types.ts';

interface Located {
  readonly fields: Fields;
  readonly pointer: string;
}

/**
 * The actions of a GPT as ChatGPT keeps it: the record (`gizmo`) with its `tools[].metadata.raw_spec`, bare or in one of the
 * wrappers it is answered in. Undefined for anything else. Throws SPEC_INVALID for a GPT without actions.
 */
export function readGptExport(value: unknown, name: string): readonly ActionEntry[] | undefined {
  const root = asFields(value);
  if (!root || Object.hasOwn(root, 'openapi') || Object.hasOwn(root, 'swagger')) return undefined;
  const holders = holdersOf(root);
  const isGpt = holders.some(({ fields }) => fieldsAt(fields, 'gizmo') ?? textAt(fields, 'instructions'));
  const entries = holders.map(actionsOf).find((found) => found.length > 0) ?? [];
  if (entries.length === 0 && isGpt)
    throw new BridgeError('SPEC_INVALID', `${name}: this GPT has no actions: no tool with a raw_spec`, {
      hint: 'Export a GPT that has actions, or give the document of one.',
    });
  if (entries.length === 0) return undefined;
  const info = infoOf(holders);
  return entries.map((entry) => ({ ...entry, info: { ...info, ...entry.info } }));
}

/** Where `tools` or the record itself may stand. */
function holdersOf(root: Fields): readonly Located[] {
  const nested = ['resource', 'gizmo', 'gpt', 'draft_gizmo'];
  const first = nested.flatMap((key) => located(root, '', key));
  return [
    { fields: root, pointer: '' },
    ...first,
    ...first.flatMap(({ fields, pointer }) => located(fields, pointer, 'gizmo')),
  ];
}

function located(holder: Fields, pointer: string, key: string): Located[] {
  const fields = fieldsAt(holder, key);
  return fields ? [{ fields, pointer: `${pointer}/${key}` }] : [];
}

type Part = Omit<ActionEntry, 'info'> & { readonly info: Pick<ActionInfo, 'websiteUrl'> };

function actionsOf({ fields, pointer }: Located): Part[] {
  const tools = fields['tools'];
  if (!Array.isArray(tools)) return [];
  return tools.flatMap((tool, index) => actionOf(asFields(tool), `${pointer}/tools/${index}`));
}

function actionOf(tool: Fields | undefined, pointer: string): Part[] {
  const metadata = fieldsAt(tool, 'metadata');
  const key = metadata && ['raw_spec', 'json_schema'].find((each) => specAt(metadata, each) !== undefined);
  if (!metadata || key === undefined) return [];
  const domain = textAt(metadata, 'domain');
  const auth = recordAt(metadata, 'auth');
  const websiteUrl = urlAt(metadata, 'privacy_policy_url');
  return [
    {
      info: websiteUrl === undefined ? {} : { websiteUrl },
      document: { kind: 'text', text: specAt(metadata, key)!, ...(domain === undefined ? {} : { host: domain }) },
      ...(auth ? { auth } : {}),
      ...(domain === undefined ? {} : { label: domain }),
      pointer: `${pointer}/metadata/${key}`,
    },
  ];
}

/** The document as text, whether the export has it as text or as an object. */
function specAt(metadata: Fields, key: string): string | undefined {
  const text = metadata[key];
  if (typeof text === 'string') return text.trim() === '' ? undefined : text;
  const fields = fieldsAt(metadata, key);
  return fields && Object.hasOwn(fields, 'paths') ? JSON.stringify(fields) : undefined;
}

function infoOf(holders: readonly Located[]): ActionInfo {
  const places = holders.flatMap(({ fields }) => {
    const display = fieldsAt(fields, 'display');
    return display ? [display, fields] : [fields];
  });
  const first = <T>(read: (fields: Fields) => T | undefined): T | undefined => {
    for (const fields of places) {
      const found = read(fields);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const title = first((fields) => textAt(fields, 'name'));
  const facts: { [Key in keyof ActionInfo]?: ActionInfo[Key] | undefined } = {
    name: title,
    title,
    description: first((fields) => textAt(fields, 'description')),
    instructions: first((fields) => textAt(fields, 'instructions')),
    iconUrl: first((fields) => urlAt(fields, 'profile_picture_url') ?? urlAt(fields, 'logo_url')),
  };
  return { origin: 'gpt', starters: first(startersIn) ?? [], ...defined(facts) } as ActionInfo;
}

function startersIn(fields: Fields): readonly string[] | undefined {
  const written = ['prompt_starters', 'conversation_starters', 'starters']
    .map((key) => fields[key])
    .find(Array.isArray);
  const starters = (written as unknown[] | undefined)
    ?.filter((starter): starter is string => typeof starter === 'string')
    .map(cleanText)
    .filter((starter) => starter !== '');
  return starters && starters.length > 0 ? starters : undefined;
}
