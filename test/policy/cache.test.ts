import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Exchange } from '../../src/call/execute.ts';
import { type CacheEvent, type CacheOptions, cache } from '../../src/call/middleware/cache.ts';
import type { CachingPolicy } from '../../src/call/policy.ts';
import type { RawResponse } from '../../src/call/types.ts';
import { NetError } from '../../src/net/errors.ts';
import { createMemoryCache } from '../../src/store/memory-cache.ts';
import { type ExchangeParts, makeExchange, makeResponse, policyWith } from './exchange.ts';
import { createFakeClock } from './fake-clock.ts';

type Upstream = (exchange: Exchange, hit: number) => RawResponse | Promise<RawResponse>;

function setUp(upstream: Upstream, caching: Partial<CachingPolicy> | false = {}, options: Partial<CacheOptions> = {}) {
  const clock = createFakeClock();
  const store = createMemoryCache({ clock, maxBytes: 50 * 2 ** 20, maxEntryBytes: 2 ** 20 });
  const events: CacheEvent[] = [];
  const seen: Exchange[] = [];
  const handler = cache({
    policyOf: policyWith({ cache: caching && { maxSeconds: 300, silentSeconds: 0, ...caching } }),
    store,
    clock,
    onEvent: (_, event) => void events.push(event),
    ...options,
  })(async (exchange) => {
    seen.push(exchange);
    return upstream(exchange, seen.length);
  });
  const get = async (parts: ExchangeParts = {}) => {
    const exchange = makeExchange(parts);
    const response = await handler(exchange);
    return { text: new TextDecoder().decode(response.body), response, cached: exchange.call.trace.cached };
  };
  return { clock, store, events, seen, handler, get };
}

const numbered =
  (headers: { readonly [name: string]: string }, status = 200): Upstream =>
  (_, hit) =>
    makeResponse(status, headers, `answer ${hit}`);

