import type { Clock } from '../clock.ts';
import type { CacheEntry, CacheStore } from './types.ts';

interface Kept {
  readonly entry: CacheEntry;
  readonly bytes: number;
  readonly until: number;
  readonly tags: readonly string[];
}

/** Answers in memory, least recently used dropped first. Sizes count bodies, headers and keys. */
export function createMemoryCache(options: {
  readonly clock: Clock;
  readonly maxBytes: number;
  readonly maxEntryBytes: number;
}): CacheStore & { readonly bytes: () => number } {
  const kept = new Map<string, Kept>();
  const tagged = new Map<string, Set<string>>();
  let total = 0;

  function drop(key: string): void {
    const old = kept.get(key);
    if (!old) return;
    kept.delete(key);
    total -= old.bytes;
    for (const tag of old.tags) {
      const keys = tagged.get(tag);
      keys?.delete(key);
      if (keys?.size === 0) tagged.delete(tag);
    }
  }

  return {
    bytes: () => total,
    async get(key) {
      const found = kept.get(key);
      if (!found) return undefined;
      if (found.until <= options.clock.now()) {
        drop(key);
        return undefined;
      }
      kept.delete(key);
      kept.set(key, found);
      return found.entry;
    },
    async set(key, entry, { ttlMs, tags }) {
      drop(key);
      const bytes = sizeOf(key, entry);
      if (bytes > options.maxEntryBytes || bytes > options.maxBytes || ttlMs <= 0) return;
      for (const oldest of kept.keys()) {
        if (total + bytes <= options.maxBytes) break;
        drop(oldest);
      }
      kept.set(key, { entry, bytes, until: options.clock.now() + ttlMs, tags });
      total += bytes;
      for (const tag of tags) {
        const keys = tagged.get(tag) ?? new Set();
        tagged.set(tag, keys.add(key));
      }
    },
    async delete(key) {
      drop(key);
    },
    async dropTagged(tags) {
      for (const tag of tags) for (const key of Array.from(tagged.get(tag) ?? [])) drop(key);
    },
  };
}

function sizeOf(key: string, { body, headers, policy }: CacheEntry): number {
  return key.length + body.length + JSON.stringify(headers).length + JSON.stringify(policy).length;
}
