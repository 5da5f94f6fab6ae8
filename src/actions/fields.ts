import { cleanText } from '../operation/text.ts';

export type Fields = { readonly [key: string]: unknown };

export function asFields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

/** A member that is an object. */
export function fieldsAt(holder: Fields | undefined, key: string): Fields | undefined {
  return asFields(holder && Object.hasOwn(holder, key) ? holder[key] : undefined);
}

/** A member that is a text with something in it, cleaned. */
export function textAt(holder: Fields | undefined, key: string): string | undefined {
  const value = holder && Object.hasOwn(holder, key) ? holder[key] : undefined;
  const text = typeof value === 'string' ? cleanText(value) : '';
  return text === '' ? undefined : text;
}

/** A member that is an http(s) URL; placeholders and relative ones are left out. */
export function urlAt(holder: Fields | undefined, key: string): string | undefined {
  const text = textAt(holder, key);
  return text !== undefined && /^https?:\/\//i.test(text) && URL.canParse(text) ? text : undefined;
}

/** The auth record without what says nothing: stores write `null` for every field they do not know. */
export function recordAt(holder: Fields | undefined, key: string): Fields | undefined {
  const entries = Object.entries(fieldsAt(holder, key) ?? {}).filter(
    ([, value]) => value !== null && value !== undefined && value !== '',
  );
  return entries.some(([name]) => name === 'type') ? Object.fromEntries(entries) : undefined;
}

/** Without the members that are undefined. */
export function defined<T extends object>(value: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  };
}
