import { asFields, defined, type Fields, fieldsAt, recordAt, textAt, urlAt } from './fields.ts';
import type { ActionDocument, ActionEntry, ActionInfo } from './types.ts';

const NAMES = ['name_for_model', 'name_for_human', 'description_for_model', 'description_for_human'];

/** An `ai-plugin.json`, or one in the store's wrapper (`{ manifest: … }`); undefined for anything else. */
export function readManifest(value: unknown): ActionEntry | undefined {
  const whole = asFields(value);
  if (!whole) return undefined;
  if (isManifest(whole)) return toEntry(whole, '');
  const inner = fieldsAt(whole, 'manifest');
  return inner && isManifest(inner) ? toEntry(inner, '/manifest') : undefined;
}

function isManifest(fields: Fields): boolean {
  return fieldsAt(fields, 'api') !== undefined && NAMES.some((name) => Object.hasOwn(fields, name));
}

function toEntry(manifest: Fields, pointer: string): ActionEntry {
  const auth = recordAt(manifest, 'auth');
  return {
    info: infoOf(manifest),
    document: documentOf(manifest),
    ...(auth ? { auth } : {}),
    pointer: `${pointer}/api/url`,
  };
}

function infoOf(manifest: Fields): ActionInfo {
  const facts: { [Key in keyof ActionInfo]?: ActionInfo[Key] | undefined } = {
    name: textAt(manifest, 'name_for_model'),
    title: textAt(manifest, 'name_for_human') ?? textAt(manifest, 'name_for_model'),
    description: textAt(manifest, 'description_for_human'),
    instructions: textAt(manifest, 'description_for_model'),
    iconUrl: urlAt(manifest, 'logo_url'),
    websiteUrl: urlAt(manifest, 'legal_info_url'),
    contactEmail: textAt(manifest, 'contact_email'),
  };
  return { origin: 'manifest', starters: [], ...defined(facts) } as ActionInfo;
}

function documentOf(manifest: Fields): ActionDocument {
  const url = textAt(fieldsAt(manifest, 'api'), 'url');
  return url === undefined ? { kind: 'unknown' } : { kind: 'url', url };
}
