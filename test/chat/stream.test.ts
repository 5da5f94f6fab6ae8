import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { DEFAULT_PROXY_LIMITS } from '../../src/config/proxy-types.ts';
import { type Dialect, type Said, say } from './model-turns.ts';
import { type ProxySetup, startProxy } from './setup.ts';
import { checkChatStream, checkResponsesStream, eventsIn } from './stream-rules.ts';
import { requestFor } from './transcript.ts';

const WEATHER = { name: 'get_weather', args: { city: 'Lisbon' } };
const NEVER = new Promise(() => {});
const FILE = { name: 'read_file', args: { path: '/a' } };
const TURNS: readonly { readonly title: string; readonly turns: readonly Said[] }[] = [
  { title: 'one answer', turns: [{ text: 'Hello there' }] },
  {
    title: 'rounds of ours',
    turns: [{ text: 'One.', calls: [WEATHER, WEATHER] }, { reasoning: 'Two?', calls: [WEATHER] }, { text: 'Three.' }],
  },
  { title: 'a mixed turn', turns: [{ text: 'Both.', calls: [WEATHER, FILE, WEATHER, FILE] }] },
  {
    title: 'an error and an unknown tool',
    turns: [{ calls: [{ name: 'nobody' }, { name: 'get_weather', args: '{' }] }, { text: 'Done.' }],
  },
  { title: 'a refusal', turns: [{ refusal: 'No.' }] },
  { title: 'a model that does not stop', turns: [{ calls: [{ name: 'nobody' }] }] },
  { title: 'a cut', turns: [{ text: 'It is', finish: 'length' }] },
];

const setups = new Map<Dialect, ProxySetup>();
beforeAll(async () => {
  for (const dialect of ['chat', 'responses'] as const)
    setups.set(dialect, await startProxy({ upstream: { dialect } }));
});
afterAll(async () => {
  for (const setup of setups.values()) await setup.close();
});

describe.each(['chat', 'responses'] as const)('a model that speaks %s', (upstream) => {
  const setup = () => setups.get(upstream)!;

  describe.each(TURNS)('$title', ({ turns }) => {
    it.each([
      { client: 'chat' as const, path: '/v1/chat/completions', check: checkChatStream },
      { client: 'responses' as const, path: '/v1/responses', check: checkResponsesStream },
    ])('is a stream that keeps every rule, for a $client client', async ({ client, path, check }) => {
      setup().model.play(...turns.map((turn) => say(turn, upstream, true)));
      const response = await setup().post(path, { ...requestFor(client, { tools: ['read_file'] }), stream: true });
      expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
      check(await response.text());
    });
  });

  it('has the reasoning of all rounds in it, as the whole answer has', async () => {
    const turns: readonly Said[] = [
      { reasoning: 'I need the weather.', calls: [WEATHER] },
      { calls: [WEATHER] },
      { reasoning: 'Warm, so', text: 'No coat.' },
    ];
    const answers = [];
    for (const stream of [true, false]) {
      setup().model.play(...turns.map((turn) => say(turn, upstream, stream)));
      answers.push(await (await setup().post('/v1/chat/completions', { ...requestFor('chat', {}), stream })).text());
    }
    const pieces = checkChatStream(answers[0]!).flatMap(({ choices }) => choices);
    const streamed = pieces.map(({ delta }) => delta.reasoning_content ?? '').join('');
    expect(streamed).toBe('I need the weather.\n\nWarm, so');
    expect(JSON.parse(answers[1]!).choices[0].message.reasoning_content).toBe(streamed);
  });

  it('sends text on before the model has ended', async () => {
    const done = deferred();
    setup().model.play({ ...say({ text: 'one two three' }, upstream, true), hold: { at: 6, until: done.promise } });
    const response = await setup().post('/v1/chat/completions', { ...requestFor('chat', {}), stream: true });
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk);
      if (text.includes('one')) done.resolve();
    }
    expect(contentOf(text)).toBe('one two three');
  });

  it('reads a provider that sends JSON where a stream was asked for, and the reverse', async () => {
    setup().model.play(say({ calls: [WEATHER] }, upstream, false), say({ text: 'Whole.' }, upstream, false));
    const streamed = await setup().post('/v1/chat/completions', { ...requestFor('chat', {}), stream: true });
    expect(contentOf(checkedText(await streamed.text()))).toBe('Whole.');
    setup().model.play(say({ calls: [WEATHER] }, upstream, true), say({ text: 'Streamed.' }, upstream, true));
    const whole = await setup().post('/v1/responses', requestFor('responses', {}));
    expect(JSON.stringify(await whole.json())).toContain('Streamed.');
  });

  it('aborts the model’s answer when the client is gone', async () => {
    setup().model.play({
      ...say({ text: 'one two three' }, upstream, true),
      hold: { at: 4, until: new Promise(() => {}) },
    });
    const gone = new AbortController();
    const response = await setup().post(
      '/v1/chat/completions',
      { ...requestFor('chat', {}), stream: true },
      { signal: gone.signal },
    );
    await response.body!.getReader().read();
    gone.abort();
    await setup().model.requests[0]!.abandoned;
  });

  it.each([true, false])('aborts the tools when the client is gone (stream: %s)', async (stream) => {
    setup().model.play(
      say({ calls: [{ name: 'get_weather', args: { city: 'Never' } }] }, upstream, stream),
      say({ text: 'x' }, upstream, stream),
    );
    const gone = new AbortController();
    const before = setup().api.requests.length;
    const response = setup().post(
      '/v1/chat/completions',
      { ...requestFor('chat', {}), stream },
      { signal: gone.signal },
    );
    const text = response.then((each) => each.text()).catch(() => undefined);
    await until(() => setup().api.requests.length > before);
    gone.abort();
    await setup().api.requests.at(-1)!.abandoned;
    await text;
    expect(setup().model.requests).toHaveLength(1);
  });

  it.each([
    {
      when: 'while the model makes its calls',
      turns: [{ ...say({ text: 'I look at it.', calls: [WEATHER] }, upstream, true), hold: { at: 4, until: NEVER } }],
      api: 0,
    },
    {
      when: 'while the model reads the results',
      turns: [say({ calls: [WEATHER] }, upstream, true), { ...say({ text: 'x' }, upstream, true), after: NEVER }],
      api: 1,
    },
  ])('ends all for a client that leaves $when', async ({ turns, api }) => {
    const { model, api: weather, post } = setup();
    const before = weather.requests.length;
    model.play(...turns);
    const gone = new AbortController();
    const body = { ...requestFor('chat', {}), stream: true };
    const response = await post('/v1/chat/completions', body, { signal: gone.signal });
    const read = response.text().catch(() => undefined);
    await until(() => model.requests.length === turns.length);
    gone.abort();
    await Promise.all([model.requests.at(-1)!.abandoned, read]);
    await settled();
    expect([model.requests.length, weather.requests.length - before]).toEqual([turns.length, api]);
  });

  it('begins no round for a client that leaves between two, and waits for nothing any more', async () => {
    const clock = manualClock();
    const own = await startProxy({ upstream: { dialect: upstream }, dependencies: { clock } });
    own.model.play(say({ calls: [WEATHER] }, upstream, true), say({ text: 'x' }, upstream, true));
    const body = { ...requestFor('responses', {}), stream: true };
    const { signal } = new AbortController();
    const request = { body, headers: new Headers(), signal, source: own.bridge, unsecured: false };
    const reader = (await own.proxy.complete('responses', request)).body!.getReader();
    for (let text = ''; !text.includes('response.mcp_call.completed'); )
      text += new TextDecoder().decode((await reader.read()).value);
    expect(clock.waits()).toContain(DEFAULT_PROXY_LIMITS.seconds * 1000);
    await reader.cancel();
    await settled();
    expect(clock.waits()).toEqual([]);
    expect([own.model.requests.length, own.api.requests.length]).toEqual([1, 1]);
    await own.close();
  });

  it('does not send the next round again for a client that left meanwhile', async () => {
    const clock = manualClock();
    const own = await startProxy({ upstream: { dialect: upstream, retries: 2 }, dependencies: { clock } });
    const slow = { status: 429, headers: { 'retry-after-ms': '5000' }, json: { error: { message: 'slow' } } };
    own.model.play(say({ calls: [WEATHER] }, upstream, true), slow, say({ text: 'x' }, upstream, true));
    const gone = new AbortController();
    const body = { ...requestFor('chat', {}), stream: true };
    const response = await own.post('/v1/chat/completions', body, { signal: gone.signal });
    const read = response.text().catch(() => undefined);
    await until(() => clock.waits().includes(5_000));
    gone.abort();
    await read;
    await until(() => clock.waits().length === 0);
    clock.advance(60_000);
    await settled();
    expect([own.model.requests.length, own.api.requests.length]).toEqual([2, 1]);
    await own.close();
  });
});

