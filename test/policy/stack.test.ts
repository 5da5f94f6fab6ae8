import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { openAuditLog } from '../../src/audit/log.ts';
import { verifyAudit } from '../../src/audit/verify.ts';
import { compose, type Handler } from '../../src/call/compose.ts';
import type { Exchange } from '../../src/call/execute.ts';
import { createAuditMiddleware } from '../../src/call/middleware/audit.ts';
import { breaker } from '../../src/call/middleware/breaker.ts';
import { cache } from '../../src/call/middleware/cache.ts';
import { concurrency } from '../../src/call/middleware/concurrency.ts';
import { limit } from '../../src/call/middleware/limit.ts';
import { redirect } from '../../src/call/middleware/redirect.ts';
import { retry } from '../../src/call/middleware/retry.ts';
import { type CallPolicy, DEFAULT_POLICY } from '../../src/call/policy.ts';
import { createSlots } from '../../src/call/slots.ts';
import type { RawResponse } from '../../src/call/types.ts';
import { type Clock, systemClock } from '../../src/clock.ts';
import { createAddressPolicy } from '../../src/net/address.ts';
import { createHttpClient } from '../../src/net/client.ts';
import { NetError } from '../../src/net/errors.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { readRecords, useFolder } from '../audit/support.ts';
import { makeExchange, makeResponse } from './exchange.ts';
import { createFakeClock, settle } from './fake-clock.ts';

const folder = useFolder();

/** The whole wire list in the order of `call-path.ts`. */
function setUp(send: Handler<Exchange, RawResponse>, clock: Clock, over: Partial<CallPolicy> = {}) {
  const policy: CallPolicy = { ...DEFAULT_POLICY, cache: { maxSeconds: 300, silentSeconds: 0 }, ...over };
  const policyOf = () => policy;
  const store = createMemoryStore({ clock });
  const slots = createSlots(100);
  const path = join(folder(), 'audit.jsonl');
  const log = openAuditLog({ path, clock });
  const deadlineAt = () => clock.now() + policy.timeoutMs;
  const handler = compose<Exchange, RawResponse>(send, [
    redirect(),
    cache({ policyOf, store: store.cache, clock }),
    limit({ policyOf, windows: store.windows, clock, deadlineAt }),
    retry({ policyOf, clock, deadlineAt }),
    breaker({ policyOf, cells: store.cells, clock }),
    concurrency({ policyOf, slots, clock }),
    createAuditMiddleware({ log, clock }).attempts,
  ]);
  return { handler, slots, path, log };
}

describe('the wire list', () => {
  test('leaks nothing when a call is cancelled at any await', async () => {
    const outcome = fc.constantFrom<number | 'reset' | 'connect'>(200, 200, 304, 503, 429, 'reset', 'connect');
    const plan = fc.record({
      method: fc.constantFrom('GET', 'PUT', 'POST'),
      outcome,
      cancelAfter: fc.nat(25),
      advance: fc.constantFrom(0, 0, 50, 5_000),
    });
    const scenario = fc.record({ calls: fc.array(plan, { minLength: 1, maxLength: 10 }), queue: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ calls, queue }) => {
        const clock = createFakeClock();
        const send = async ({ signal, call }: Exchange): Promise<RawResponse> => {
          await clock.sleep(20, signal);
          const { outcome: kind } = call.args as { outcome: number | 'reset' | 'connect' };
          if (typeof kind === 'string') throw new NetError(kind, kind === 'reset', kind);
          return makeResponse(kind, { 'cache-control': 'max-age=1', etag: '"1"' });
        };
        const rateLimit = { calls: 3, windowMs: 1_000, when: queue ? 'queue' : 'refuse', per: 'api' } as const;
        const it = setUp(send, clock, { rateLimit, concurrency: { upstream: 2, queue: 3 } });
        const running = calls.map(({ method, outcome: kind, cancelAfter }) => {
          const controller = new AbortController();
          const exchange = makeExchange({ method, signal: controller.signal });
          const done = it
            .handler({ ...exchange, call: { ...exchange.call, args: { outcome: kind } } })
            .catch(() => undefined);
          return { controller, done, cancelAfter };
        });
        for (let turn = 0; turn < 25; turn++) {
          for (const { controller, cancelAfter } of running)
            if (cancelAfter === turn) controller.abort(new NetError('cancelled', true, 'The call was cancelled'));
          await (turn % 3 === 0 ? clock.advance(calls[turn % calls.length]!.advance) : Promise.resolve());
        }
        for (const { controller } of running)
          controller.abort(new NetError('cancelled', true, 'The call was cancelled'));
        await settle();
        await Promise.all(running.map(({ done }) => done));
        it.log.close();
        expect(it.slots.count()).toEqual({ taken: 0, waiting: 0 });
        expect(clock.sleeping()).toBe(0);
        expect(verifyAudit(it.path)).toMatchObject({ findings: [], open: 0, torn: 0 });
      }),
      { numRuns: 300 },
    );
  });
});

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

describe('the wire list on real sockets', () => {
  async function upstream(answer: Parameters<typeof createServer>[1]): Promise<string> {
    const server = createServer(answer);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  function overSockets(origin: string, over: Partial<CallPolicy> = {}) {
    const client = createHttpClient({ policy: createAddressPolicy([origin]) });
    const send = ({ plan, signal, call }: Exchange) => {
      call.trace.attempts++;
      return client.send({ ...plan, signal });
    };
    return { ...setUp(send, systemClock, over), client };
  }

  test('a cancelled call closes its socket at once and is on record as cancelled', async () => {
    let closed: (at: number) => void = () => undefined;
    const gone = new Promise<number>((resolve) => {
      closed = resolve;
    });
    let arrived: () => void = () => undefined;
    const seen = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const origin = await upstream((request) => {
      request.socket.on('close', () => closed(performance.now()));
      arrived();
    });
    const it = overSockets(origin);
    const controller = new AbortController();
    const work = it.handler(makeExchange({ url: `${origin}/things/1`, signal: controller.signal }));
    await seen;
    const at = performance.now();
    controller.abort(new NetError('cancelled', true, 'The call was cancelled'));
    await expect(work).rejects.toMatchObject({ kind: 'cancelled' });
    expect((await gone) - at).toBeLessThan(100);
    expect(it.slots.count()).toEqual({ taken: 0, waiting: 0 });
    expect(readRecords(it.path).map(({ event, result }) => [event, result])).toEqual([
      ['started', null],
      ['finished', 'cancelled'],
    ]);
    await it.client.close();
  });

  test('sends a write once, and reads again, when the API processes and then resets', async () => {
    const hits: string[] = [];
    const origin = await upstream((request) => {
      hits.push(request.method!);
      request.socket.destroy();
    });
    const retryNow = { ...DEFAULT_POLICY.retry, backoffMs: [1] };
    const it = overSockets(origin, { retry: retryNow });
    for (const method of ['POST', 'GET'])
      await expect(it.handler(makeExchange({ method, url: `${origin}/things/1` }))).rejects.toMatchObject({
        sent: true,
      });
    expect(hits).toEqual(['POST', 'GET', 'GET', 'GET']);
    await it.client.close();
  });
});
