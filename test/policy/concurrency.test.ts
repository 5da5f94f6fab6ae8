import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concurrency } from '../../src/call/middleware/concurrency.ts';
import { createSlots } from '../../src/call/slots.ts';
import { NetError } from '../../src/net/errors.ts';
import { type ExchangeParts, makeExchange, makeResponse, policyWith } from './exchange.ts';
import { createFakeClock, settle } from './fake-clock.ts';

function setUp(upstream = 2, queue = 3, total = 100) {
  const clock = createFakeClock();
  const slots = createSlots(total);
  const open: { readonly url: string; readonly end: (error?: Error) => void }[] = [];
  const waits: number[] = [];
  const handler = concurrency({
    policyOf: policyWith({ concurrency: { upstream, queue } }),
    slots,
    clock,
    onWait: (_, ms) => void waits.push(ms),
  })(
    ({ plan }) =>
      new Promise((resolve, reject) => {
        open.push({ url: plan.url, end: (error) => (error ? reject(error) : resolve(makeResponse())) });
      }),
  );
  const call = (parts: ExchangeParts = {}) =>
    handler(makeExchange(parts)).then(
      () => 'sent',
      (error) => String(error.code ?? error.kind ?? error.message),
    );
  return { clock, slots, open, waits, handler, call };
}

const ABORTED = new NetError('cancelled', true, 'The call was cancelled');

describe('concurrency', () => {
  test('lets so many through, queues so many, refuses the rest at once', async () => {
    const it = setUp();
    const calls = Array.from({ length: 6 }, () => it.call());
    await settle();
    expect(it.open.length).toBe(2);
    expect(await calls[5]).toBe('BUSY');
    for (let i = 0; i < 5; i++) {
      it.open[i]!.end();
      await settle();
    }
    expect(await Promise.all(calls.slice(0, 5))).toEqual(Array(5).fill('sent'));
    expect(it.slots.count()).toEqual({ taken: 0, waiting: 0 });
  });

  test('gives the place back when the request fails', async () => {
    const it = setUp(1);
    const calls = [it.call(), it.call()];
    await settle();
    it.open[0]!.end(new Error('broken'));
    await settle();
    it.open[1]!.end();
    expect(await Promise.all(calls)).toEqual(['broken', 'sent']);
  });

  test('does not let one slow API hold up another', async () => {
    const it = setUp(1);
    void it.call();
    void it.call();
    const other = it.call({ url: 'http://other.test/' });
    await settle();
    expect(it.open.map(({ url }) => url)).toEqual(['http://shop.test/things/1', 'http://other.test/']);
    it.open[1]!.end();
    expect(await other).toBe('sent');
  });

  test('keeps to the total of the process, first come first served', async () => {
    const it = setUp(2, 10, 2);
    const urls = ['http://a.test/', 'http://b.test/', 'http://c.test/', 'http://a.test/2'];
    const calls = urls.map((url) => it.call({ url }));
    for (let i = 0; i < 4; i++) {
      await settle();
      expect(it.slots.count().taken).toBe(Math.min(2, 4 - i));
      it.open[i]!.end();
    }
    await Promise.all(calls);
    expect(it.open.map(({ url }) => url)).toEqual(urls);
  });

  test('notes the wait', async () => {
    const it = setUp(1);
    const first = it.call();
    const exchange = makeExchange();
    const second = it.handler(exchange);
    await it.clock.advance(250);
    it.open[0]!.end();
    await settle();
    it.open[1]!.end();
    await Promise.all([first, second]);
    expect(exchange.call.trace.timings).toEqual({ wait: 250 });
    expect(it.waits).toEqual([0, 250]);
  });

  test('tells a call that ended in the queue that nothing was sent', async () => {
    const it = setUp(1);
    void it.call();
    const controller = new AbortController();
    const waiting = it.handler(makeExchange({ method: 'POST', signal: controller.signal }));
    await settle();
    controller.abort(new NetError('timeout', true, 'The call did not end within 45 s'));
    await expect(waiting).rejects.toMatchObject({ kind: 'timeout', sent: false });
    expect(it.slots.count()).toEqual({ taken: 1, waiting: 0 });
  });

  test('leaks nothing, whoever is cancelled whenever', async () => {
    const action = fc.oneof(
      fc
        .constantFrom('http://a.test/', 'http://b.test/', 'http://c.test/')
        .map((url) => ({ kind: 'call' as const, url })),
      fc.nat(30).map((index) => ({ kind: 'cancel' as const, index })),
      fc.nat(30).map((index) => ({ kind: 'end' as const, index })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        const it = setUp(2, 2, 3);
        const calls: { controller: AbortController; done: Promise<string> }[] = [];
        for (const each of actions) {
          if (each.kind === 'call') {
            const controller = new AbortController();
            calls.push({ controller, done: it.call({ url: each.url, signal: controller.signal }) });
          } else if (each.kind === 'cancel') calls[each.index]?.controller.abort(ABORTED);
          else it.open[each.index]?.end();
          await Promise.resolve();
          expect(it.slots.count().taken).toBeLessThanOrEqual(3);
        }
        for (const { controller } of calls) controller.abort(ABORTED);
        // A call that was given its place just before it was cancelled opens its request a turn later.
        for (let ended = 0; ended < it.open.length; await settle())
          while (ended < it.open.length) it.open[ended++]!.end();
        await settle();
        for (const { end } of it.open) end();
        await Promise.all(calls.map(({ done }) => done));
        expect(it.slots.count()).toEqual({ taken: 0, waiting: 0 });
      }),
      { numRuns: 100 },
    );
  });
});
