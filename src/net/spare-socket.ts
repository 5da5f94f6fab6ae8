import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';

/** A connector that has the next socket ready. */
export interface SpareConnector {
  readonly connect: buildConnector.connector;
  close(): void;
}

/** Servers wait 20 s or more for the first request on a connection; a spare one is given up well before. */
const SPARE_MS = 10_000;

/**
 * Where every request has a connection of its own, the next one is opened as soon as one is in use, so that the call that
 * follows does not wait for TCP and TLS; not before the second request, since many a process makes only one. A spare socket on which anything arrives, its end included, is thrown away: what
 * nobody asked for reaches nobody.
 */
export function withSpare(open: buildConnector.connector): SpareConnector {
  let spare: Spare | undefined;
  let opening = false;
  let asked = 0;
  let closed = false;

  function prepare(target: buildConnector.Options): void {
    if (asked < 2 || spare?.usable || opening || closed) return;
    opening = true;
    open(target, (error, socket) => {
      opening = false;
      if (error) return;
      if (closed) socket.destroy();
      else spare = createSpare(socket);
    });
  }

  return {
    connect(target, done) {
      asked++;
      const socket = spare?.take();
      if (socket) {
        prepare(target);
        // undici does not expect the answer before it has finished asking.
        return queueMicrotask(() => done(null, socket));
      }
      return open(target, (...outcome) => {
        done(...outcome);
        if (outcome[0] === null) prepare(target);
      });
    },
    close() {
      closed = true;
      spare?.drop();
    },
  };
}

interface Spare {
  readonly usable: boolean;
  /** The socket, once, while nothing has happened on it. */
  take(): Socket | undefined;
  drop(): void;
}

const EVENTS = ['readable', 'error', 'close'] as const;

function createSpare(socket: Socket): Spare {
  let usable = true;
  const stopWatching = () => {
    usable = false;
    clearTimeout(timer);
    for (const event of EVENTS) socket.off(event, drop);
  };
  const drop = () => {
    if (!usable) return;
    stopWatching();
    socket.on('error', () => undefined).destroy();
  };
  const timer = setTimeout(drop, SPARE_MS).unref();
  for (const event of EVENTS) socket.on(event, drop);
  socket.unref();
  return {
    get usable() {
      return usable;
    },
    take() {
      if (!usable) return undefined;
      stopWatching();
      socket.ref();
      return socket;
    },
    drop,
  };
}
