import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Exchange } from '../../src/call/execute.ts';
import { type RetryOptions, retry } from '../../src/call/middleware/retry.ts';
import { DEFAULT_POLICY } from '../../src/call/policy.ts';
import type { RawResponse } from '../../src/call/types.ts';
import { BridgeError } from '../../src/errors.ts';
import { NetError } from '../../src/net/errors.ts';
import { type ExchangeParts, makeExchange, makeResponse, policyWith } from './exchange.ts';
import { createFakeClock } from './fake-clock.ts';

type Step = number | 'connect' | 'reset' | 'timeout' | 'protocol' | 'address' | 'too-large' | 'open';

const KEYED = { ...DEFAULT_POLICY.retry, idempotencyKey: { header: 'Idempotency-Key' } };

/** Sends one exchange through `retry` to an upstream that follows the script; its last step repeats. */
function scripted(steps: readonly Step[], parts: ExchangeParts = {}, options: Partial<RetryOptions> = {}) {
  const clock = createFakeClock();
  const start = clock.now();
  const seen: { readonly at: number; readonly exchange: Exchange }[] = [];
  const send = async (exchange: Exchange): Promise<RawResponse> => {
    seen.push({ at: clock.now() - start, exchange });
    return play(steps[Math.min(seen.length, steps.length) - 1]!);
  };
  const handler = retry({
    policyOf: policyWith({}),
    clock,
    random: () => 0.999999,
    deadlineAt: () => start + 45_000,
    ...options,
  })(send);
  return { clock, seen, start, handler, run: () => clock.run(handler(makeExchange(parts))) };
}

function play(step: Step): RawResponse {
  if (typeof step === 'number') return makeResponse(step);
  if (step === 'open') throw new BridgeError('BREAKER_OPEN', 'open', { retryable: true });
  throw new NetError(step, step !== 'connect' && step !== 'address', step);
}

const STATUSES = [408, 429, 500, 502, 503, 504] as const;
const OTHER = [200, 201, 301, 400, 401, 403, 404, 409, 422, 501, 505] as const;

/** The matrix of SECURITY.md as data: which first outcome is followed by a second request. */
const MATRIX: readonly { name: string; parts: ExchangeParts; keyed?: true; again: readonly Step[] }[] = [
  { name: 'GET', parts: { method: 'GET' }, again: ['connect', 'reset', 'timeout', ...STATUSES] },
  { name: 'HEAD', parts: { method: 'HEAD' }, again: ['connect', 'reset', 'timeout', ...STATUSES] },
  { name: 'OPTIONS', parts: { method: 'OPTIONS' }, again: ['connect', 'reset', 'timeout', ...STATUSES] },
  { name: 'GET, consequential', parts: { method: 'GET', consequential: true }, again: ['connect'] },
  { name: 'PUT', parts: { method: 'PUT' }, again: ['connect', 'reset', ...STATUSES] },
  { name: 'DELETE', parts: { method: 'DELETE' }, again: ['connect', 'reset', ...STATUSES] },
  { name: 'PUT, consequential', parts: { method: 'PUT', consequential: true }, again: ['connect'] },
  { name: 'DELETE, consequential', parts: { method: 'DELETE', consequential: true }, again: ['connect'] },
  { name: 'POST', parts: { method: 'POST' }, again: ['connect'] },
  { name: 'POST, not consequential', parts: { method: 'POST', consequential: false }, again: ['connect'] },
  { name: 'PATCH', parts: { method: 'PATCH' }, again: ['connect'] },
  { name: 'LINK', parts: { method: 'LINK' }, again: ['connect'] },
  {
    name: 'POST with a key',
    parts: { method: 'POST' },
    keyed: true,
    again: ['connect', 'reset', 'timeout', ...STATUSES],
  },
  {
    name: 'PATCH with a key, consequential',
    parts: { method: 'PATCH', consequential: true },
    keyed: true,
    again: ['connect', 'reset', 'timeout', ...STATUSES],
  },
];
const ALL: readonly Step[] = [
  'connect',
  'reset',
  'timeout',
  'protocol',
  'address',
  'too-large',
  'open',
  ...STATUSES,
  ...OTHER,
];
const ROWS = MATRIX.flatMap(({ name, parts, keyed, again }) =>
  ALL.map((step) => ({ name, parts, keyed, step, again: again.includes(step) })),
);

