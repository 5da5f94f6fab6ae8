import type { PriorDiscovery } from '@modelcontextprotocol/client';
import type { Clock } from '../clock.ts';
import { BridgeError } from '../errors.ts';
import type { Log } from '../log.ts';
import { NetError } from '../net/errors.ts';
import { changedParts } from './changed-parts.ts';
import { type Connection, type ConnectOptions, connect } from './connection.ts';
import { isEnd, lastWords, reasonOf } from './reasons.ts';
import type { Offer, Part, ServerOptions } from './types.ts';

/** A server that is kept running: started again when it ends, left alone for a while when that does not help. */
export interface SupervisedServer {
  readonly name: string;
  /** What it offered when it last said so; undefined until it has. */
  readonly offer: Offer | undefined;
  /** Why it is not there now. */
  readonly failure: string | undefined;
  /** Resolves when the first attempt to reach it is over, however it went. */
  readonly settled: Promise<void>;
  /**
   * The connection, as soon as there is one. Throws NetError (nothing was sent) when the attempt that it waited for failed,
   * BREAKER_OPEN with the seconds left while the server is left alone, and the signal's reason.
   */
  connection(signal: AbortSignal): Promise<Connection>;
  /** It has answered: whatever went wrong before is forgiven. */
  answered(): void;
  /** The connection is of no use any more, though nothing has closed it. */
  renew(connection: Connection, why: string): void;
  close(): Promise<void>;
}

export interface SuperviseOptions extends ServerOptions {
  readonly openFetch: ConnectOptions['openFetch'];
  /** Told after the offer has changed. */
  readonly onChanged: (part: Part) => void;
  /** A resource that is watched on its connection has changed. */
  readonly onUpdated: (uri: string) => void;
  readonly onConnected: (connection: Connection) => void;
  readonly log: Log;
  readonly clock: Clock;
  readonly startTimeoutMs?: number;
}

const START_TIMEOUT_MS = 30_000;
/** Before it is started again: at once after the first end, then these. */
const RESTART_MS = [0, 1_000, 2_000, 4_000];
/** That many ends or failed starts in a row, with no answer between them, and it is left alone; see SECURITY.md, "Defaults". */
const BREAKER_FAILURES = 5;
const OPEN_MS = 60_000;
const MAX_OPEN_MS = 300_000;
/** Of stderr. */
const KEPT_LINES = 20;
/** Changes that come together are read once. */
const SETTLE_MS = 50;

