import type { JsonSchema } from '../types.ts';
import type { Notes } from './shape.ts';
import type { Report } from './types.ts';
import { conditionInWords, inWords } from './words.ts';

const MAX_DEFAULT = 100;

/** What a schema says besides which values are valid. */
export function notesOf(schema: JsonSchema, pointer: string, words: readonly string[] = []): Notes {
  const text = (keyword: string) => (typeof schema[keyword] === 'string' ? schema[keyword] : undefined);
  const preset = schema['default'] === undefined || schema['default'] === null ? '' : JSON.stringify(schema['default']);
  return {
    pointer,
    nullable: false,
    title: text('title'),
    description: text('description'),
    words: [
      ...words,
      ...(preset !== '' && preset.length <= MAX_DEFAULT ? [`default ${preset}`] : []),
      ...(schema['deprecated'] === true ? ['deprecated'] : []),
    ],
  };
}

/** The words for keywords that no dialect has; `report` is told of each. */
export function tellConditions(
  schema: JsonSchema,
  keywords: readonly string[],
  { pointer, report }: { readonly pointer: string; readonly report: Report },
): string[] {
  return keywords.flatMap((keyword) => {
    if (schema[keyword] === undefined) return [];
    const words = keyword === 'if' ? conditionInWords(schema) : inWords(keyword, schema[keyword]);
    if (words === undefined) report('constraint-dropped', pointer, `"${keyword}" is not passed on`);
    else report('constraint-in-description', pointer, `"${keyword}" stands in the description`);
    return words === undefined ? [] : [words];
  });
}
