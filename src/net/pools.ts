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

export interface Pools {
  get(key: PoolKey): Pool;
  close(): Promise<void>;
}

/** One pool for each key; those that nobody has used for longest and that are idle make room for new ones. */
export function createPools(create: (key: PoolKey) => Pool, max: number): Pools {
  const pools = new Map<string, Pool>();
  const identities = new WeakMap<RouteTls, number>();
  let identity = 0;

  function nameOf({ origin, credentialKey, tls }: PoolKey): string {
    if (!tls) return `${origin} ${credentialKey}`;
    const known = identities.get(tls) ?? ++identity;
    identities.set(tls, known);
    return `${origin} ${known} ${credentialKey}`;
  }

  function makeRoom(): void {
    for (const [name, pool] of pools) {
      if (pools.size < max) return;
      const { running, queued, pending } = pool.stats;
      if (running + queued + pending > 0) continue;
      pools.delete(name);
      void pool.close();
    }
  }

  return {
    get(key) {
      const name = nameOf(key);
      let pool = pools.get(name);
      if (pool) pools.delete(name);
      else {
        makeRoom();
        pool = create(key);
      }
      pools.set(name, pool);
      return pool;
    },
    async close() {
      await Promise.all(Array.from(pools.values(), (pool) => pool.destroy()));
      pools.clear();
    },
  };
}
