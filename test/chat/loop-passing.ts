import { expect } from 'vitest';
import { answer, DONE, FILE, type LoopCase, resultsIn, weather } from './loop-case.ts';
import { type Dialect, logprobsOf } from './model-turns.ts';
import { type Ask, forced, toolNames, transcriptOf } from './transcript.ts';

const PICTURE = 'data:image/png;base64,iVBORw==';

/** A conversation in the client's own dialect. */
const said =
  (chat: readonly object[], responses: readonly object[]) =>
  (client: Dialect): Partial<Ask> => ({ more: client === 'chat' ? { messages: chat } : { input: responses } });

/** What passes between a client and a model, whichever dialects they speak. */
export const PASSING_CASES: readonly LoopCase[] = [
  {
    it: 'hands over what the model writes for a custom tool, byte for byte',
    turns: [{ text: 'I run it.', calls: [{ name: 'run_code', args: 'print("{")\n', kind: 'custom' }] }],
    ask: (client) => ({
      more: {
        tools: [
          client === 'chat'
            ? { type: 'custom', custom: { name: 'run_code', format: { type: 'text' } } }
            : { type: 'custom', name: 'run_code', format: { type: 'text' } },
        ],
      },
    }),
    check({ seen, asked, upstream }) {
      expect(seen).toMatchObject({ finish: 'tool_calls', calls: [{ name: 'run_code', args: 'print("{")\n' }] });
      const [tool] = asked[0]!.body.tools;
      expect(upstream === 'chat' ? tool.custom : tool).toMatchObject({ name: 'run_code', format: { type: 'text' } });
      expect(tool.type).toBe('custom');
    },
  },
  {
    it: 'hands over a call of the client beside one of ours that is wrong',
    turns: [{ calls: [{ name: 'get_weather', args: '{"city": ' }, FILE] }],
    ask: () => ({ tools: ['read_file'] }),
    check({ seen, api }) {
      expect(seen).toMatchObject({ finish: 'tool_calls', calls: [{ name: 'read_file', args: '{"path":"/a"}' }] });
      expect(api).toEqual([]);
    },
  },
  {
    it: 'runs calls side by side although the client wanted one at a time',
    turns: [{ calls: [weather('Oslo'), weather('Cairo')] }, DONE],
    ask: () => ({ more: { parallel_tool_calls: false } }),
    check({ asked }) {
      expect(asked.map(({ body }) => body.parallel_tool_calls)).toEqual([false, false]);
      expect(resultsIn(asked[1]!)).toEqual([answer('Oslo'), answer('Cairo')]);
    },
  },
  {
    it: 'forces a tool of the client beside ours, and hands its call over',
    turns: [{ calls: [FILE] }],
    ask: (client) => ({ tools: ['read_file'], choice: forced('read_file', client) }),
    check({ seen, asked, upstream }) {
      expect(asked[0]!.body.tool_choice).toEqual(forced('read_file', upstream));
      expect(toolNames(asked[0]!)).toContain('get_weather');
      expect(seen.calls).toMatchObject([{ name: 'read_file' }]);
    },
  },
  {
    it: 'tells how likely each word was, in every round',
    turns: [
      { text: 'Let me see.', calls: [weather('Oslo')], logprobs: true },
      { text: 'It is warm.', logprobs: true },
    ],
    ask: (client) => ({
      more:
        client === 'chat'
          ? { logprobs: true, top_logprobs: 0 }
          : { include: ['message.output_text.logprobs'], top_logprobs: 0 },
    }),
    check({ seen, asked, upstream }) {
      const { body } = asked[0]!;
      if (upstream === 'chat') expect(body).toMatchObject({ logprobs: true, top_logprobs: 0 });
      else expect(body).toMatchObject({ include: expect.arrayContaining(['message.output_text.logprobs']) });
      const words = ['Let me see.', 'It is warm.'].flatMap((text) => logprobsOf({ text, logprobs: true }));
      expect(seen.logprobs).toEqual(words);
    },
  },
  {
    it: 'passes on where the model is to stop, and with which seed, if its dialect can say so',
    turns: [DONE],
    ask: () => ({ more: { stop: ['END'], seed: 7, presence_penalty: 0.5 } }),
    check({ asked, client, upstream }) {
      const { stop, seed, presence_penalty: penalty } = asked[0]!.body;
      const same = client === upstream;
      expect([stop, seed, penalty]).toEqual(same ? [['END'], 7, 0.5] : [undefined, undefined, undefined]);
    },
  },
  {
    it: 'tells what a developer says in a role that the model knows',
    turns: [DONE],
    ask: said(
      [
        { role: 'developer', content: 'Be short.' },
        { role: 'user', content: 'Hi' },
      ],
      [
        { role: 'developer', content: 'Be short.' },
        { role: 'user', content: 'Hi' },
      ],
    ),
    check: ({ asked, client, upstream }) =>
      expect(transcriptOf(asked[0]!)).toEqual([
        [client === 'responses' && upstream === 'chat' ? 'system' : 'developer', 'Be short.'],
        ['user', 'Hi'],
      ]),
  },
  {
    it: 'shows the model what the client shows it',
    turns: [{ calls: [weather('Oslo')] }, DONE],
    ask: said(
      [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: PICTURE, detail: 'low' } },
          ],
        },
      ],
      [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'What is this?' },
            { type: 'input_image', image_url: PICTURE, detail: 'low' },
          ],
        },
      ],
    ),
    check({ asked }) {
      for (const request of asked) expect(transcriptOf(request)[0]).toEqual(['user', `What is this?|${PICTURE}`]);
      const { content } = (asked[1]!.body.messages ?? asked[1]!.body.input)[0];
      expect(content[1].detail ?? content[1].image_url.detail).toBe('low');
    },
  },
  {
    it: "tells the model the client's own results of earlier turns",
    turns: [DONE],
    ask: said(
      [
        { role: 'user', content: 'Read it' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'read_file', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'call_1', content: [{ type: 'text', text: 'the file' }] },
      ],
      [
        { role: 'user', content: 'Read it' },
        { type: 'function_call', call_id: 'call_1', name: 'read_file', arguments: '{}' },
        { type: 'function_call_output', call_id: 'call_1', output: [{ type: 'input_text', text: 'the file' }] },
      ],
    ),
    check: ({ asked }) =>
      expect(transcriptOf(asked[0]!)).toEqual([
        ['user', 'Read it'],
        ['call', 'read_file', '{}'],
        ['result', 'the file'],
      ]),
  },
  {
    it: 'tells the model what it refused before',
    turns: [DONE],
    ask: said(
      [
        { role: 'user', content: 'Do it' },
        { role: 'assistant', content: [{ type: 'refusal', refusal: 'I must not.' }] },
        { role: 'user', content: 'Why?' },
      ],
      [
        { role: 'user', content: 'Do it' },
        { role: 'assistant', content: [{ type: 'refusal', refusal: 'I must not.' }] },
        { role: 'user', content: 'Why?' },
      ],
    ),
    check: ({ asked }) => expect(JSON.stringify(asked[0]!.body)).toContain('I must not.'),
  },
  {
    it: 'passes a refusal on that comes after rounds of ours',
    turns: [{ text: 'Let me see.', calls: [weather('Oslo')] }, { refusal: 'I must not say.' }],
    check: ({ seen }) =>
      expect(seen).toMatchObject({ text: 'Let me see.', refusal: 'I must not say.', finish: 'stop', calls: [] }),
  },
  {
    it: 'adds up what of the tokens was remembered and what was thought',
    turns: [
      { calls: [weather('A')], usage: [100, 20, 64, 8] },
      { text: 'Done.', usage: [200, 30, 128, 4] },
    ],
    check: ({ seen }) => expect(seen).toMatchObject({ tokens: 350, cachedTokens: 192, reasoningTokens: 12 }),
  },
];
