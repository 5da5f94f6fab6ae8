import { describe, expect, it } from 'vitest';
import type { Content } from '../../src/call/types.ts';
import { visibleContent } from '../../src/call/visible.ts';

const json = (text: string): Content => ({ kind: 'json', text, value: JSON.parse(text) });
const hidden = '\u{e0041}\u202e\u200b';

describe('visibleContent', () => {
  it.each<[string, Content, string, number]>([
    ['plain JSON as it came', json('{"id": 12345678901234567890}'), '{"id": 12345678901234567890}', 0],
    ['joiners of scripts and emoji', json('"👩‍👩‍👧 می‌خواهم"'), '"👩‍👩‍👧 می‌خواهم"', 0],
    [
      'hidden characters of a value',
      json(`{"a":"x${hidden}y","n":12345678901234567890}`),
      '{"a":"xy","n":12345678901234567890}',
      3,
    ],
    ['hidden characters of a name', json(`{"${hidden}a":1}`), '{"a":1}', 3],
    ['those written as escapes', json('["a\\udb40\\udc41b\\u202E"]'), '["ab"]', 2],
    ['an escape that only looks like one', json('["\\\\u202e"]'), '["\\\\u202e"]', 0],
    ['text', { kind: 'text', text: `a${hidden}b`, mediaType: 'text/plain' }, 'ab', 3],
  ])('shows %s', (_, content, text, removed) => {
    const visible = visibleContent(content);
    expect(visible).toMatchObject({ content: { text }, removed });
    if (visible.content.kind === 'json')
      expect(JSON.stringify(visible.content.value)).not.toMatch(/[\u202e\u200b]|\udb40/);
  });

  it('leaves bytes alone', () => {
    const content: Content = { kind: 'binary', bytes: Buffer.from('\u202e'), mediaType: 'application/x' };
    expect(visibleContent(content)).toEqual({ content, removed: 0 });
  });
});
