import { own } from '../spec/references.ts';
import type { JsonObject } from '../spec/types.ts';
import { asObject, asString } from './reading.ts';
import type { RequestBody } from './types.ts';

/**
 * The extension in which our own exports keep what the GPT editor's limits would cost: `{ summary?, description?, input? }`. It says
 * again, at more length, what stands beside it; it has no power over servers, credentials, limits or the consequential flag.
 */
export const EXACT_EXTENSION = 'x-actionbridge';

/** A whole text, if the written one was cut. */
export function readExactText(operation: JsonObject, field: 'summary' | 'description'): string | undefined {
  return asString(own(asObject(own(operation, EXACT_EXTENSION)) ?? {}, field));
}

/** The body with its whole schema, for a body that is one JSON object; none when the tool takes no argument. */
export function withExactSchema(operation: JsonObject, body: RequestBody | undefined): RequestBody | undefined {
  const input = asObject(own(asObject(own(operation, EXACT_EXTENSION)) ?? {}, 'input'));
  const [choice] = body?.choices ?? [];
  if (!input || !body || !choice || body.choices.length !== 1 || choice.wire.encoding !== 'json') return body;
  if (Object.keys(asObject(own(input, 'properties')) ?? {}).length === 0) return undefined;
  return { ...body, choices: [{ ...choice, schema: input }] };
}