describe('cache', () => {
  test.each<[string, { readonly [name: string]: string }, number, boolean]>([
    ['max-age', { 'cache-control': 'max-age=60' }, 200, true],
    ['private', { 'cache-control': 'private, max-age=60' }, 200, true],
    ['public', { 'cache-control': 'public, max-age=60' }, 200, true],
    ['Expires', { expires: 'Thu, 01 Jan 2026 00:10:00 GMT' }, 200, true],
    ['a cacheable 404', { 'cache-control': 'max-age=60' }, 404, true],
    ['no-store', { 'cache-control': 'no-store, max-age=60' }, 200, false],
    ['no-cache', { 'cache-control': 'no-cache' }, 200, false],
    ['max-age=0', { 'cache-control': 'max-age=0' }, 200, false],
    ['s-maxage alone', { 'cache-control': 's-maxage=60' }, 200, false],
    ['nothing', {}, 200, false],
    ['Last-Modified alone', { 'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT' }, 200, false],
    ['Vary: *', { 'cache-control': 'max-age=60', vary: '*' }, 200, false],
    ['a 500', { 'cache-control': 'max-age=60' }, 500, false],
    ['a 206', { 'cache-control': 'max-age=60' }, 206, false],
  ])('an answer with %s', async (_, headers, status, kept) => {
    const it = setUp(numbered(headers, status));
    expect(await it.get()).toMatchObject({ text: 'answer 1', cached: false });
    expect(await it.get()).toMatchObject({ text: kept ? 'answer 1' : 'answer 2', cached: kept });
  });

  test('is off unless enabled', async () => {
    const it = setUp(numbered({ 'cache-control': 'max-age=60' }), false);
    await it.get();
    expect((await it.get()).text).toBe('answer 2');
  });

  test('ends when the API says, tells the age, and keeps nothing longer than allowed', async () => {
    const it = setUp(numbered({ 'cache-control': 'max-age=60' }));
    await it.get();
    await it.clock.advance(59_000);
    expect((await it.get()).response.headers['age']).toBe('59');
    await it.clock.advance(1_000);
    expect((await it.get()).text).toBe('answer 2');
    const long = setUp(numbered({ 'cache-control': 'max-age=86400' }));
    await long.get();
    await long.clock.advance(299_000);
    expect((await long.get()).text).toBe('answer 1');
    await long.clock.advance(1_000);
    expect((await long.get()).text).toBe('answer 2');
  });

  test('keeps what the API says nothing about for as long as the operator said', async () => {
    const silent = setUp(numbered({}), { silentSeconds: 30 });
    await silent.get();
    await silent.clock.advance(29_000);
    expect((await silent.get()).text).toBe('answer 1');
    await silent.clock.advance(1_000);
    expect((await silent.get()).text).toBe('answer 2');
    const strict = setUp(numbered({ 'cache-control': 'no-store' }), { silentSeconds: 30 });
    await strict.get();
    expect((await strict.get()).text).toBe('answer 2');
  });

  test.each([
    ['etag', '"v1"', 'if-none-match'],
    ['last-modified', 'Mon, 01 Jan 2024 00:00:00 GMT', 'if-modified-since'],
  ])('asks by %s whether an answer still holds', async (validator, value, condition) => {
    const it = setUp(({ plan }, hit) => {
      const asked = plan.headers.find(([name]) => name === condition);
      if (asked?.[1] === value) return makeResponse(304, { [validator]: value, 'x-seen': String(hit) }, '');
      return makeResponse(200, { [validator]: value, 'cache-control': 'max-age=5', 'content-type': 'a/b' }, 'body');
    });
    await it.get();
    await it.clock.advance(6_000);
    const { text, response, cached } = await it.get();
    expect({ text, cached, status: response.status }).toEqual({ text: 'body', cached: true, status: 200 });
    expect(response.headers).toMatchObject({ 'content-type': 'a/b', 'x-seen': '2' });
    expect(it.events).toEqual(['miss', 'revalidated']);
    expect((await it.get()).cached).toBe(true);
    expect(it.seen.length).toBe(2);
  });

  test('takes a new answer when the old one does not hold', async () => {
    const it = setUp((_, hit) => makeResponse(200, { etag: `"${hit}"`, 'cache-control': 'no-cache' }, `body ${hit}`));
    expect((await it.get()).text).toBe('body 1');
    expect(await it.get()).toMatchObject({ text: 'body 2', cached: false });
  });

  test.each<[string, ExchangeParts]>([
    ['principal', { principal: 'B' }],
    ['credential', { credentialKey: 'B' }],
    ['configured key', { headers: [['x-api-key', 'B']] }],
    ['cookie', { headers: [['cookie', 'sid=B']] }],
    ['language', { headers: [['accept-language', 'fi']] }],
    ['query', { url: 'http://shop.test/things/1?a=2' }],
    ['path', { url: 'http://shop.test/things/2' }],
    ['origin', { url: 'http://shop.test:81/things/1' }],
    ['API', { api: 'other' }],
  ])('never gives an answer to another %s', async (_, other) => {
    const it = setUp(numbered({ 'cache-control': 'public, max-age=60' }));
    await it.get({ principal: 'A', credentialKey: 'A', headers: [['x-api-key', 'A']] });
    const { text } = await it.get({ principal: 'A', credentialKey: 'A', headers: [['x-api-key', 'A']], ...other });
    expect(text).toBe('answer 2');
  });

  test('separates by the injected identity', async () => {
    let identity = 'A';
    const it = setUp(numbered({ 'cache-control': 'max-age=60' }), {}, { identityOf: async () => identity });
    await it.get();
    identity = 'B';
    expect((await it.get()).text).toBe('answer 2');
    identity = 'A';
    expect((await it.get()).text).toBe('answer 1');
  });

  test('gives every user their own bodies, whoever asks when', async () => {
    const who = fc.constantFrom('A', 'B', 'C');
    const headers = fc.constantFrom('public, max-age=60', 'private, max-age=60', 'no-cache', 'max-age=1');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(who, who, headers, fc.nat(2_000)), { maxLength: 30 }), async (calls) => {
        const it = setUp(({ call, credentialKey }, hit) =>
          makeResponse(
            200,
            { 'cache-control': String(call.args), etag: `"${hit}"`, vary: 'accept' },
            `${call.context.principal}/${credentialKey}`,
          ),
        );
        for (const [principal, credentialKey, control, gap] of calls) {
          await it.clock.advance(gap);
          const exchange = makeExchange({ principal, credentialKey });
          const response = await it.handler({ ...exchange, call: { ...exchange.call, args: control } });
          expect(new TextDecoder().decode(response.body)).toBe(`${principal}/${credentialKey}`);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('finds an answer whatever the order of the parameters', async () => {
    const it = setUp(numbered({ 'cache-control': 'max-age=60' }));
    await it.get({ url: 'http://shop.test/things?b=2&a=1&a=0' });
    expect((await it.get({ url: 'http://shop.test/things?a=1&a=0&b=2' })).cached).toBe(true);
    expect((await it.get({ url: 'http://shop.test/things?a=0&a=1&b=2' })).cached).toBe(false);
  });

  test.each([
    ['/things/{id}', '/things/{id}', true],
    ['/things/{id}', '/things', true],
    ['/things', '/things/{id}', true],
    ['/things/{id}/parts', '/things/{id}', true],
    ['/things/{id}', '/things/{id}/parts', true],
    ['/things', '/thingsets', false],
    ['/others/{id}', '/things/{id}', false],
  ])('a write to %s drops a read of %s: %s', async (writePath, readPath, dropped) => {
    const it = setUp(numbered({ 'cache-control': 'max-age=60' }));
    await it.get({ path: readPath, principal: 'A' });
    await it.get({ method: 'PUT', path: writePath, principal: 'B' });
    expect((await it.get({ path: readPath, principal: 'A' })).cached).toBe(!dropped);
  });

  test.each<[string, number | NetError, boolean]>([
    ['a 204', 204, true],
    ['a 503', 503, true],
    ['a lost answer', new NetError('reset', true, 'reset'), true],
    ['a 409', 409, false],
    ['a failed connection', new NetError('connect', false, 'refused'), false],
  ])('a write with %s drops reads: %s', async (_, outcome, dropped) => {
    const it = setUp(({ plan }, hit) => {
      if (plan.method === 'GET') return makeResponse(200, { 'cache-control': 'max-age=60' }, `answer ${hit}`);
      if (outcome instanceof NetError) throw outcome;
      return makeResponse(outcome);
    });
    await it.get();
    await it.get({ method: 'DELETE' }).catch(() => undefined);
    expect((await it.get()).cached).toBe(!dropped);
  });

  test('does not keep a read that a write has overtaken', async () => {
    let release: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    const it = setUp(async ({ plan }, hit) => {
      if (plan.method === 'GET') await slow;
      return makeResponse(200, plan.method === 'GET' ? { 'cache-control': 'max-age=60' } : {}, `answer ${hit}`);
    });
    const reading = it.get();
    await it.get({ method: 'PUT' });
    release();
    expect((await reading).cached).toBe(false);
    expect((await it.get()).text).toBe('answer 3');
  });

  test.each([[['if-none-match', '"x"']], [['range', 'bytes=0-1']], [['If-Match', '*']]] as const)(
    'stays out of requests with %j',
    async (header) => {
      const it = setUp(numbered({ 'cache-control': 'max-age=60' }));
      await it.get({ headers: [header] });
      expect((await it.get({ headers: [header] })).text).toBe('answer 2');
      expect(it.events).toEqual([]);
    },
  );

  test('keeps to its limits, the least recently used going first', async () => {
    const clock = createFakeClock();
    const store = createMemoryCache({ clock, maxBytes: 1_000, maxEntryBytes: 450 });
    const entry = (size: number) => ({ ...makeResponse(200, {}, 'x'.repeat(size)), policy: {} });
    const keep = { ttlMs: 1_000, tags: ['t'] };
    await store.set('large', entry(500), keep);
    expect(await store.get('large')).toBeUndefined();
    for (const key of ['a', 'b']) await store.set(key, entry(400), keep);
    await store.get('a');
    await store.set('c', entry(400), keep);
    expect([await store.get('a'), await store.get('b'), await store.get('c')].map(Boolean)).toEqual([
      true,
      false,
      true,
    ]);
    expect(store.bytes()).toBeLessThanOrEqual(1_000);
    await store.dropTagged(['t']);
    expect(store.bytes()).toBe(0);
  });
});
