import type { Clock } from '../../clock.ts';

/** How many retries an origin may get: part of its calls, so that retries cannot multiply an outage. */
export interface RetryBudget {
  countCall(origin: string): void;
  /** Takes one retry out of the budget, or says that none is left. */
  take(origin: string): boolean;
}

const BUCKET_MS = 5_000;
const BUCKETS = 12;
const SHARE = 0.1;
const AT_LEAST = 5;

interface Bucket {
  slot: number;
  calls: number;
  retries: number;
}

/** 10 % of an origin's calls in the last 60 s (counted in 5 s steps), at least 5. */
export function createRetryBudget(clock: Clock): RetryBudget {
  const origins = new Map<string, Bucket[]>();

  function current(origin: string): { buckets: Bucket[]; bucket: Bucket } {
    const slot = Math.floor(clock.now() / BUCKET_MS);
    const known = origins.get(origin);
    const last = known?.at(-1);
    if (known && last?.slot === slot) return { buckets: known, bucket: last };
    const buckets = (known ?? []).filter((bucket) => bucket.slot > slot - BUCKETS);
    origins.set(origin, buckets);
    const bucket = { slot, calls: 0, retries: 0 };
    buckets.push(bucket);
    return { buckets, bucket };
  }

  return {
    countCall(origin) {
      current(origin).bucket.calls++;
    },
    take(origin) {
      const { buckets, bucket } = current(origin);
      const calls = buckets.reduce((sum, each) => sum + each.calls, 0);
      const retries = buckets.reduce((sum, each) => sum + each.retries, 0);
      if (retries >= Math.max(AT_LEAST, calls * SHARE)) return false;
      bucket.retries++;
      return true;
    },
  };
}
