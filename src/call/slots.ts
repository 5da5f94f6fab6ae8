import { BridgeError } from '../errors.ts';
import type { Signal } from '../signal.ts';
import type { ConcurrencyPolicy } from './policy.ts';
import { endedWhileWaiting } from './waiting.ts';

/** Gives a place back. */
export type Release = () => void;

/** Places for requests that are under way: so many per key, so many in all, the rest in bounded queues. */
export interface Slots {
  /**
   * Waits for a place, in order of arrival; the result gives it back (once, however often it is called). Throws BUSY when
   * the queue is full, and what ended the call when it ends in the queue.
   */
  acquire(key: string, policy: ConcurrencyPolicy, signal: Signal): Release | Promise<Release>;
  /** Places taken and callers waiting, in all. */
  count(): { readonly taken: number; readonly waiting: number };
}

interface Waiter {
  readonly order: number;
  readonly limit: number;
  readonly enter: () => void;
}

interface Lane {
  taken: number;
  readonly waiting: Set<Waiter>;
}

export function createSlots(total: number): Slots {
  const lanes = new Map<string, Lane>();
  let taken = 0;
  let waiters = 0;
  let order = 0;

  function take(key: string, lane: Lane): () => void {
    lane.taken++;
    taken++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      lane.taken--;
      taken--;
      forget(key, lane);
      admit();
    };
  }

  /** Whoever waits longest and whose lane has room goes first. */
  function admit(): void {
    if (waiters === 0) return;
    while (taken < total) {
      let next: { readonly waiter: Waiter; readonly lane: Lane } | undefined;
      for (const lane of lanes.values()) {
        const [first] = lane.waiting;
        if (first && lane.taken < first.limit && (!next || first.order < next.waiter.order))
          next = { waiter: first, lane };
      }
      if (!next) return;
      next.lane.waiting.delete(next.waiter);
      waiters--;
      next.waiter.enter();
    }
  }

  function forget(key: string, lane: Lane): void {
    if (lane.taken === 0 && lane.waiting.size === 0) lanes.delete(key);
  }

  return {
    count: () => ({ taken, waiting: waiters }),
    acquire(key, { upstream, queue }, signal) {
      const lane = lanes.get(key) ?? { taken: 0, waiting: new Set() };
      if (signal.aborted) return Promise.reject(endedWhileWaiting(signal.reason));
      if (lane.waiting.size === 0 && lane.taken < upstream && taken < total) {
        lanes.set(key, lane);
        return take(key, lane);
      }
      if (lane.waiting.size >= queue) return Promise.reject(busy(key, lane));
      lanes.set(key, lane);
      return new Promise((resolve, reject) => {
        const leave = () => {
          lane.waiting.delete(waiter);
          waiters--;
          forget(key, lane);
          reject(endedWhileWaiting(signal.reason));
          admit();
        };
        const enter = () => {
          signal.removeEventListener('abort', leave);
          resolve(take(key, lane));
        };
        const waiter: Waiter = { order: order++, limit: upstream, enter };
        lane.waiting.add(waiter);
        waiters++;
        signal.addEventListener('abort', leave, { once: true });
      });
    },
  };
}

function busy(key: string, lane: Lane): BridgeError {
  return new BridgeError('BUSY', `${lane.taken} requests to ${key} are under way and ${lane.waiting.size} wait`, {
    retryable: true,
    retryAfterSeconds: 1,
  });
}
