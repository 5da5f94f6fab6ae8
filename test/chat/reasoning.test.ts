import { describe, expect, it } from 'vitest';
import { joinMessages } from '../../src/chat/chat-reader.ts';
import type { Json } from '../../src/chat/lenient.ts';
import { createReasoningJoiner, joinReasoning } from '../../src/chat/reasoning.ts';

const text = (index: number, more: object) => ({ type: 'reasoning.text', index, ...more });

/** Rounds as deltas, and the reasoning of the message that a client makes of them. */
const ROWS: readonly { readonly it: string; readonly rounds: readonly (readonly Json[])[]; readonly whole: Json }[] = [
  { it: 'is nothing where nothing was thought', rounds: [[{ content: 'x' }], []], whole: {} },
  { it: 'is that of one round', rounds: [[{ reasoning: 'a' }, { reasoning: 'b' }]], whole: { reasoning: 'ab' } },
  {
    it: 'has a paragraph for each round that thought',
    rounds: [
      [{ reasoning_content: 'a' }],
      [{ reasoning_content: '' }],
      [{ reasoning_content: 'b' }, { reasoning_content: 'c' }],
    ],
    whole: { reasoning_content: 'a\n\nbc' },
  },
  {
    it: 'keeps what providers call it',
    rounds: [[{ thinking: 'a', reasoning: 'a' }], [{ reasoning: 'b' }]],
    whole: { thinking: 'a', reasoning: 'a\n\nb' },
  },
  {
    it: 'numbers details on',
    rounds: [
      [{ reasoning_details: [text(0, { text: 'a' })] }, { reasoning_details: [text(0, { signature: 's' })] }],
      [{ reasoning_details: null }],
      [{ reasoning_details: [text(0, { text: 'b' })] }, { reasoning_details: [text(1, { text: 'c' })] }],
    ],
    whole: {
      reasoning_details: [text(0, { text: 'a', signature: 's' }), text(1, { text: 'b' }), text(2, { text: 'c' })],
    },
  },
  {
    it: 'puts details without a number one behind the other',
    rounds: [[{ reasoning_details: [{ data: 'a' }] }], [{ reasoning_details: [{ data: 'b' }] }]],
    whole: { reasoning_details: [{ data: 'a' }, { data: 'b' }] },
  },
];

describe('the reasoning of several rounds', () => {
  it.each(ROWS)('$it', ({ rounds, whole }) => {
    const messages = rounds.map((deltas) => deltas.reduce(joinMessages, {}));
    expect(joinReasoning(messages)).toEqual(whole);
  });

  it.each(ROWS)('$it, streamed', ({ rounds, whole }) => {
    const joiner = createReasoningJoiner();
    const deltas = rounds.flatMap((round) => {
      joiner.nextRound();
      return round.map(joiner.join);
    });
    expect(deltas.reduce(joinMessages, {})).toMatchObject(whole);
  });
});
