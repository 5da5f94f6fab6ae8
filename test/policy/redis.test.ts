import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createApprovals } from '../../src/call/approvals.ts';
import { systemClock } from '../../src/clock.ts';
import { createRedisStore, type RedisStoreOptions } from '../../src/store/redis.ts';
import { createSharedResponses } from '../../src/store/shared-responses.ts';
import type { CacheEntry, PolicyStore } from '../../src/store/types.ts';

const installed = spawnSync('redis-server', ['--version']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'redis-'));
const url = join(folder, 'redis.sock');
let server: ChildProcess | undefined;
const stores: PolicyStore[] = [];

/** Starts Redis and waits until it answers. */
async function startRedis(): Promise<void> {
  server = spawn('redis-server', ['--port', '0', '--unixsocket', url, '--save', '', '--dir', folder], {
    stdio: 'ignore',
  });
  const probe = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
  probe.on('error', () => undefined);
  await probe.flushall();
  probe.disconnect();
}

async function stopRedis(): Promise<void> {
  const gone = new Promise((resolve) => server!.once('exit', resolve));
  server!.kill('SIGKILL');
  await gone;
}

/** A store that is connected. */
async function openStore(options: Partial<RedisStoreOptions> = {}): Promise<PolicyStore> {
  const store = createRedisStore({ url, ...options });
  stores.push(store);
  await until(
    async () => (await store.windows.take('ready', { calls: 1e6, windowMs: 1 })).taken && (await isShared(store)),
  );
  return store;
}

let mark = 0;
async function isShared(store: PolicyStore): Promise<boolean> {
  const name = `mark-${mark++}`;
  await store.cells.update(name, 10_000, () => ({ state: 1, result: 0 }));
  const probe = new Redis(url, { retryStrategy: () => null, maxRetriesPerRequest: 0 });
  probe.on('error', () => undefined);
  const found = await probe.exists(`actionbridge:cell:${name}`).catch(() => 0);
  probe.disconnect();
  return found === 1;
}

