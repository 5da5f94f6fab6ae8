import { systemClock } from '../clock.ts';
import { BridgeError } from '../errors.ts';
import { createMemoryStore } from './memory.ts';
import { createRedisCache } from './redis-cache.ts';
import { Contended, connectRedis, type RedisConnectionOptions, type Shared } from './redis-connection.ts';
import { CHANGE_IF } from './redis-scripts.ts';
import { createSharedWindows } from './redis-windows.ts';
import type { CellStore, PolicyStore, TextStore } from './types.ts';

export interface RedisStoreOptions extends RedisConnectionOptions {
  /** Replicas that share the store: without Redis each takes its part of a rate limit. Default 1. */
  readonly replicas?: number;
}

/**
 * State that replicas share. Redis is never waited for longer than 100 ms an operation (SECURITY.md, Defaults); while it is
 * lost, each replica goes on with its own share in memory. Nothing is thrown.
 */
export function createRedisStore(options: RedisStoreOptions): PolicyStore {
  const clock = options.clock ?? systemClock;
  const local = createMemoryStore({ clock });
  const shared = connectRedis(options);
  return {
    windows: createSharedWindows(shared, { clock, replicas: options.replicas ?? 1 }),
    cells: createCells(shared, local.cells),
    strict: createCells(shared, UNREACHABLE),
    texts: createTexts(shared),
    cache: createRedisCache(shared, local.cache),
    close: async () => void shared.redis.disconnect(),
  };
}

const UNREACHABLE: CellStore = {
  update: async () => {
    throw new BridgeError('STORE_FAILED', 'The state that replicas share cannot be reached', {
      hint: 'Check Redis; what must not happen twice is not begun without it.',
      retryable: true,
    });
  },
};

function createTexts(shared: Shared): TextStore {
  const name = (key: string) => `${shared.prefix}text:${key}`;
  return {
    async set(key, text, ttlMs) {
      await shared.run((redis) => redis.set(name(key), text, 'PX', Math.ceil(ttlMs)));
    },
    async get(key) {
      const found = await shared.run((redis) => redis.get(name(key)));
      return found.done ? (found.value ?? undefined) : undefined;
    },
  };
}

/** Losing to other replicas this often in a row: this one goes its own way once. */
const TRIES = 20;

/** Compare and set: `change` runs again when another replica was faster. This replica's own changes of a cell go in turn. */
function createCells(shared: Shared, local: CellStore): CellStore {
  const turns = new Map<string, Promise<unknown>>();

  async function compareAndSet<State, Result>(
    name: string,
    ttlMs: number,
    change: Change<State, Result>,
  ): Promise<Result> {
    let known = await shared.redis.get(name);
    for (let tries = 0; tries < TRIES; tries++) {
      const { state, result } = change(known === null ? undefined : (JSON.parse(known) as State));
      const next = JSON.stringify(state);
      if (next === known) return result;
      const answer = await shared.redis.eval(CHANGE_IF, 1, name, known ?? '', next, ttlMs);
      const [changed, current] = answer as [number, string | null];
      if (changed === 1) return result;
      known = current;
    }
    throw new Contended();
  }

  return {
    async update(key, ttlMs, change) {
      const name = `${shared.prefix}cell:${key}`;
      const before = turns.get(key) ?? Promise.resolve();
      const mine = before.then(() => shared.run(() => compareAndSet(name, ttlMs, change)));
      turns.set(key, mine);
      const updated = await mine;
      if (turns.get(key) === mine) turns.delete(key);
      return updated.done ? updated.value : local.update(key, ttlMs, change);
    },
  };
}

type Change<State, Result> = (state: State | undefined) => { readonly state: State; readonly result: Result };