it('keeps the connection open with comments while a tool runs', async () => {
  const clock = manualClock();
  const setup = await startProxy({ upstream: { dialect: 'chat' }, dependencies: { clock, keepAliveMs: 5_000 } });
  setup.model.play(
    say({ text: 'I look.', calls: [{ name: 'get_weather', args: { city: 'Slow' } }] }, 'chat', true),
    say({ text: 'Done.' }, 'chat', true),
  );
  const response = await setup.post('/v1/chat/completions', { ...requestFor('chat', {}), stream: true });
  let text = '';
  const told = (async () => {
    await until(() => setup.api.requests.length === 1);
    clock.advance(5_000);
    await until(() => text.includes(': keep-alive'));
    // Another city lets the slow one go on.
    await fetch(`${setup.api.url}/weather?city=Oslo`);
  })();
  const decoder = new TextDecoder();
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>)
    text += decoder.decode(chunk, { stream: true });
  await told;
  expect(text).toContain('\n\n: keep-alive\n\n');
  checkChatStream(text);
  await setup.close();
});

/** Whatever is on its way on this machine has come. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

function checkedText(text: string): string {
  checkChatStream(text);
  return text;
}

function contentOf(text: string): string {
  return eventsIn(text)
    .flatMap(({ choices }) => choices)
    .map(({ delta }) => delta.content ?? '')
    .join('');
}

/** A clock whose sleepers wake when it is moved; `waits` are theirs, in milliseconds. */
function manualClock(): Clock & { advance(ms: number): void; waits(): number[] } {
  let now = 1_790_000_000_000;
  const sleepers = new Map<() => void, { at: number; ms: number }>();
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        sleepers.set(resolve, { at: now + ms, ms });
        const leave = () => {
          sleepers.delete(resolve);
          reject(signal?.reason);
        };
        signal?.addEventListener('abort', leave, { once: true });
      }),
    waits: () => [...sleepers.values()].map(({ ms }) => ms),
    advance(ms) {
      now += ms;
      for (const [wake, { at }] of sleepers) {
        if (at > now) continue;
        sleepers.delete(wake);
        wake();
      }
    },
  };
}
