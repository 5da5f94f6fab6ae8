import { describe, expect, it } from 'vitest';
import { readFinish } from '../../src/chat/finish.ts';
import { createTurnMemory } from '../../src/chat/memory.ts';
import { createProviderLimit, parseDuration } from '../../src/chat/provider-limit.ts';
import { createEventParser } from '../../src/chat/sse.ts';
import { addUsage, toChatUsage, toResponsesUsage } from '../../src/chat/usage.ts';
import { createMemoryCells } from '../../src/store/memory.ts';

/** A clock that moves when somebody sleeps. */
function sleepyClock() {
  const clock = {
    at: 1_790_000_000_000,
    now: () => clock.at,
    sleep: async (ms: number) => {
      clock.at += ms;
    },
  };
  return clock;
}

describe('events of a stream', () => {
  const WHOLE = 'event: a\ndata: 1\n\n: comment\n\ndata: 2\ndata: 3\n\n';
  it.each([
    { title: 'LF', text: WHOLE },
    { title: 'CRLF', text: WHOLE.replaceAll('\n', '\r\n') },
    { title: 'CR', text: `${WHOLE.replaceAll('\n', '\r')}\n` },
    { title: 'no space', text: WHOLE.replaceAll(': ', ':') },
  ])('are read with $title, however they are cut', ({ text }) => {
    for (let size = 1; size <= text.length; size++) {
      const parser = createEventParser();
      const found = [];
      for (let at = 0; at < text.length; at += size) found.push(...parser.push(text.slice(at, at + size)));
      expect(found, `pieces of ${size}`).toEqual([
        { event: 'a', data: '1' },
        { event: '', data: '2\n3' },
      ]);
    }
  });

  it('that do not end are not kept for ever', () => {
    const parser = createEventParser();
    const megabytes = 'x'.repeat(2 ** 20);
    expect(() => {
      for (let index = 0; index < 40; index++) parser.push(megabytes);
    }).toThrow('does not end');
  });

  it('cost time by their length, not by its square', () => {
    const parser = createEventParser();
    const started = performance.now();
    parser.push('data: ');
    for (let index = 0; index < 20_000; index++) parser.push('0123456789'.repeat(50));
    expect(parser.push('\n\n')[0]!.data).toHaveLength(10_000_000);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

it.each([
  ['6m0s', 360_000],
  ['20ms', 20],
  ['1.5s', 1_500],
  ['1h2m3s', 3_723_000],
  ['12', 12_000],
  ['soon', undefined],
  ['', undefined],
  [undefined, undefined],
])('reads %j as a time to wait', (written, ms) => expect(parseDuration(written)).toBe(ms));

it.each([
  ['STOP', 0, 'stop'],
  ['stop', 2, 'tool_calls'],
  ['tool_calls', 0, 'stop'],
  ['MAX_TOKENS', 0, 'length'],
  ['max_output_tokens', 1, 'length'],
  ['SAFETY', 0, 'content_filter'],
  [null, 1, 'tool_calls'],
  ['something new', 0, 'stop'],
] as const)('takes %j with %d calls for %s', (written, calls, finish) =>
  expect(readFinish(written, calls)).toBe(finish),
);

describe('the limit towards a provider', () => {
  const signal = new AbortController().signal;

  it('makes requests wait for their turn, in a sliding minute', async () => {
    const clock = sleepyClock();
    const limit = createProviderLimit({ requestsPerMinute: 2, maxWaitSeconds: 120 }, clock);
    const start = clock.at;
    const turns = [];
    for (let index = 0; index < 5; index++) {
      await limit.admit('m', signal);
      turns.push(clock.at - start);
    }
    expect(turns).toEqual([0, 0, 60_000, 60_000, 120_000]);
  });

  it('makes them wait until enough tokens are a minute old', async () => {
    const clock = sleepyClock();
    const limit = createProviderLimit({ tokensPerMinute: 100, maxWaitSeconds: 120 }, clock);
    const start = clock.at;
    limit.spent(60);
    await clock.sleep(10_000);
    limit.spent(60);
    await limit.admit('m', signal);
    expect(clock.at - start).toBe(60_000);
  });

  it('keeps to what the headers say, for that model alone', async () => {
    const clock = sleepyClock();
    const limit = createProviderLimit({ maxWaitSeconds: 120 }, clock);
    const start = clock.at;
    limit.note('a', {
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '30s',
      'x-ratelimit-remaining-requests': '5',
      'x-ratelimit-reset-requests': '1m',
    });
    await limit.admit('b', signal);
    expect(clock.at).toBe(start);
    await limit.admit('a', signal);
    expect(clock.at - start).toBe(30_000);
  });
});

describe('counts of tokens', () => {
  it('are added, whatever is in them', () => {
    expect(
      addUsage(
        { prompt_tokens: 1, details: { cached: 2 } },
        { prompt_tokens: 3, details: { cached: 4, audio: 5 }, cost: 0.5 },
      ),
    ).toEqual({
      prompt_tokens: 4,
      details: { cached: 6, audio: 5 },
      cost: 0.5,
    });
  });

  it('survive the way to the other dialect and back', () => {
    const usage = {
      input_tokens: 7,
      input_tokens_details: { cached_tokens: 2 },
      output_tokens: 5,
      output_tokens_details: { reasoning_tokens: 3 },
      total_tokens: 12,
    };
    expect(toResponsesUsage(toChatUsage(usage))).toEqual(usage);
  });
});

describe('what is remembered of a turn', () => {
  const turn = { dialect: 'chat' as const, items: [{ role: 'assistant' }], ids: {} };
  it.each([
    { where: 'this process', cells: () => undefined },
    { where: 'a shared store', cells: createMemoryCells },
  ])('in $where is there for its principal, for a day', async ({ cells }) => {
    const clock = sleepyClock();
    const memory = createTurnMemory(clock, cells(clock));
    await memory.put('a', 'call_1', turn);
    expect(await memory.get('a', 'call_1')).toEqual(turn);
    expect(await memory.get('b', 'call_1')).toBeUndefined();
    expect(await memory.get(undefined, 'call_1')).toBeUndefined();
    await clock.sleep(25 * 3_600_000);
    expect(await memory.get('a', 'call_1')).toBeUndefined();
  });

  it('gives way to newer turns when there is too much', async () => {
    const memory = createTurnMemory(sleepyClock());
    const large = { ...turn, items: [{ content: 'x'.repeat(3 * 2 ** 20) }] };
    for (let index = 0; index < 30; index++) await memory.put('a', `call_${index}`, large);
    expect(await memory.get('a', 'call_0')).toBeUndefined();
    expect(await memory.get('a', 'call_29')).toEqual(large);
  });
});
