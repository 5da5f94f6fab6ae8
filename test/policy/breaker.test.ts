import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { breaker } from '../../src/call/middleware/breaker.ts';
import { DEFAULT_POLICY } from '../../src/call/policy.ts';
import type { RawResponse } from '../../src/call/types.ts';
import { NetError } from '../../src/net/errors.ts';
import { createMemoryCells } from '../../src/store/memory.ts';
import { type ExchangeParts, makeExchange, makeResponse, policyWith } from './exchange.ts';
import { createFakeClock, settle } from './fake-clock.ts';

type Outcome = number | 'connect' | 'timeout' | 'reset' | 'cancelled' | 'protocol' | 'address';

function setUp(random = 0.5, policy = DEFAULT_POLICY.breaker) {
  const clock = createFakeClock();
  const changes: string[] = [];
  const world = { outcome: 200 as Outcome, hits: 0, hold: undefined as Promise<void> | undefined };
  const send = async (): Promise<RawResponse> => {
    world.hits++;
    const { outcome } = world;
    await world.hold;
    if (typeof outcome === 'number') return makeResponse(outcome);
    throw new NetError(outcome, outcome !== 'connect' && outcome !== 'address', outcome);
  };
  const handler = breaker({
    policyOf: policyWith({ breaker: policy }),
    cells: createMemoryCells(clock),
    clock,
    random: () => random,
    onChange: ({ change, safe }) => void changes.push(`${change} ${safe ? 'safe' : 'unsafe'}`),
  })(send);
  const call = async (outcome: Outcome, parts: ExchangeParts = {}) => {
    world.outcome = outcome;
    return handler(makeExchange(parts)).then(
      ({ status }) => String(status),
      (error) => String(error.code ?? error.kind),
    );
  };
  return { clock, changes, world, handler, call };
}

async function fail(breaker: ReturnType<typeof setUp>, times: number, parts: ExchangeParts = {}): Promise<void> {
  for (let i = 0; i < times; i++) await breaker.call(503, parts);
}

