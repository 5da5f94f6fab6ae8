import type { Shared } from './redis-connection.ts';
import { DROP_TAGGED } from './redis-scripts.ts';
import type { CacheEntry, CacheStore } from './types.ts';

const MAX_ENTRY = 2 ** 20;
/** A tag outlives every entry that has it. */
const TAG_TTL_MS = 600_000;

/**
 * Answers in Redis, which bounds them by its own `maxmemory`. Without Redis the local cache goes on. A write that could not
 * drop its entries drops them as soon as Redis is back, before anything is read.
 */
export function createRedisCache(shared: Shared, local: CacheStore): CacheStore {
  const overdue = new Set<string>();
  const entryKey = (key: string) => `${shared.prefix}cache:${key}`;
  const tagKey = (tag: string) => `${shared.prefix}tag:${tag}`;

  async function drop(tags: readonly string[]): Promise<boolean> {
    const dropped = await shared.run((redis) => redis.eval(DROP_TAGGED, tags.length, ...tags.map(tagKey)));
    return dropped.done;
  }

  async function settleOverdue(): Promise<boolean> {
    const tags = Array.from(overdue);
    if (tags.length === 0) return true;
    if (!(await drop(tags))) return false;
    for (const tag of tags) overdue.delete(tag);
    return true;
  }

  return {
    async get(key) {
      if (!(await settleOverdue())) return local.get(key);
      const found = await shared.run((redis) => redis.getBuffer(entryKey(key)));
      if (!found.done) return local.get(key);
      return found.value === null ? undefined : decode(found.value);
    },
    async set(key, entry, keep) {
      const bytes = encode(entry);
      if (bytes.length > MAX_ENTRY || keep.ttlMs < 1) return;
      if (!(await settleOverdue())) return local.set(key, entry, keep);
      const stored = await shared.run(async (redis) => {
        const steps = redis.multi().set(entryKey(key), bytes, 'PX', Math.ceil(keep.ttlMs));
        for (const tag of keep.tags) steps.sadd(tagKey(tag), entryKey(key)).pexpire(tagKey(tag), TAG_TTL_MS);
        for (const [error] of (await steps.exec()) ?? []) if (error) throw error;
      });
      if (!stored.done) await local.set(key, entry, keep);
    },
    async delete(key) {
      await local.delete(key);
      await shared.run((redis) => redis.del(entryKey(key)));
    },
    async dropTagged(tags) {
      await local.dropTagged(tags);
      if (tags.length > 0 && !(await drop(tags))) for (const tag of tags) overdue.add(tag);
    },
  };
}

/** One line of JSON, then the body as it is. */
function encode({ body, ...rest }: CacheEntry): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify(rest)}\n`), body]);
}

function decode(bytes: Buffer): CacheEntry {
  const end = bytes.indexOf(10);
  const rest = JSON.parse(bytes.subarray(0, end).toString('utf8')) as Omit<CacheEntry, 'body'>;
  return { ...rest, body: bytes.subarray(end + 1) };
}
