import type { Clock } from '../../src/clock.ts';

interface Sleeper {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

/** A clock that stands still until it is told to go on. */
export interface FakeClock extends Clock {
  /** Sleeps that nobody woke or cancelled: 0 after a test, or something leaks. */
  readonly sleeping: () => number;
  /** Goes on by `ms`, waking sleepers on the way in their order. */
  advance(ms: number): Promise<void>;
  /** Goes from sleeper to sleeper until `work` settles. */
  run<T>(work: Promise<T>): Promise<T>;
}

export function createFakeClock(start = Date.UTC(2026, 0, 1)): FakeClock {
  let now = start;
  let order = 0;
  const sleepers = new Set<Sleeper>();

  function nextUntil(end: number): Sleeper | undefined {
    return Array.from(sleepers)
      .filter(({ at }) => at <= end)
      .sort((a, b) => a.at - b.at || a.order - b.order)[0];
  }

  async function advance(ms: number): Promise<void> {
    const end = now + ms;
    await settle();
    for (let next = nextUntil(end); next; next = nextUntil(end)) {
      now = Math.max(now, next.at);
      sleepers.delete(next);
      next.wake();
      await settle();
    }
    now = end;
  }

  return {
    now: () => now,
    sleeping: () => sleepers.size,
    advance,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const cancel = () => {
          sleepers.delete(sleeper);
          reject(signal?.reason);
        };
        const wake = () => {
          signal?.removeEventListener('abort', cancel);
          resolve();
        };
        const sleeper = { at: now + Math.max(0, ms), order: order++, wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', cancel, { once: true });
      }),
    async run(work) {
      let settled = false;
      const done = work.finally(() => {
        settled = true;
      });
      done.catch(() => undefined);
      await settle();
      for (let turn = 0; !settled && turn < 10_000; turn++) {
        const next = nextUntil(Number.POSITIVE_INFINITY);
        if (next) await advance(next.at - now);
        else await settle();
      }
      return done;
    },
  };
}

/** Lets every promise that can go on do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
