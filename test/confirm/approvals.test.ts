import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { APPROVAL_TTL_MS, createApprovals } from '../../src/call/approvals.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { createFakeClock } from '../policy/fake-clock.ts';

function setUp(ttlMs?: number) {
  const clock = createFakeClock();
  const { cells } = createMemoryStore({ clock });
  return { clock, approvals: createApprovals({ cells, clock, ...(ttlMs === undefined ? {} : { ttlMs }) }) };
}

describe('an approval', () => {
  it('is short enough to be copied by a model, and safe in JSON, URLs and headers', async () => {
    const { approvals } = setUp();
    expect((await approvals.make('token', 'x')).text).toMatch(/^[A-Za-z0-9_-]{40}$/);
  });

  it('is another one each time, and says when it ends', async () => {
    const { approvals, clock } = setUp();
    const [one, two] = [await approvals.make('token', 'x'), await approvals.make('token', 'x')];
    expect(one.text).not.toBe(two.text);
    expect(one.expiresAt - clock.now()).toBe(APPROVAL_TTL_MS);
  });

  test.each([
    [0, 'good'],
    [999, 'good'],
    [1_000, 'expired'],
    [86_400_000, 'expired'],
  ])('is, %d ms later and of one second, %s', async (ms, verdict) => {
    const { approvals, clock } = setUp(1_000);
    const { text } = await approvals.make('token', 'x');
    await clock.advance(ms);
    expect(await approvals.redeem('token', 'x', text)).toBe(verdict);
  });

  it('is foreign when a character of it, what it is for or its use is another', async () => {
    const { approvals } = setUp();
    const { text } = await approvals.make('token', 'x');
    const other = fc.tuple(
      fc.nat(39),
      fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'),
    );
    await fc.assert(
      fc.asyncProperty(other, async ([at, character]) => {
        fc.pre(text[at] !== character);
        const changed = text.slice(0, at) + character + text.slice(at + 1);
        expect(await approvals.redeem('token', 'x', changed)).toBe('foreign');
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.string(), async (bound) => {
        fc.pre(bound !== 'x');
        expect(await approvals.redeem('token', bound, text)).toBe('foreign');
      }),
    );
    expect(await approvals.redeem('state', 'x', text)).toBe('foreign');
    expect(await approvals.redeem('token', 'x', text)).toBe('good');
  });

  it('is foreign when it is anything at all', async () => {
    const { approvals } = setUp();
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string(), fc.base64String(), fc.string({ minLength: 40, maxLength: 40 })),
        async (text) => {
          expect(await approvals.redeem('token', 'x', text)).toBe('foreign');
        },
      ),
    );
  });

  it('is good for one of many who bring it at once', async () => {
    const { approvals } = setUp();
    const { text } = await approvals.make('token', 'x');
    const verdicts = await Promise.all(Array.from({ length: 20 }, () => approvals.redeem('token', 'x', text)));
    expect(verdicts.filter((verdict) => verdict === 'good')).toHaveLength(1);
  });
});
