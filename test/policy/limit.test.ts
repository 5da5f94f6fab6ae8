import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limit } from '../../src/call/middleware/limit.ts';
import type { RatePolicy } from '../../src/call/policy.ts';
import { NetError } from '../../src/net/errors.ts';
import { createMemoryWindows } from '../../src/store/memory.ts';
import { type ExchangeParts, makeExchange, makeResponse, policyWith } from './exchange.ts';
import { createFakeClock, settle } from './fake-clock.ts';

const DEFAULT: RatePolicy = { calls: 60, windowMs: 60_000, when: 'refuse', per: 'api' };

function setUp(rate: RatePolicy | false = DEFAULT, deadlineMs = 45_000) {
  const clock = createFakeClock();
  const sent: number[] = [];
  const start = clock.now();
  const handler = limit({
    policyOf: policyWith({ rateLimit: rate }),
    windows: createMemoryWindows(clock),
    clock,
    deadlineAt: () => clock.now() + deadlineMs,
  })(async () => {
    sent.push(clock.now() - start);
    return makeResponse();
  });
  const call = (parts: ExchangeParts = {}) =>
    handler(makeExchange(parts)).then(
      () => 'sent',
      (error) => String(error.code ?? error.kind),
    );
  return { clock, sent, handler, call };
}

describe('limit', () => {
  test('refuses the 61st call in 60 s and says when to come back', async () => {
    const it = setUp();
    for (let i = 0; i < 60; i++) {
      expect(await it.call()).toBe('sent');
      await it.clock.advance(100);
    }
    await expect(it.handler(makeExchange())).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      retryable: true,
      retryAfterSeconds: 54,
    });
    expect(it.sent.length).toBe(60);
    await it.clock.advance(54_000);
    expect(await it.call()).toBe('sent');
    expect(await it.call()).toBe('RATE_LIMITED');
  });

  test('counts each principal and each API for itself', async () => {
    const it = setUp({ ...DEFAULT, calls: 1 });
    for (const parts of [
      {},
      { principal: 'A' },
      { principal: 'B' },
      { api: 'other' },
      { api: 'other', principal: 'A' },
    ]) {
      expect(await it.call(parts)).toBe('sent');
      expect(await it.call({ ...parts, tool: 'another' })).toBe('RATE_LIMITED');
    }
  });

  test('gives a tool that has its own limit its own window', async () => {
    const it = setUp({ ...DEFAULT, calls: 1, per: 'tool' });
    expect(await it.call({ tool: 'a' })).toBe('sent');
    expect(await it.call({ tool: 'b' })).toBe('sent');
    expect(await it.call({ tool: 'a' })).toBe('RATE_LIMITED');
  });

  test('lets everything through when it is off', async () => {
    const it = setUp(false);
    for (let i = 0; i < 200; i++) expect(await it.call()).toBe('sent');
  });

  test('queues in order when asked to', async () => {
    const it = setUp({ calls: 2, windowMs: 1_000, when: 'queue', per: 'api' });
    const order: number[] = [];
    const calls = Promise.all(Array.from({ length: 6 }, (_, index) => it.call().then(() => order.push(index))));
    await it.clock.run(calls);
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
    expect(it.sent).toEqual([0, 0, 1000, 1000, 2000, 2000]);
  });

  test('does not queue for a place that comes after the deadline', async () => {
    const it = setUp({ calls: 1, windowMs: 60_000, when: 'queue', per: 'api' }, 45_000);
    await it.call();
    expect(await it.call()).toBe('RATE_LIMITED');
    expect(it.clock.sleeping()).toBe(0);
  });

  test('refuses the 51st in the queue', async () => {
    const it = setUp({ calls: 1, windowMs: 1_000, when: 'queue', per: 'api' }, 3_600_000);
    await it.call();
    const calls = Array.from({ length: 51 }, () => it.call());
    await settle();
    expect(await calls.at(-1)).toBe('RATE_LIMITED');
    await it.clock.run(Promise.all(calls));
    expect(it.sent.length).toBe(51);
  });

  test('leaves the queue when cancelled, first or last in it, and takes no place', async () => {
    const it = setUp({ calls: 1, windowMs: 1_000, when: 'queue', per: 'api' });
    await it.call();
    const controllers = Array.from({ length: 3 }, () => new AbortController());
    const waiting = controllers.map(({ signal }) => it.call({ signal }));
    await settle();
    controllers[2]!.abort(new NetError('cancelled', true, 'The call was cancelled'));
    expect(await waiting[2]).toBe('cancelled');
    controllers[0]!.abort(new NetError('cancelled', true, 'The call was cancelled'));
    expect(await waiting[0]).toBe('cancelled');
    await it.clock.advance(1_000);
    expect(await waiting[1]).toBe('sent');
    expect(it.sent).toEqual([0, 1000]);
    expect(it.clock.sleeping()).toBe(0);
  });

  test('agrees with a sliding log over any arrivals', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 80 }),
        async (calls, windowMs, gaps) => {
          const it = setUp({ calls, windowMs, when: 'refuse', per: 'api' });
          const log: number[] = [];
          let now = 0;
          for (const gap of gaps) {
            await it.clock.advance(gap);
            now += gap;
            const free = log.filter((at) => at > now - windowMs).length < calls;
            if (free) log.push(now);
            expect(await it.call()).toBe(free ? 'sent' : 'RATE_LIMITED');
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
