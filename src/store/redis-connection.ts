import { Redis } from 'ioredis';
import { type Clock, systemClock } from '../clock.ts';

export interface RedisConnectionOptions {
  /** `redis://` or `rediss://`, user and password in it, or the path of a unix socket; never shown. */
  readonly url: string;
  /** Before every key; default `actionbridge:`. */
  readonly prefix?: string;
  /** Milliseconds an operation may take; default 100. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
  /** Redis was lost, or is back; for a log line. */
  readonly onChange?: (state: 'lost' | 'back') => void;
}

/** Runs an operation on Redis, or tells that Redis is not there. */
export interface Shared {
  readonly redis: Redis;
  readonly prefix: string;
  run<T>(
    work: (redis: Redis) => Promise<T>,
  ): Promise<{ readonly done: true; readonly value: T } | { readonly done: false }>;
}

/** Thrown by work that Redis did, but not to an end: it is there, and stays in use. */
export class Contended extends Error {
  constructor() {
    super('too many replicas change this at once');
    this.name = 'Contended';
  }
}

/** A call must not pay the timeout of every operation in it: after so many in a row Redis is left alone for a while. */
const FAILURES = 3;
const LEAVE_ALONE_MS = 1_000;
/** What nobody waits for any more is given up at last. */
const COMMAND_MS = 5_000;

/** Connects in the background; operations fail at once until there is a connection. */
export function connectRedis(options: RedisConnectionOptions): Shared {
  const clock = options.clock ?? systemClock;
  const timeoutMs = options.timeoutMs ?? 100;
  const redis = new Redis(options.url, {
    commandTimeout: COMMAND_MS,
    connectTimeout: 2_000,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (tries) => Math.min(tries * 100, 2_000),
  });
  // What goes wrong shows in the operations; without a listener it would end the process.
  redis.on('error', () => undefined);
  const state = { failures: 0, aloneUntil: 0, lost: false };
  redis.on('ready', () => {
    state.failures = 0;
    state.aloneUntil = 0;
  });

  function note(isLost: boolean): void {
    if (state.lost !== isLost) options.onChange?.(isLost ? 'lost' : 'back');
    state.lost = isLost;
  }

  function failed(): void {
    state.failures++;
    const isConnected = redis.status === 'ready';
    if (isConnected && state.failures < FAILURES) return;
    if (isConnected) state.aloneUntil = clock.now() + LEAVE_ALONE_MS;
    note(true);
  }

  return {
    redis,
    prefix: options.prefix ?? 'actionbridge:',
    async run(work) {
      if (clock.now() < state.aloneUntil) return { done: false };
      try {
        const value = await within(timeoutMs, work(redis));
        state.failures = 0;
        note(false);
        return { done: true, value };
      } catch (error) {
        if (error instanceof Contended) return { done: false };
        if (!(error instanceof Error)) throw error;
        failed();
        return { done: false };
      }
    },
  };
}

/**
 * Rejects when the work takes too long. An answer that waits in the socket while this process was busy still counts: timers
 * come before sockets in a turn of the event loop.
 */
function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => setImmediate(() => setImmediate(reject, new Error('Redis did not answer in time'))),
      ms,
    );
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
