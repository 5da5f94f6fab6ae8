import { own } from '../spec/references.ts';
import type { JsonObject } from '../spec/types.ts';
import { asObject, asString } from './reading.ts';
import type { RequestBody, StatedHints } from './types.ts';

/**
 * The extension in which our own exports keep what the GPT editor's limits would cost: `{ summary?, description?, input?,
 * hints? }`. It says again, at more length, what stands beside it; it has no power over servers, credentials, limits, filters
 * or the consequential flag.
 */
export const EXACT_EXTENSION = 'x-actionbridge';

/** A whole text, if the written one was cut. */
export function readExactText(operation: JsonObject, field: 'summary' | 'description'): string | undefined {
  return asString(own(operation[EXACT_EXTENSION], field));
}

/**
 * What the tool behind a route promises about itself, which its POST does not say. It is shown to clients and decides nothing
 * here: who may call what is judged by method. Read-only is believed only of what is declared to be without consequences.
 */
export function readExactHints(operation: JsonObject): StatedHints | undefined {
  const hints = asObject(own(operation[EXACT_EXTENSION], 'hints'));
  if (!hints) return undefined;
  const harmless = own(operation, 'x-openai-isConsequential') === false;
  return {
    readOnly: own(hints, 'readOnly') === true && harmless,
    destructive: own(hints, 'destructive') !== false,
    idempotent: own(hints, 'idempotent') === true,
    openWorld: own(hints, 'openWorld') !== false,
  };
}

/** The body with its whole schema, for a body that is one JSON object; none when the tool takes no argument. */
export function withExactSchema(operation: JsonObject, body: RequestBody | undefined): RequestBody | undefined {
  const input = asObject(own(operation[EXACT_EXTENSION], 'input'));
  const [choice] = body?.choices ?? [];
  if (!input || !body || !choice || body.choices.length !== 1 || choice.wire.encoding !== 'json') return body;
  if (Object.keys(asObject(own(input, 'properties')) ?? {}).length === 0) return undefined;
  return { ...body, choices: [{ ...choice, schema: input }] };
}
