import type { JsonSchema } from '../types.ts';
import type { Scalar } from './shape.ts';

const MAX_SHOWN_SCHEMA = 300;

/** Text for each value of an enum: no two alike, none empty. */
export function textsFor(values: readonly Scalar[]): Map<string, Scalar> {
  const texts = new Map<string, Scalar>();
  for (const value of values) if (typeof value === 'string' && value !== '') texts.set(value, value);
  for (const value of values) {
    if (typeof value === 'string' && value !== '') continue;
    let text = value === '' ? '(empty)' : JSON.stringify(value);
    while (texts.has(text)) text = `(${text})`;
    texts.set(text, value);
  }
  return texts;
}

/** Tells a model that a string holds JSON, and of what: with the schema where that is short and complete. */
export function jsonTextNote(schema: JsonSchema, types: readonly string[] | undefined): string {
  const what = types?.length ? types.join(' or ') : 'any value';
  const { description: _, title: __, deprecated: ___, default: ____, ...rest } = schema;
  const shown = JSON.stringify(rest);
  const says = Object.keys(rest).some((keyword) => keyword !== 'type');
  const isWhole = shown.length <= MAX_SHOWN_SCHEMA && !shown.includes('"$ref"');
  return `JSON text: ${what}${says && isWhole ? ` that fits ${shown}` : ''}`;
}
