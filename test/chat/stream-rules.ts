import { expect } from 'vitest';
import { createEventParser } from '../../src/chat/sse.ts';

// biome-ignore lint/suspicious/noExplicitAny: chunks of any shape
type Chunk = any;

/** The data of each event of a stream, `[DONE]` left out. */
export function eventsIn(text: string): Chunk[] {
  const found = createEventParser().push(text);
  return found.filter(({ data }) => data !== '[DONE]').map(({ data }) => JSON.parse(data));
}

/** What every chunk stream of Chat Completions must be, whatever the upstream sent. */
export function checkChatStream(text: string): Chunk[] {
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  const chunks = eventsIn(text);
  expect(new Set(chunks.map(({ id }) => id)).size, 'one id').toBe(1);
  expect(chunks[0].id, 'an id').not.toBe('');
  expect(new Set(chunks.map(({ created }) => created)).size, 'one moment').toBe(1);
  expect(new Set(chunks.map(({ object }) => object))).toEqual(new Set(['chat.completion.chunk']));
  const choices = chunks.flatMap((chunk) => chunk.choices);
  expect(
    choices.filter(({ delta }) => delta.role !== undefined),
    'one role',
  ).toHaveLength(1);
  expect(
    choices.filter(({ finish_reason }) => finish_reason !== null),
    'one end',
  ).toHaveLength(1);
  expect(choices.at(-1).finish_reason).toMatch(/^(?:stop|length|tool_calls|content_filter)$/);
  const begun = choices.flatMap(({ delta }) => delta.tool_calls ?? []).filter(({ id }) => id !== undefined);
  expect(
    begun.map(({ index }) => index),
    'calls without gaps',
  ).toEqual(begun.map((_, index) => index));
  return chunks;
}

/** The same for Responses. */
export function checkResponsesStream(text: string): Chunk[] {
  const events = eventsIn(text);
  expect(
    events.map(({ sequence_number }) => sequence_number),
    'numbers',
  ).toEqual(events.map((_, index) => index));
  expect(events[0].type).toBe('response.created');
  expect(
    events.filter(({ type }) => type === 'response.created'),
    'one beginning',
  ).toHaveLength(1);
  expect(events.at(-1).type).toMatch(/^response\.(?:completed|incomplete)$/);
  const added = events.filter(({ type }) => type === 'response.output_item.added');
  expect(
    added.map(({ output_index }) => output_index),
    'places',
  ).toEqual(added.map((_, index) => index));
  const done = events.filter(({ type }) => type === 'response.output_item.done');
  const items = [...done].sort((a, b) => a.output_index - b.output_index).map(({ item }) => item);
  expect(events.at(-1).response.output, 'the whole is its parts').toEqual(items);
  expect(events.at(-1).response.id).toBe(events[0].response.id);
  return events;
}
