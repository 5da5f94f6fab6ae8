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

/** After a failure Redis is left alone this long: a call must not pay the timeout of every operation in it. */
const LEAVE_ALONE_MS = 1_000;

/** Connects in the background; operations fail at once until there is a connection. */
export function connectRedis(options: RedisConnectionOptions): Shared {
  const clock = options.clock ?? systemClock;
  const timeout = options.timeoutMs ?? 100;
  const redis = new Redis(options.url, {
    commandTimeout: timeout,
    connectTimeout: 2_000,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (tries) => Math.min(tries * 100, 2_000),
  });
  // What goes wrong shows in the operations; without a listener it would end the process.
  redis.on('error', () => undefined);
  let lostUntil = 0;
  redis.on('ready', () => {
    lostUntil = 0;
  });
  let lost = false;
  const change = (now: boolean) => {
    if (lost !== now) options.onChange?.(now ? 'lost' : 'back');
    lost = now;
  };
  return {
    redis,
    prefix: options.prefix ?? 'actionbridge:',
    async run(work) {
      if (clock.now() < lostUntil) return { done: false };
      try {
        const value = await work(redis);
        change(false);
        return { done: true, value };
      } catch (error) {
        if (error instanceof Contended) return { done: false };
        if (!(error instanceof Error)) throw error;
        lostUntil = clock.now() + LEAVE_ALONE_MS;
        change(true);
        return { done: false };
      }
    },
  };
}