describe('breaker', () => {
  test.each<[Outcome, boolean]>([
    ['connect', true],
    ['timeout', true],
    [502, true],
    [503, true],
    [504, true],
    [500, false],
    [501, false],
    [404, false],
    [429, false],
    [200, false],
    ['reset', false],
    ['protocol', false],
    ['cancelled', false],
    ['address', false],
  ])('after five times %s: open = %s', async (outcome, open) => {
    const it = setUp();
    for (let i = 0; i < 5; i++) await it.call(outcome);
    expect(await it.call(200)).toBe(open ? 'BREAKER_OPEN' : '200');
    expect(it.world.hits).toBe(open ? 5 : 6);
  });

  test('stays closed when fewer than five fail in a row', async () => {
    const it = setUp();
    for (let round = 0; round < 5; round++) {
      await fail(it, 4);
      for (let i = 0; i < 6; i++) await it.call(200);
    }
    expect(await it.call(200)).toBe('200');
  });

  test('opens at half of the last twenty', async () => {
    const it = setUp();
    for (let i = 0; i < 10; i++) await it.call(i % 2 === 0 ? 503 : 200);
    for (let i = 0; i < 9; i++) await it.call(i % 2 === 0 ? 503 : 200);
    expect(it.changes).toEqual([]);
    await it.call(503);
    expect(it.changes).toEqual(['opened safe']);
    expect(it.world.hits).toBe(20);
  });

  test('says how long it stays open, and that trying again is right', async () => {
    const it = setUp();
    await fail(it, 5);
    await it.clock.advance(15_000);
    await expect(it.handler(makeExchange())).rejects.toMatchObject({
      code: 'BREAKER_OPEN',
      retryable: true,
      retryAfterSeconds: 45,
      message: expect.stringContaining('http://shop.test'),
    });
  });

  test.each([
    [0, 54_000],
    [0.5, 60_000],
    [0.999999, 66_000],
  ])('varies the 60 s by 10 % (random %d)', async (random, ms) => {
    const it = setUp(random);
    await fail(it, 5);
    await it.clock.advance(ms - 10);
    expect(await it.call(200)).toBe('BREAKER_OPEN');
    await it.clock.advance(20);
    expect(await it.call(200)).toBe('200');
  });

  test('doubles up to five minutes while probes fail, and begins again after a success', async () => {
    const it = setUp();
    await fail(it, 5);
    for (const seconds of [60, 120, 240, 300, 300]) {
      await it.clock.advance(seconds * 1000 - 1);
      expect(await it.call(503)).toBe('BREAKER_OPEN');
      await it.clock.advance(1);
      expect(await it.call(503)).toBe('503');
    }
    await it.clock.advance(300_000);
    expect(await it.call(200)).toBe('200');
    await fail(it, 5);
    await it.clock.advance(60_000);
    expect(await it.call(200)).toBe('200');
  });

  test.each<[Outcome, number]>([
    [200, 20],
    [503, 1],
    ['reset', 1],
  ])('lets one probe through; twenty callers share its verdict %s', async (outcome, hits) => {
    const it = setUp();
    await fail(it, 5);
    await it.clock.advance(60_000);
    it.world.hits = 0;
    let open: () => void = () => undefined;
    it.world.hold = new Promise((resolve) => {
      open = resolve;
    });
    const calls = Promise.all(Array.from({ length: 20 }, () => it.call(outcome)));
    await settle();
    expect(it.world.hits).toBe(1);
    it.world.hold = undefined;
    open();
    const answers = await calls;
    expect(it.world.hits).toBe(hits);
    expect(new Set(answers.slice(1))).toEqual(new Set([outcome === 200 ? '200' : 'BREAKER_OPEN']));
    expect(it.clock.sleeping()).toBe(0);
  });

  test('does not keep callers waiting for a slow probe', async () => {
    const it = setUp();
    await fail(it, 5);
    await it.clock.advance(60_000);
    it.world.hold = new Promise(() => undefined);
    void it.call(200);
    await settle();
    const second = it.call(200);
    await it.clock.advance(2_000);
    expect(await second).toBe('BREAKER_OPEN');
    expect(it.clock.sleeping()).toBe(0);
  });

  test('takes the next request as the probe when the first was cancelled', async () => {
    const it = setUp();
    await fail(it, 5);
    await it.clock.advance(60_000);
    expect(await it.call('cancelled')).toBe('cancelled');
    expect(await it.call(200)).toBe('200');
    expect(it.changes.at(-1)).toBe('closed safe');
  });

  test('leaves nothing behind when a caller is cancelled while it waits for the probe', async () => {
    const it = setUp();
    await fail(it, 5);
    await it.clock.advance(60_000);
    it.world.hold = new Promise(() => undefined);
    void it.call(200);
    await settle();
    const controller = new AbortController();
    const waiting = it.handler(makeExchange({ method: 'GET', signal: controller.signal }));
    await settle();
    controller.abort(new NetError('cancelled', true, 'The call was cancelled'));
    await expect(waiting).rejects.toMatchObject({ kind: 'cancelled', sent: false });
    expect(it.clock.sleeping()).toBe(0);
  });

  test('keeps safe and unsafe, and origins, apart', async () => {
    const it = setUp();
    await fail(it, 5, { method: 'POST' });
    expect(await it.call(200, { method: 'DELETE' })).toBe('BREAKER_OPEN');
    expect(await it.call(200, { method: 'GET' })).toBe('200');
    expect(await it.call(200, { method: 'POST', url: 'http://shop.test:81/things' })).toBe('200');
  });

  test('can be switched off', async () => {
    const it = setUp(0.5, false);
    await fail(it, 50);
    expect(it.world.hits).toBe(50);
  });

  test('agrees with a model over any history', async () => {
    const event = fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom<Outcome>(503, 'connect') },
      { weight: 4, arbitrary: fc.constantFrom<Outcome>(200, 404) },
      { weight: 1, arbitrary: fc.constantFrom<Outcome>('cancelled', 'reset') },
      { weight: 2, arbitrary: fc.integer({ min: 1, max: 200_000 }).map((wait) => ({ wait })) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 120 }), async (events) => {
        const it = setUp();
        const model = createModel();
        for (const each of events) {
          if (typeof each === 'object') {
            await it.clock.advance(each.wait);
            model.wait(each.wait);
          } else {
            expect((await it.call(each)) !== 'BREAKER_OPEN').toBe(model.allows(each));
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

/** The rule in the words of SECURITY.md: a history of outcomes since it last closed, and a moment it is open until. */
function createModel() {
  let now = 0;
  let history: boolean[] = [];
  let open: { until: number; ms: number } | undefined;
  const failed = (outcome: Outcome) => outcome === 503 || outcome === 'connect';
  return {
    wait: (ms: number) => {
      now += ms;
    },
    allows(outcome: Outcome): boolean {
      if (open && now < open.until) return false;
      if (open) {
        if (outcome === 'cancelled') return true;
        if (failed(outcome) || outcome === 'reset') {
          const ms = Math.min(open.ms * 2, 300_000);
          open = { until: now + ms, ms };
        } else {
          open = undefined;
          history = [];
        }
        return true;
      }
      if (outcome === 'cancelled' || outcome === 'reset') return true;
      history.push(!failed(outcome));
      const last = history.slice(-20);
      const row = history.slice(-5);
      const half = last.length === 20 && last.filter((good) => !good).length >= 10;
      if (failed(outcome) && ((row.length === 5 && row.every((good) => !good)) || half))
        open = { until: now + 60_000, ms: 60_000 };
      return true;
    },
  };
}