/** Starts the server and keeps it running until `close`. Never throws: what goes wrong is told to those who need it. */
export function supervise(options: SuperviseOptions): SupervisedServer {
  const { name, clock } = options;
  const log = options.log.with({ server: name });
  const stop = new AbortController();
  const startTimeoutMs = options.startTimeoutMs ?? START_TIMEOUT_MS;
  let offer: Offer | undefined;
  let failure: string | undefined;
  let failures = 0;
  let openUntil: number | undefined;
  let prior: PriorDiscovery | undefined;
  let said: readonly string[] = [];
  let up: Connection | undefined;
  let rereading: Promise<void> | undefined;
  let current = begin(0);
  const settled = current.then(
    () => undefined,
    () => undefined,
  );

  function begin(afterMs: number): Promise<Connection> {
    const attempt = (afterMs > 0 ? clock.sleep(afterMs, stop.signal) : Promise.resolve()).then(start);
    attempt.catch(() => undefined);
    return attempt;
  }

  async function start(): Promise<Connection> {
    openUntil = undefined;
    said = [];
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(startTimeoutMs)]);
    let connection: Connection | undefined;
    let over = false;
    try {
      connection = await reach({
        openFetch: options.openFetch,
        onStderr: hear,
        signal,
        timeoutMs: startTimeoutMs,
        onChanged: (part) => void reread(part),
        onUpdated: options.onUpdated,
        onEnd: (error) => {
          over = true;
          if (up === connection) ended(error);
        },
      });
      const found = await connection.readOffer(signal);
      if (over) throw new Error('it ended at once');
      if (stop.signal.aborted) throw stop.signal.reason;
      prior = connection.prior;
      up = connection;
      failure = undefined;
      log.info(`The MCP server "${name}" is there: ${found.tools.length} tools`);
      replace(found);
      options.onConnected(connection);
      return connection;
    } catch (error) {
      await connection?.close();
      if (stop.signal.aborted) throw closed();
      prior = undefined;
      throw failed(describe(error, signal));
    }
  }

  /** Some servers of the older generation die of the question which one they are of. */
  async function reach(how: ConnectOptions): Promise<Connection> {
    try {
      return await connect(options.target, prior ? { ...how, prior } : how);
    } catch (error) {
      if (prior || options.target.kind !== 'stdio' || how.signal.aborted || !isEnd(error)) throw error;
      return connect(options.target, { ...how, prior: { kind: 'legacy' } });
    }
  }

  function hear(line: string): void {
    said = [...said.slice(1 - KEPT_LINES), line];
    log.debug(line);
  }

  function describe(error: unknown, signal: AbortSignal): string {
    const why = signal.aborted ? `it did not introduce itself within ${startTimeoutMs / 1000} s` : reasonOf(error);
    return `The MCP server "${name}" could not be started: ${why}${lastWords(said)}`;
  }

  function failed(message: string): NetError {
    failures++;
    failure = message;
    again(Math.max(RESTART_MS[1]!, waitAfter(failures)));
    return new NetError('connect', false, message);
  }

  function ended(error: Error | undefined): void {
    up = undefined;
    failures++;
    failure = `The MCP server "${name}" ended${error ? `: ${error.message}` : ''}${lastWords(said)}`;
    again(waitAfter(failures));
  }

  function again(waitMs: number): void {
    const open = failures >= BREAKER_FAILURES;
    if (open) openUntil = clock.now() + waitMs;
    // A first failed start is told as a diagnostic.
    const tell = offer === undefined && failures === 1 ? log.info : log.warn;
    tell(`${failure}; ${open ? `it is left alone for ${waitMs / 1000} s` : 'it is started again'}`);
    current = begin(waitMs);
  }

  async function reread(part: Part): Promise<void> {
    rereading ??= (async () => {
      await clock.sleep(SETTLE_MS, stop.signal);
      rereading = undefined;
      const connection = up;
      if (connection)
        replace(await connection.readOffer(AbortSignal.any([stop.signal, AbortSignal.timeout(startTimeoutMs)])));
    })();
    await rereading.catch((error: unknown) => {
      rereading = undefined;
      if (!stop.signal.aborted) log.warn(`The changed ${part} of "${name}" could not be read: ${reasonOf(error)}`);
    });
  }

  function replace(next: Offer): void {
    const before = offer;
    offer = next;
    for (const part of changedParts(before, next)) options.onChanged(part);
  }

  return {
    name,
    get offer() {
      return offer;
    },
    get failure() {
      return failure;
    },
    settled,
    connection(signal) {
      if (stop.signal.aborted) return Promise.reject(closed());
      if (openUntil !== undefined) return Promise.reject(leftAlone(name, failure, openUntil - clock.now()));
      return orAborted(current, signal);
    },
    answered() {
      failures = 0;
    },
    renew(connection, why) {
      if (up !== connection) return;
      ended(new Error(why));
      void connection.close();
    },
    async close() {
      stop.abort(closed());
      const open = up;
      up = undefined;
      await open?.close();
      await current.catch(() => undefined);
    },
  };
}

function waitAfter(failures: number): number {
  if (failures < BREAKER_FAILURES) return RESTART_MS[failures - 1]!;
  return Math.min(OPEN_MS * 2 ** (failures - BREAKER_FAILURES), MAX_OPEN_MS);
}

function leftAlone(name: string, failure: string | undefined, waitMs: number): BridgeError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new BridgeError(
    'BREAKER_OPEN',
    `The MCP server "${name}" failed repeatedly and is left alone for another ${seconds} s. ${failure ?? ''}`.trim(),
    { retryable: true, retryAfterSeconds: seconds },
  );
}

function closed(): NetError {
  return new NetError('cancelled', false, 'The bridge is being closed');
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = () => reject(signal.reason);
    if (signal.aborted) return cancel();
    signal.addEventListener('abort', cancel, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', cancel));
  });
}
