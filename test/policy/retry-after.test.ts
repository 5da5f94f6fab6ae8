import { describe, expect, test } from 'vitest';
import { parseRetryAfter } from '../../src/call/retry-after.ts';

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);

describe('parseRetryAfter', () => {
  test.each([
    ['0', 0],
    ['7', 7_000],
    [' 120 ', 120_000],
    ['86400', 86_400_000],
    ['Thu, 01 Jan 2026 12:00:30 GMT', 30_000],
    ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
    ['Thursday, 01-Jan-26 12:01:00 GMT', 60_000],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 0],
    ['Thu Jan  1 12:00:05 2026', 5_000],
  ])('reads %j as %d ms', (value, ms) => {
    expect(parseRetryAfter(value, NOW)).toBe(ms);
  });

  test.each(['', '-1', '1.5', 'soon', '1e3', '0x10', '99999999999', 'Thu, 99 Foo 2026 12:00:00 GMT', '2026-01-01'])(
    'does not read %j',
    (value) => {
      expect(parseRetryAfter(value, NOW)).toBeUndefined();
    },
  );

  test('reads the first of several', () => {
    expect(parseRetryAfter(['3', '9'], NOW)).toBe(3_000);
    expect(parseRetryAfter(undefined, NOW)).toBeUndefined();
  });
});