describe('retry', () => {
  test.each(ROWS)('$name after $step: again = $again', async ({ parts, keyed, step, again }) => {
    const options = keyed ? { policyOf: policyWith({ retry: KEYED }) } : {};
    const upstream = scripted([step, 200], parts, options);
    await upstream.run().catch(() => undefined);
    expect(upstream.seen.length).toBe(again ? 2 : 1);
    expect(upstream.clock.sleeping()).toBe(0);
  });

  test('makes three tries in all, 1 and 2 s apart at most, and gives the last answer', async () => {
    const upstream = scripted([503, 500, 502]);
    expect((await upstream.run()).status).toBe(502);
    expect(upstream.seen.map(({ at }) => Math.round(at))).toEqual([0, 1000, 3000]);
  });

  test('never waits longer than the cap', async () => {
    const policy = { tries: 8, backoffMs: [1_000, 2_000, 4_000, 60_000], capMs: 8_000 };
    const upstream = scripted([503], {}, { policyOf: policyWith({ retry: policy }), deadlineAt: () => Infinity });
    await upstream.run();
    expect(upstream.seen.map(({ at }) => Math.round(at))).toEqual([0, 1000, 3000, 7000, 15_000, 23_000]);
  });

  test('does not begin a wait that ends after the deadline', async () => {
    const upstream = scripted([503], {}, {});
    const late = scripted([503], {}, { deadlineAt: () => upstream.start + 2_500 });
    await late.run();
    expect(late.seen.length).toBe(2);
  });

  test.each([
    ['2', 2_000],
    ['Thu, 01 Jan 2026 00:00:10 GMT', 10_000],
  ])('obeys Retry-After: %s', async (value, at) => {
    const clock = createFakeClock();
    const moments: number[] = [];
    const send = async () => {
      moments.push(clock.now());
      return moments.length === 1 ? makeResponse(429, { 'retry-after': value }) : makeResponse();
    };
    const deadlineAt = () => clock.now() + 45_000;
    await clock.run(retry({ policyOf: policyWith({}), clock, deadlineAt })(send)(makeExchange()));
    expect(moments[1]! - moments[0]!).toBe(at);
  });

  test('fails at once when Retry-After does not fit the deadline', async () => {
    const clock = createFakeClock();
    const start = clock.now();
    const send = async () => makeResponse(429, { 'retry-after': '86400' });
    const handler = retry({ policyOf: policyWith({}), clock, deadlineAt: () => start + 2_000 })(send);
    expect((await clock.run(handler(makeExchange()))).status).toBe(429);
    expect(clock.now()).toBe(start);
  });

  test('fills in one key per call, the same on every try, and keeps one that is there', async () => {
    const options = { policyOf: policyWith({ retry: KEYED }) };
    const first = scripted(['reset', 503, 200], { method: 'POST', body: '{}' }, options);
    await first.run();
    const keys = first.seen.map(({ exchange }) => exchange.plan.headers.at(-1));
    expect(keys[0]![0]).toBe('Idempotency-Key');
    expect(new Set(keys.map((key) => key![1])).size).toBe(1);
    expect(new Set(first.seen.map(({ exchange }) => exchange.plan.body))).toEqual(new Set(['{}']));
    const given = scripted([200], { method: 'POST', headers: [['idempotency-key', 'mine']] }, options);
    await given.run();
    expect(given.seen[0]!.exchange.plan.headers).toEqual([['idempotency-key', 'mine']]);
    const read = scripted([200], { method: 'GET' }, options);
    await read.run();
    expect(read.seen[0]!.exchange.plan.headers).toEqual([['accept', 'application/json']]);
  });

  test('spends at most 10 % of the calls of an origin on retries, at least 5 a minute', async () => {
    const upstream = scripted([503], {}, { policyOf: policyWith({ retry: { ...DEFAULT_POLICY.retry, tries: 2 } }) });
    for (let call = 0; call < 20; call++) await upstream.run();
    expect(upstream.seen.length).toBe(25);
    await upstream.clock.advance(61_000);
    upstream.seen.length = 0;
    const healthy = scripted([200], {}, {});
    expect((await healthy.run()).status).toBe(200);
  });

  test('gives the first failure when a later try is refused on our side', async () => {
    const upstream = scripted(['reset', 'open'], { method: 'PUT' });
    await expect(upstream.run()).rejects.toMatchObject({ kind: 'reset', sent: true });
  });

  test('does not forget that a request was lost when the next one could not leave', async () => {
    const upstream = scripted(['reset', 'connect'], { method: 'PUT' });
    await expect(upstream.run()).rejects.toMatchObject({ kind: 'connect', sent: true });
  });

  test('does not try again what a certificate will refuse again', async () => {
    const clock = createFakeClock();
    let hits = 0;
    const send = async (): Promise<RawResponse> => {
      hits++;
      throw new NetError('connect', false, 'expired', Object.assign(new Error('x'), { code: 'CERT_HAS_EXPIRED' }));
    };
    const handler = retry({ policyOf: policyWith({}), clock, deadlineAt: () => Infinity })(send);
    await expect(clock.run(handler(makeExchange()))).rejects.toThrow('expired');
    expect(hits).toBe(1);
  });

  test('stops waiting when the call is cancelled, and tells whether anything was sent', async () => {
    for (const [step, sent] of [
      ['connect', false],
      ['reset', true],
    ] as const) {
      const controller = new AbortController();
      const { clock, handler } = scripted([step], {});
      const work = handler(makeExchange({ signal: controller.signal }));
      work.catch(() => undefined);
      await clock.advance(1);
      expect(clock.sleeping()).toBe(1);
      controller.abort(new NetError('cancelled', true, 'The call was cancelled'));
      await expect(work).rejects.toMatchObject({ kind: 'cancelled', sent });
      expect(clock.sleeping()).toBe(0);
    }
  });

  test('never repeats a write that may have had an effect, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('POST', 'PATCH', 'PUT', 'DELETE', 'LINK'),
        fc.boolean(),
        fc.array(fc.constantFrom<Step>('connect', 'reset', 'timeout', 'protocol', 'open', 200, 429, 500, 503), {
          minLength: 1,
          maxLength: 5,
        }),
        async (method, consequential, steps) => {
          const upstream = scripted(steps, { method, consequential }, { deadlineAt: () => Infinity });
          await upstream.run().catch(() => undefined);
          const effects = steps.slice(0, upstream.seen.length).filter((step) => step !== 'connect' && step !== 'open');
          const timeouts = steps.slice(0, upstream.seen.length - 1).filter((step) => step === 'timeout');
          if (consequential || !['PUT', 'DELETE'].includes(method)) expect(effects.length).toBeLessThanOrEqual(1);
          expect(timeouts).toEqual([]);
          expect(upstream.seen.length).toBeLessThanOrEqual(3);
          expect(upstream.clock.sleeping()).toBe(0);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
