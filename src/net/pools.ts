import type { Pool } from 'undici';
import type { RouteTls } from './routes.ts';

/** Whose sockets these are. */
export interface PoolKey {
  readonly origin: string;
  /** Requests with different credentials never share a socket (SECURITY.md, trap 6). */
  readonly credentialKey: string;
  /** Nor do those that show different certificates. */
  readonly tls: RouteTls | undefined;
}

/** A pool, and what else is kept open for it. */
export interface OpenPool {
  readonly pool: Pool;
  release(): void;
}

export interface Pools {
  get(key: PoolKey): Pool;
  close(): Promise<void>;
}

/** One pool for each key; those that nobody has used for longest and that are idle make room for new ones. */
export function createPools(create: (key: PoolKey) => OpenPool, max: number): Pools {
  const pools = new Map<string, OpenPool & { used: number }>();
  let turn = 0;
  const identities = new WeakMap<RouteTls, number>();
  let identity = 0;

  function nameOf({ origin, credentialKey, tls }: PoolKey): string {
    if (!tls) return `${origin} ${credentialKey}`;
    const known = identities.get(tls) ?? ++identity;
    identities.set(tls, known);
    return `${origin} ${known} ${credentialKey}`;
  }

  function makeRoom(): void {
    if (pools.size < max) return;
    const longestUnused = [...pools].sort(([, a], [, b]) => a.used - b.used);
    for (const [name, { pool, release }] of longestUnused) {
      if (pools.size < max) return;
      const { running, queued, pending } = pool.stats;
      if (running + queued + pending > 0) continue;
      pools.delete(name);
      release();
      void pool.close();
    }
  }

  return {
    get(key) {
      const name = nameOf(key);
      let entry = pools.get(name);
      if (!entry) {
        makeRoom();
        entry = { ...create(key), used: 0 };
        pools.set(name, entry);
      }
      entry.used = ++turn;
      return entry.pool;
    },
    async close() {
      await Promise.all(
        Array.from(pools.values(), ({ pool, release }) => {
          release();
          return pool.destroy();
        }),
      );
      pools.clear();
    },
  };
}
