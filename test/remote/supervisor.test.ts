import { afterEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { supervise } from '../../src/remote/supervisor.ts';
import type { ServerTarget } from '../../src/remote/types.ts';
import { createMemoryLog, stdioTarget } from './fixtures.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A clock on which waiting takes no time, until `hold` milliseconds or more are waited for. */
function createClock(hold: number): Clock & { readonly waits: number[]; go(): void } {
  const waits: number[] = [];
  let now = 0;
  let go = () => {};
  return {
    waits,
    go: () => go(),
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        waits.push(ms);
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
        const pass = () => {
          now += ms;
          resolve();
        };
        if (ms < hold) setImmediate(pass);
        else go = pass;
      }),
  };
}

function superviseWith(target: ServerTarget, clock: Clock) {
  const { log, lines } = createMemoryLog();
  const server = supervise({
    name: 'one',
    target,
    openFetch: async () => {
      throw new Error('no network here');
    },
    onChanged: () => undefined,
    onUpdated: () => undefined,
    onConnected: () => undefined,
    log,
    clock,
    startTimeoutMs: 15_000,
  });
  cleanUps.push(() => server.close());
  return { server, lines };
}

const GONE: ServerTarget = { kind: 'stdio', command: '/no/such/program', args: [], env: {} };
const signal = () => AbortSignal.timeout(20_000);

describe('a server that cannot be started', () => {
  it('is tried again after 1, 1, 2 and 4 s, and then left alone for 60 s', async () => {
    const clock = createClock(60_000);
    const { server } = superviseWith(GONE, clock);
    await expect.poll(() => clock.waits).toEqual([1_000, 1_000, 2_000, 4_000, 60_000]);
    await expect(server.connection(signal())).rejects.toMatchObject({
      code: 'BREAKER_OPEN',
      retryable: true,
      retryAfterSeconds: 60,
      message: expect.stringContaining('ENOENT'),
    });
  });

  it('is left alone twice as long after each further failure, for 5 min at most', async () => {
    const clock = createClock(60_000);
    superviseWith(GONE, clock);
    for (const wait of [60_000, 120_000, 240_000, 300_000, 300_000]) {
      await expect.poll(() => clock.waits.at(-1)).toBe(wait);
      if (wait === 300_000 && clock.waits.filter((each) => each === wait).length === 2) break;
      const before = clock.waits.length;
      clock.go();
      await expect.poll(() => clock.waits.length).toBe(before + 1);
    }
  });

  it('tells a call that waited for it that nothing was sent', async () => {
    const { server } = superviseWith(GONE, createClock(1_000));
    await expect(server.connection(signal())).rejects.toMatchObject({ name: 'NetError', kind: 'connect', sent: false });
  });
});

describe('a server that is there', () => {
  it('gives its connection at once, and again after it was renewed', async () => {
    const { server } = superviseWith(stdioTarget('second'), createClock(60_000));
    const first = await server.connection(signal());
    expect(await server.connection(signal())).toBe(first);
    server.renew(first, 'a reason');
    const second = await server.connection(signal());
    expect(second).not.toBe(first);
    expect(server.failure).toBeUndefined();
  });

  it('is forgiven its failures when it answers, and only then', async () => {
    const clock = createClock(60_000);
    const { server } = superviseWith(stdioTarget('second'), clock);
    for (let round = 0; round < 4; round++) server.renew(await server.connection(signal()), 'over');
    server.answered();
    server.renew(await server.connection(signal()), 'over');
    await server.connection(signal());
    expect(clock.waits).toEqual([1_000, 2_000, 4_000]);
  });

  it('does not hold a call that is cancelled', async () => {
    const silent: ServerTarget = {
      kind: 'stdio',
      command: process.execPath,
      args: ['-e', 'setInterval(() => {}, 1000)'],
      env: {},
    };
    const { server } = superviseWith(silent, createClock(60_000));
    const controller = new AbortController();
    const waiting = server.connection(controller.signal);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  it('has no connection for anybody once it is closed', async () => {
    const { server } = superviseWith(stdioTarget('first'), createClock(60_000));
    await server.settled;
    await server.close();
    await expect(server.connection(signal())).rejects.toMatchObject({ kind: 'cancelled', sent: false });
  });
});
