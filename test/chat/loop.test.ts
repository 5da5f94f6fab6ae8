import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoopCase } from './loop-case.ts';
import { LOOP_CASES } from './loop-cases.ts';
import { FAULT_CASES } from './loop-faults.ts';
import { PASSING_CASES } from './loop-passing.ts';
import { type Dialect, say } from './model-turns.ts';
import { type ProxySetup, startProxy } from './setup.ts';
import { ask, type Seen } from './transcript.ts';

const DIALECTS: readonly Dialect[] = ['chat', 'responses'];
const PAIRS = DIALECTS.flatMap((client) => DIALECTS.map((upstream) => ({ client, upstream })));

const ROWS: readonly LoopCase[] = [...LOOP_CASES, ...FAULT_CASES, ...PASSING_CASES];

const NOTHING: Seen = {
  text: '',
  refusal: '',
  calls: [],
  finish: '',
  tokens: undefined,
  cachedTokens: undefined,
  reasoningTokens: undefined,
  logprobs: [],
  ran: [],
};

/** One proxy for each dialect of the upstream and each set of limits. */
const setups = new Map<string, ProxySetup>();

async function setupFor(
  dialect: Dialect,
  { limits = {}, provider = {} }: Pick<LoopCase, 'limits' | 'provider'>,
): Promise<ProxySetup> {
  const key = JSON.stringify([dialect, limits, provider]);
  const setup =
    setups.get(key) ?? (await startProxy({ upstream: { dialect, ...provider }, limits, policy: { timeoutMs: 700 } }));
  // The first call loads the way of calls: not in the time of a row.
  if (!setups.has(key)) await setup.bridge.call('get_weather', { city: 'Warm-up' }, { surface: 'chat' });
  setups.set(key, setup);
  return setup;
}

beforeAll(async () => {
  for (const dialect of DIALECTS) await setupFor(dialect, {});
});
afterAll(async () => {
  for (const setup of setups.values()) await setup.close();
});

describe.each(PAIRS)('a $client client of a model that speaks $upstream', ({ client, upstream }) => {
  describe.each([{ stream: false }, { stream: true }])('stream: $stream', ({ stream }) => {
    for (const row of ROWS)
      it(row.it, async () => {
        const setup = await setupFor(upstream, row);
        const before = setup.api.requests.length;
        setup.model.play(
          ...row.turns.map((turn) =>
            typeof turn === 'function' ? turn(upstream, stream) : say(turn, upstream, stream),
          ),
        );
        const asking = ask(setup.client, { dialect: client, stream, ...row.ask?.(client) });
        const error = row.fails ? await asking.then(undefined, (thrown) => thrown) : undefined;
        const seen = row.fails ? NOTHING : await asking;
        const api = setup.api.requests.slice(before).map(({ target }) => target);
        if (seen.heard !== undefined) expect(seen.heard, 'what came in pieces').toBe(seen.text);
        row.check({ seen, error, asked: [...setup.model.requests], api, client, upstream });
      });
  });
});

it('has rows enough', () => expect(ROWS.length).toBeGreaterThanOrEqual(60));
