import { expect } from 'vitest';
import { answer, DONE, errorsIn, FILE, type LoopCase, resultsIn, type Turn, weather } from './loop-case.ts';
import { type Said, say } from './model-turns.ts';
import type { ModelReply } from './scripted-upstream.ts';

// biome-ignore lint/suspicious/noExplicitAny: items of two dialects
type Item = any;

const LONG_ID = 'call_theSameIdForEveryCall00';
const OVERLOADED = { message: 'overloaded', type: 'server_error', code: 'overloaded', param: null };

/** A stream whose events are changed on their way; whole answers stay as they are. */
function streamed(said: Said, change: (reply: ModelReply) => ModelReply): Turn {
  return (upstream, stream) => (stream ? change(say(said, upstream, stream)) : say(said, upstream, stream));
}

/** Ids of calls and of their results, in the order of a request. */
function idsIn({ body }: { readonly body: Item }): { calls: string[]; results: string[] } {
  const items: Item[] = body.messages ?? body.input;
  return {
    calls: items.flatMap((item) => (item.type === 'function_call' ? [item.call_id] : (item.tool_calls ?? []))),
    results: items.flatMap((item) => item.tool_call_id ?? (item.type === 'function_call_output' ? item.call_id : [])),
  };
}

/** What models and their providers do wrong. */
export const FAULT_CASES: readonly LoopCase[] = [
  {
    it: 'tells the model that its arguments were cut off, and sends nothing',
    turns: [{ calls: [{ name: 'get_weather', args: '{"city":"Lis' }], finish: 'length' }, DONE],
    check(result) {
      expect(errorsIn(result)[0]).toMatchObject({ type: 'mcp_protocol_error', code: -32602 });
      expect(errorsIn(result)[0].message).toContain('cut off');
      expect(result.api).toEqual([]);
      expect(result.seen).toMatchObject({ text: 'Done.', finish: 'stop' });
    },
  },
  {
    it: 'does not take arguments that were cut off before they began for none',
    turns: [{ calls: [{ name: 'get_weather', args: '' }], finish: 'length' }, DONE],
    check: (result) => expect(errorsIn(result)[0].message).toContain('cut off'),
  },
  {
    it: 'runs the whole calls of a turn that was cut off',
    turns: [{ calls: [weather('Oslo'), { name: 'get_weather', args: '{"city"' }], finish: 'length' }, DONE],
    check({ asked, api }) {
      expect(api).toEqual(['/weather?city=Oslo']);
      expect(resultsIn(asked[1]!)).toEqual([answer('Oslo'), expect.stringContaining('cut off')]);
    },
  },
  {
    it: 'tells the client that its call was cut off',
    turns: [{ calls: [{ name: 'read_file', args: '{"pa' }], finish: 'length' }],
    ask: () => ({ tools: ['read_file'] }),
    check: ({ seen }) => expect(seen).toMatchObject({ finish: 'length', calls: [{ name: 'read_file', args: '{"pa' }] }),
  },
  {
    it: 'keeps calls apart that were given one id',
    turns: [{ calls: [weather('Oslo', { id: LONG_ID }), weather('Cairo', { id: LONG_ID })] }, DONE],
    check({ seen, asked, client }) {
      expect(resultsIn(asked[1]!)).toEqual([answer('Oslo'), answer('Cairo')]);
      expect(new Set(idsIn(asked[1]!).results).size).toBe(2);
      if (client === 'responses') expect(new Set(seen.ran).size).toBe(2);
    },
  },
  {
    it: 'hands calls of the client over apart that were given one id',
    turns: [
      {
        calls: [
          { ...FILE, id: LONG_ID },
          { name: 'read_file', args: { path: '/b' }, id: LONG_ID },
        ],
      },
    ],
    ask: () => ({ tools: ['read_file'] }),
    check({ seen }) {
      expect(seen.calls.map(({ args }) => args)).toEqual(['{"path":"/a"}', '{"path":"/b"}']);
      expect(new Set(seen.calls.map(({ id }) => id)).size).toBe(2);
    },
  },
  {
    it: 'keeps calls of different rounds apart where each round counts anew',
    turns: [
      { calls: [weather('Oslo', { id: 'call_0' })] },
      { calls: [weather('Cairo', { id: 'call_0' }), { ...FILE, id: 'call_1' }] },
    ],
    ask: () => ({ tools: ['read_file'] }),
    check({ seen, client }) {
      expect(seen.calls).toHaveLength(1);
      if (client === 'responses') expect(new Set(seen.ran).size).toBe(2);
      expect(seen.ran).not.toContain(`mcp_ab_${seen.calls[0]!.id}`);
    },
  },
  {
    it: 'reads whole answers where it asked for a stream, and the reverse',
    turns: [
      (upstream, stream) => say({ text: 'Let me see.', calls: [weather('Oslo')] }, upstream, !stream),
      (upstream, stream) => say({ text: 'Now the file.', calls: [FILE] }, upstream, !stream),
    ],
    ask: () => ({ tools: ['read_file'] }),
    check({ seen, api }) {
      expect(seen).toMatchObject({ text: 'Let me see.\n\nNow the file.', finish: 'tool_calls' });
      expect(seen.calls).toMatchObject([{ name: 'read_file', args: '{"path":"/a"}' }]);
      expect(api).toEqual(['/weather?city=Oslo']);
    },
  },
  {
    it: 'reads a refusal that comes whole where it asked for a stream',
    turns: [(upstream, stream) => say({ reasoning: 'Hm.', refusal: 'I must not.' }, upstream, !stream)],
    check: ({ seen }) => expect(seen).toMatchObject({ text: '', refusal: 'I must not.' }),
  },
  {
    it: 'passes over comments that keep the stream open',
    turns: [
      streamed({ text: 'Let me see.', calls: [weather('Oslo')] }, ({ events = [] }) => ({
        events: events.flatMap((event) => [': PROCESSING\n\n', event]),
      })),
      DONE,
    ],
    check: ({ seen, api }) => expect([seen.text, ...api]).toEqual(['Let me see.\n\nDone.', '/weather?city=Oslo']),
  },
  {
    it: 'reads streams that are cut anywhere, in the middle of characters too',
    turns: [
      streamed({ text: 'Gleich – 雨 👩‍👩‍👧.', calls: [weather('Zürich 🌧')] }, (reply) => ({ ...reply, pieceBytes: 3 })),
      DONE,
    ],
    check({ seen, api }) {
      expect(seen.text).toBe('Gleich – 雨 👩‍👩‍👧.\n\nDone.');
      expect(api).toEqual(['/weather?city=Z%C3%BCrich%20%F0%9F%8C%A7']);
    },
  },
  {
    it: 'passes an answer on in which there is nothing',
    turns: [
      (upstream, stream) =>
        upstream === 'chat' && stream
          ? { events: [say({}, 'chat', true).events!.at(-2), 'data: [DONE]\n\n'] }
          : say({}, upstream, stream),
    ],
    check: ({ seen }) => expect(seen).toMatchObject({ text: '', calls: [], finish: 'stop', tokens: 15 }),
  },
  {
    it: 'says so when the model falls silent after our calls',
    turns: [{ calls: [weather('Oslo')] }, {}],
    check: ({ seen }) => expect(seen).toMatchObject({ text: '', calls: [], finish: 'stop', tokens: 30 }),
  },
  {
    it: 'passes an error on that came with status 200',
    turns: [() => ({ json: { error: OVERLOADED } })],
    fails: true,
    check: ({ error }) => expect(error.message).toContain('overloaded'),
  },
  {
    it: 'fails when the provider breaks off in a later round, and calls nothing twice',
    turns: [
      { calls: [weather('Oslo')] },
      (upstream, stream) =>
        stream
          ? { events: say({ text: 'It is warm' }, upstream, true).events!.slice(0, 3), end: 'reset' }
          : { status: 503, json: { error: OVERLOADED } },
    ],
    fails: true,
    check({ error, api }) {
      expect(error.message).toMatch(/overloaded|cannot be reached/);
      expect(api).toHaveLength(1);
    },
  },
  {
    it: 'fails when the provider says so in the stream of a later round',
    turns: [
      { calls: [weather('Oslo')] },
      (upstream, stream) =>
        stream
          ? { events: [...say({ text: 'It is' }, upstream, true).events!.slice(0, 3), failureIn(upstream)] }
          : { status: 500, json: { error: OVERLOADED } },
    ],
    fails: true,
    check: ({ error, api }) =>
      expect([error.message, ...api]).toEqual([expect.stringContaining('overloaded'), '/weather?city=Oslo']),
  },
  {
    it: 'waits as the provider says between rounds, and calls nothing twice',
    turns: [
      { calls: [weather('Oslo')] },
      () => ({ status: 429, headers: { 'retry-after-ms': '5' }, json: { error: { message: 'slow', type: 'tokens' } } }),
      DONE,
    ],
    provider: { retries: 1 },
    check({ seen, asked, api }) {
      expect(seen.text).toBe('Done.');
      expect(asked[2]!.body).toEqual(asked[1]!.body);
      expect(api).toHaveLength(1);
    },
  },
  {
    it: 'hands over a call of the client that is made at the limit, and refuses ours beside it',
    turns: [{ calls: [weather('Oslo')] }, { calls: [weather('Cairo'), FILE] }],
    limits: { rounds: 1 },
    ask: () => ({ tools: ['read_file'] }),
    check({ seen, asked, api }) {
      expect(asked[1]!.body.tool_choice).toBe('none');
      expect(seen).toMatchObject({ text: '', calls: [{ name: 'read_file' }] });
      expect(api).toEqual(['/weather?city=Oslo']);
    },
  },
];

function failureIn(upstream: string): unknown {
  return upstream === 'chat'
    ? { error: OVERLOADED }
    : { type: 'response.failed', response: { id: 'resp_1', status: 'failed', output: [], error: OVERLOADED } };
}
