import type { JsonSchema } from '../types.ts';

/** A constraint in words, for a description; undefined where words would not help a model. */
export function inWords(keyword: string, value: unknown): string | undefined {
  switch (keyword) {
    case 'minimum':
      return `at least ${String(value)}`;
    case 'maximum':
      return `at most ${String(value)}`;
    case 'exclusiveMinimum':
      return `more than ${String(value)}`;
    case 'exclusiveMaximum':
      return `less than ${String(value)}`;
    case 'multipleOf':
      return `a multiple of ${String(value)}`;
    case 'minLength':
      return `at least ${count(value, 'character')}`;
    case 'maxLength':
      return `at most ${count(value, 'character')}`;
    case 'minItems':
      return `at least ${count(value, 'item')}`;
    case 'maxItems':
      return `at most ${count(value, 'item')}`;
    case 'minProperties':
      return `at least ${count(value, 'member')}`;
    case 'maxProperties':
      return `at most ${count(value, 'member')}`;
    case 'uniqueItems':
      return value === true ? 'no item twice' : undefined;
    case 'pattern':
      return `must match ${String(value)}`;
    case 'format':
      return `format ${String(value)}`;
    case 'contentEncoding':
      return `encoded as ${String(value)}`;
    case 'contentMediaType':
      return `media type ${String(value)}`;
    default:
      return asSchema({ [keyword]: value });
  }
}

/** Longer conditions cost more than they tell. */
const MAX_CONDITION = 200;

/** `if` with what follows from it. */
export function conditionInWords(schema: JsonSchema): string | undefined {
  const said = ['if', 'then', 'else'].filter((keyword) => schema[keyword] !== undefined);
  return asSchema(Object.fromEntries(said.map((keyword) => [keyword, schema[keyword]])));
}

function asSchema(schema: JsonSchema): string | undefined {
  const text = JSON.stringify(schema);
  return text.length <= MAX_CONDITION ? `JSON Schema ${text}` : undefined;
}

function count(value: unknown, noun: string): string {
  return `${String(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** A description with what else there is to say, in parentheses. */
export function describe(description: string | undefined, words: readonly string[]): { description?: string } {
  const said = words.length > 0 ? `(${words.join('; ')})` : '';
  const text = [description, said].filter(Boolean).join(' ');
  return text === '' ? {} : { description: text };
}
