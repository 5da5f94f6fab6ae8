import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Shared } from './redis-connection.ts';
import { TAKE } from './redis-scripts.ts';
import type { Taken, WindowLimit, WindowStore } from './types.ts';

/** What one replica knows of a window. */
interface Known {
  /** Takes of this replica that Redis has not been told of. */
  own: readonly { readonly id: string; readonly at: number }[];
  /** How many places were taken, by all replicas, when Redis last said so. */
  taken: number;
  toldAt: number;
  windowMs: number;
}

/** Sent with one take; the others follow with the next. */
const MAX_TOLD = 500;
const SWEEP_MS = 60_000;

export interface SharedWindowsOptions {
  readonly clock: Clock;
  /** Without Redis each takes its part of what was free. */
  readonly replicas: number;
}

/**
 * Sliding logs in sorted sets, by the clock of Redis: replicas need not agree on the time. Without Redis each replica takes
 * its share of the places that were free when Redis was last heard, and tells Redis of them when it is back, so that losing
 * it does not open the window anew.
 */
export function createSharedWindows(shared: Shared, { clock, replicas }: SharedWindowsOptions): WindowStore {
  const windows = new Map<string, Known>();
  let sweepAt = clock.now() + SWEEP_MS;

  function known(key: string, { windowMs }: WindowLimit): Known {
    const now = clock.now();
    if (now >= sweepAt) {
      sweepAt = now + SWEEP_MS;
      for (const [name, window] of windows) if (isOver(window, now)) windows.delete(name);
    }
    const window = windows.get(key) ?? { own: [], taken: 0, toldAt: 0, windowMs };
    windows.set(key, window);
    window.windowMs = windowMs;
    if (window.own.length > 0) window.own = window.own.filter(({ at }) => at > now - windowMs);
    return window;
  }

  function takeAlone(window: Known, { calls, windowMs }: WindowLimit, id: string): Taken {
    const now = clock.now();
    const freeAt = window.toldAt + windowMs;
    const free = calls - (now < freeAt ? window.taken : 0);
    const share = free <= 0 ? 0 : Math.max(1, Math.floor(free / replicas));
    if (window.own.length < share) {
      window.own = [...window.own, { id, at: now }];
      return { taken: true };
    }
    const next = share > 0 ? window.own[window.own.length - share]!.at + windowMs : Number.POSITIVE_INFINITY;
    return { taken: false, waitMs: Math.max(1, Math.min(next, now < freeAt ? freeAt : next) - now) };
  }

  return {
    async take(key, limit) {
      const window = known(key, limit);
      const told = window.own.slice(0, MAX_TOLD);
      const id = randomUUID();
      const now = clock.now();
      const before = told.flatMap((take) => [now - take.at, take.id]);
      const answer = await shared.run((redis) =>
        redis.eval(TAKE, 1, `${shared.prefix}window:${key}`, limit.calls, limit.windowMs, id, ...before),
      );
      if (!answer.done) return takeAlone(window, limit, id);
      const [waitMs, taken] = answer.value as [number, number];
      const ids = new Set(told.map((take) => take.id));
      if (ids.size > 0) window.own = window.own.filter((take) => !ids.has(take.id));
      window.taken = taken;
      window.toldAt = clock.now();
      return waitMs < 0 ? { taken: true } : { taken: false, waitMs };
    },
  };
}

function isOver({ own, toldAt, windowMs }: Known, now: number): boolean {
  return toldAt <= now - windowMs && own.every(({ at }) => at <= now - windowMs);
}
