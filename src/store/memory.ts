import { type Clock, systemClock } from '../clock.ts';
import { createMemoryCache } from './memory-cache.ts';
import type { CellStore, PolicyStore, TextStore, WindowStore } from './types.ts';

export interface MemoryStoreOptions {
  readonly clock?: Clock;
  /** Of all cached answers together; default 50 MiB. */
  readonly cacheBytes?: number;
  /** Of one cached answer; default 1 MiB. */
  readonly cacheEntryBytes?: number;
}

/** State of one process. */
export function createMemoryStore(options: MemoryStoreOptions = {}): PolicyStore {
  const clock = options.clock ?? systemClock;
  const cache = createMemoryCache({
    clock,
    maxBytes: options.cacheBytes ?? 50 * 2 ** 20,
    maxEntryBytes: options.cacheEntryBytes ?? 2 ** 20,
  });
  const cells = createMemoryCells(clock);
  return {
    windows: createMemoryWindows(clock),
    cells,
    strict: cells,
    texts: NO_TEXTS,
    cache,
    close: async () => undefined,
  };
}

/** One process needs no second place for what it keeps itself. */
const NO_TEXTS: TextStore = { set: async () => undefined, get: async () => undefined };

/** Windows that keep the moment of each take (a sliding log): exact, and no larger than the limit. */
export function createMemoryWindows(clock: Clock): WindowStore {
  const windows = new Map<string, { takes: number[]; windowMs: number }>();
  const sweep = createSweep(clock, () => {
    for (const [key, { takes, windowMs }] of windows) {
      if (takes.length === 0 || takes.at(-1)! <= clock.now() - windowMs) windows.delete(key);
    }
  });
  return {
    async take(key, { calls, windowMs }) {
      sweep();
      const now = clock.now();
      const window = windows.get(key) ?? { takes: [], windowMs };
      window.windowMs = windowMs;
      windows.set(key, window);
      const { takes } = window;
      while (takes.length > 0 && takes[0]! <= now - windowMs) takes.shift();
      if (takes.length < calls) {
        takes.push(now);
        return { taken: true };
      }
      return { taken: false, waitMs: calls <= 0 ? windowMs : takes[takes.length - calls]! + windowMs - now };
    },
  };
}

/** Cells in a map; one turn of the event loop is one step. */
export function createMemoryCells(clock: Clock): CellStore {
  const cells = new Map<string, { state: unknown; until: number }>();
  const sweep = createSweep(clock, () => {
    for (const [key, { until }] of cells) if (until <= clock.now()) cells.delete(key);
  });
  return {
    update<State, Result>(
      key: string,
      ttlMs: number,
      change: (state: State | undefined) => { readonly state: State; readonly result: Result },
    ): Result {
      sweep();
      const now = clock.now();
      const cell = cells.get(key);
      const known = cell && cell.until > now ? (cell.state as State) : undefined;
      const { state, result } = change(known);
      if (!cell) cells.set(key, { state, until: now + ttlMs });
      else {
        cell.state = state;
        cell.until = now + ttlMs;
      }
      return result;
    },
  };
}

const SWEEP_MS = 60_000;

/** Runs `clean` at most once a minute, in passing: a timer would keep the process alive. */
function createSweep(clock: Clock, clean: () => void): () => void {
  let next = clock.now() + SWEEP_MS;
  return () => {
    if (clock.now() < next) return;
    next = clock.now() + SWEEP_MS;
    clean();
  };
}