async function until(good: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end; ) {
    if (await good()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('it did not happen');
}

const ENTRY: CacheEntry = {
  status: 200,
  statusText: 'OK',
  headers: { etag: '"1"' },
  body: new Uint8Array([0, 10, 255, 10]),
  policy: { v: 1 },
};
const KEEP = { ttlMs: 60_000, tags: ['t'] };
const count = (seen: number | undefined) => ({ state: (seen ?? 0) + 1, result: (seen ?? 0) + 1 });

describe.skipIf(!installed)('createRedisStore (with redis-server)', () => {
  beforeAll(startRedis);
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });
  afterAll(async () => {
    await stopRedis();
    rmSync(folder, { recursive: true, force: true });
  });

  test('shares a sliding window between replicas', async () => {
    const [a, b] = [await openStore(), await openStore()];
    const limit = { calls: 5, windowMs: 400 };
    const taken = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 ? a : b).windows.take('w', limit)),
    );
    expect(taken.filter((each) => each.taken).length).toBe(5);
    const refused = taken.find((each) => !each.taken) as { waitMs: number };
    expect(refused.waitMs).toBeGreaterThan(0);
    expect(refused.waitMs).toBeLessThanOrEqual(400);
    await until(async () => (await a.windows.take('w', limit)).taken);
    expect((await a.windows.take('none', { calls: 0, windowMs: 50 })).taken).toBe(false);
  });

  test('changes a cell as one step, whoever changes it', async () => {
    const [a, b] = [await openStore(), await openStore()];
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 ? a : b).cells.update('c', 10_000, count)),
    );
    expect(results.toSorted((x, y) => x - y)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  test('keeps answers with every byte, and drops them by tag for all replicas', async () => {
    const [a, b] = [await openStore(), await openStore()];
    await a.cache.set('k', ENTRY, KEEP);
    expect(await b.cache.get('k')).toMatchObject({ ...ENTRY, body: expect.objectContaining({ length: 4 }) });
    expect(Array.from((await b.cache.get('k'))!.body)).toEqual([0, 10, 255, 10]);
    await b.cache.dropTagged(['t']);
    expect(await a.cache.get('k')).toBeUndefined();
    await a.cache.set('k', ENTRY, KEEP);
    await b.cache.delete('k');
    expect(await a.cache.get('k')).toBeUndefined();
    await a.cache.set('large', { ...ENTRY, body: new Uint8Array(2 ** 20 + 1) }, KEEP);
    await a.cache.set('brief', ENTRY, { ...KEEP, ttlMs: 30 });
    expect(await a.cache.get('large')).toBeUndefined();
    await until(async () => (await a.cache.get('brief')) === undefined);
  });

  test('has answers that one replica keeps read by another, by whom they belong to only', async () => {
    const [a, b] = [await openStore(), await openStore()];
    const [here, there] = [a, b].map(({ texts }) => createSharedResponses(texts, { pageLength: 4 }));
    const { uri } = (await here!.save('0123456789', 'text/plain', 'ann'))!;
    expect(await there!.read(`${uri}?page=2`, 'ann')).toEqual({
      mediaType: 'text/plain',
      text: '4567',
      page: 2,
      pages: 3,
      next: `${uri}?page=3`,
    });
    expect(await there!.read(uri, 'bob')).toBeUndefined();
    expect(await there!.read(`${uri}?page=9`, 'ann')).toBeUndefined();
  });

  test('does not go on alone with what must not happen twice', async () => {
    const [a, b] = [await openStore(), await openStore()];
    expect(await a.strict.update('once', 10_000, count)).toBe(1);
    expect(await b.strict.update('once', 10_000, count)).toBe(2);
    await stopRedis();
    await expect(a.strict.update('once', 10_000, count)).rejects.toMatchObject({
      code: 'STORE_FAILED',
      retryable: true,
    });
    await startRedis();
  });

  test('lets one replica take the approval of another, once, and none while it cannot see the use of it', async () => {
    const [a, b] = (await Promise.all([openStore(), openStore()])).map(({ strict }) =>
      createApprovals({ cells: strict, clock: systemClock }),
    );
    const [first, second] = [await a!.make('token', 'x'), await a!.make('token', 'x')];
    expect(await b!.redeem('token', 'y', first.text)).toBe('foreign');
    const verdicts = await Promise.all([a!, b!, a!, b!].map((replica) => replica.redeem('token', 'x', first.text)));
    expect(verdicts.sort()).toEqual(['good', 'used', 'used', 'used']);
    server!.kill('SIGSTOP');
    await expect(b!.redeem('token', 'x', second.text)).rejects.toMatchObject({ code: 'STORE_FAILED' });
    server!.kill('SIGCONT');
  });

  test('goes on with a local share when Redis hangs, without waiting long, and comes back', async () => {
    const changes: string[] = [];
    const store = await openStore({ replicas: 2, onChange: (state) => void changes.push(state) });
    changes.length = 0;
    await store.cache.set('before', ENTRY, KEEP);
    server!.kill('SIGSTOP');
    const started = performance.now();
    const taken = [];
    for (let i = 0; i < 10; i++) taken.push((await store.windows.take('h', { calls: 6, windowMs: 60_000 })).taken);
    expect(await store.cells.update('h', 10_000, count)).toBe(1);
    expect(await store.cells.update('h', 10_000, count)).toBe(2);
    await store.cache.set('local', ENTRY, KEEP);
    expect(await store.cache.get('local')).toMatchObject({ status: 200 });
    await store.cache.dropTagged(['t']);
    expect(await store.cache.get('local')).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(taken.filter(Boolean).length).toBe(3);
    server!.kill('SIGCONT');
    await until(() => isShared(store));
    expect(await store.cache.get('before')).toBeUndefined();
    expect(changes).toEqual(['lost', 'back']);
  });

  test('does not open a window anew when Redis is lost, and tells it afterwards what was taken', async () => {
    const limit = { calls: 30, windowMs: 60_000 };
    const [a, b] = [await openStore({ replicas: 2 }), await openStore({ replicas: 2 })];
    const take = async (store: PolicyStore, times: number) => {
      let taken = 0;
      for (let i = 0; i < times; i++) if ((await store.windows.take('o', limit)).taken) taken++;
      return taken;
    };
    const shared = (await take(a, 14)) + (await take(b, 2)) + (await take(a, 1));
    server!.kill('SIGSTOP');
    const alone = (await take(a, 30)) + (await take(b, 30));
    server!.kill('SIGCONT');
    expect(shared).toBe(17);
    expect(alone).toBeGreaterThanOrEqual(10);
    expect(shared + alone).toBeLessThanOrEqual(33);
    await until(async () => (await isShared(a)) && (await isShared(b)));
    await Promise.all([a.windows.take('o', limit), b.windows.take('o', limit)]);
    expect(await take(a, 30)).toBe(Math.max(0, 30 - shared - alone));
    expect((await b.windows.take('o', limit)).taken).toBe(false);
  });

  test('connects again after Redis was restarted', async () => {
    const store = await openStore();
    await stopRedis();
    expect((await store.windows.take('r', { calls: 1, windowMs: 60_000 })).taken).toBe(true);
    await startRedis();
    await until(() => isShared(store));
  });
});

test('a store whose Redis never was there works locally', async () => {
  const store = createRedisStore({ url: join(tmpdir(), 'nowhere.sock') });
  expect((await store.windows.take('x', { calls: 1, windowMs: 60_000 })).taken).toBe(true);
  expect((await store.windows.take('x', { calls: 1, windowMs: 60_000 })).taken).toBe(false);
  await store.close();
});
