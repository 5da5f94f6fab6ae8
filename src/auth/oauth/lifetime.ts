import type { TokenSet } from '../types.ts';

/** Tokens are renewed this long before they expire, to allow for clocks that differ. */
const SKEW_MS = 60_000;

/** Whether it is time for a new one: 60 s before the end, or halfway when it lives less than two minutes. */
export function isStale({ issuedAt, expiresAt }: TokenSet, now: number): boolean {
  if (expiresAt === undefined) return false;
  return now >= expiresAt - Math.min(SKEW_MS, (expiresAt - issuedAt) / 2);
}
