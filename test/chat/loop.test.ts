import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProxyLimits } from '../../src/config/proxy-types.ts';
import { LOOP_CASES } from './loop-cases.ts';
import { type Dialect, say } from './model-turns.ts';
import { type ProxySetup, startProxy } from './setup.ts';
import { ask } from './transcript.ts';

const DIALECTS: readonly Dialect[] = ['chat', 'responses'];
const PAIRS = DIALECTS.flatMap((client) => DIALECTS.map((upstream) => ({ client, upstream })));

/** One proxy for each dialect of the upstream and each set of limits. */
const setups = new Map<string, ProxySetup>();

async function setupFor(dialect: Dialect, limits: Partial<ProxyLimits>): Promise<ProxySetup> {
  const key = JSON.stringify([dialect, limits]);
  const setup = setups.get(key) ?? (await startProxy({ upstream: { dialect }, limits, policy: { timeoutMs: 700 } }));
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
    for (const row of LOOP_CASES)
      it(row.it, async () => {
        const setup = await setupFor(upstream, row.limits ?? {});
        const before = setup.api.requests.length;
        setup.model.play(...row.turns.map((turn) => say(turn, upstream, stream)));
        const seen = await ask(setup.client, { dialect: client, stream, ...row.ask?.(client) });
        const api = setup.api.requests.slice(before).map(({ target }) => target);
        row.check({ seen, asked: [...setup.model.requests], api, client, upstream });
      });
  });
});

it('has rows enough', () => expect(LOOP_CASES.length * PAIRS.length).toBeGreaterThanOrEqual(60));
