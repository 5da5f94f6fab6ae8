import type { Field, Fields } from '../operation/types.ts';
import { encodeText, textOf, writeQueryPairs } from './serialize.ts';

/**
 * application/x-www-form-urlencoded (WHATWG URL §5): `+` for a space; nested values as JSON text, arrays by repetition.
 * Fields whose encoding names style, explode or allowReserved follow RFC 6570 instead (OAS 3.2 §4.15).
 */
export function encodeForm(value: object, fields: Fields): string {
  return Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .flatMap(([name, member]) => encodeField(name, member, fieldOf(fields, name)))
    .join('&');
}

/** The field of a property; `fields` may come from JSON and have a prototype. */
export function fieldOf(fields: Fields, name: string): Field | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function encodeField(name: string, value: unknown, field: Field | undefined): string[] {
  if (field?.style) return writeQueryPairs({ name, ...field.style }, value);
  const items = Array.isArray(value) ? value : [value];
  return items.map(
    (item) =>
      `${formText(name)}=${formText(field?.value === 'json' && field.contentType !== undefined ? JSON.stringify(item) : textOf(item))}`,
  );
}

function formText(text: string): string {
  return encodeText(text).replaceAll('%20', '+').replaceAll('%2A', '*');
}
