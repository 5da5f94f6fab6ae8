import type { JsonSchema } from './types.ts';

const measured = new WeakMap<JsonSchema, string>();

/** Keeps the JSON of a schema that was written to be measured, for who writes it next. */
export function keepText(schema: JsonSchema, text: string): void {
  measured.set(schema, text);
}

/** The JSON of a schema. What was kept is given once: it is needed for the list, and held no longer. */
export function takeText(schema: JsonSchema): string {
  const text = measured.get(schema);
  measured.delete(schema);
  return text ?? JSON.stringify(schema);
}
