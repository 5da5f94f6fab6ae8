import { type Clock, systemClock } from '../../clock.ts';
import { BridgeError } from '../../errors.ts';
import { NetError } from '../../net/errors.ts';
import { originOf } from '../../net/origin.ts';
import { Abort, type Signal } from '../../signal.ts';
import type { CellStore } from '../../store/types.ts';
import { isSafeMethod } from '../../tool/hints.ts';
import { type BreakerState, type Change, CLOSED, type Permit, permit, settle, type Verdict } from '../breaker-state.ts';
import type { Handler } from '../compose.ts';
import type { Exchange, WireMiddleware } from '../execute.ts';
import type { BreakerPolicy, PolicyOf } from '../policy.ts';
import type { RawResponse } from '../types.ts';
import { endedWhileWaiting } from '../waiting.ts';

export interface BreakerOptions {
  readonly policyOf: PolicyOf;
  readonly cells: CellStore;
  readonly clock?: Clock;
  /** From 0 up to 1. */
  readonly random?: () => number;
  readonly onChange?: (event: {
    readonly api: string;
    readonly origin: string;
    readonly safe: boolean;
    readonly change: 'opened' | 'half-open' | 'closed';
  }) => void;
}

/** Requests that arrive during a probe wait this long for its verdict. */
const PROBE_WAIT_MS = 2_000;
const FORGET_MS = 15 * 60_000;

interface Gate {
  readonly key: string;
  readonly origin: string;
  readonly safe: boolean;
  readonly policy: BreakerPolicy;
  readonly exchange: Exchange;
}

interface Entry {
  readonly permitted: Permit;
  /** Of a probe: to be called when it is over. */
  readonly ended?: () => void;
}

/**
 * One breaker per origin × safe/unsafe (SECURITY.md, Defaults). Connection failures, timeouts and 502/503/504 count; other
 * answers say that the API is alive; cancelled and refused requests say nothing. Open: throws BREAKER_OPEN with the seconds
 * left, and nothing is sent. Those who arrive while the one probe is under way share its verdict.
 */
export function breaker(options: BreakerOptions): WireMiddleware {
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  const probes = new Map<string, Promise<void>>();

  const change = <Result>(
    key: string,
    step: (state: BreakerState) => { readonly state: BreakerState; readonly result: Result },
  ) => options.cells.update<BreakerState, Result>(key, FORGET_MS, (state) => step(state ?? CLOSED));

  const ask = ({ key, policy }: Gate) => change(key, (state) => permit(state, policy, clock.now()));

  /** A promise only when the cells are elsewhere. */
  function report(gate: Gate, verdict: Verdict, probe: boolean): Promise<void> | undefined {
    const jitter = random();
    const result = change<Change>(gate.key, (state) =>
      settle(state, gate.policy, { verdict, probe, now: clock.now(), random: jitter }),
    );
    if (result instanceof Promise) return result.then((settled) => tell(gate, settled));
    tell(gate, result);
    return undefined;
  }

  function tell({ exchange, origin, safe }: Gate, change: Change | 'half-open'): void {
    if (change !== 'unchanged') options.onChange?.({ api: exchange.call.tool.api, origin, safe, change });
  }

  async function enter(gate: Gate, first: Permit): Promise<Entry> {
    if (first.kind === 'probe') return { permitted: first, ended: announce(gate) };
    const verdict = probes.get(gate.key);
    if (first.kind !== 'probing' || !verdict) return { permitted: first };
    await atMost(clock, verdict, PROBE_WAIT_MS, gate.exchange.signal);
    const second = await ask(gate);
    return { permitted: second, ...(second.kind === 'probe' ? { ended: announce(gate) } : {}) };
  }

  /** Lets those who come meanwhile wait for this probe; the result ends their wait. */
  function announce(gate: Gate): () => void {
    let end: () => void = () => undefined;
    const verdict = new Promise<void>((resolve) => {
      end = resolve;
    });
    probes.set(gate.key, verdict);
    tell(gate, 'half-open');
    return () => {
      if (probes.get(gate.key) === verdict) probes.delete(gate.key);
      end();
    };
  }

  async function pass(gate: Gate, next: Handler<Exchange, RawResponse>, probe: boolean): Promise<RawResponse> {
    let verdict: Verdict = 'none';
    try {
      const response = await next(gate.exchange);
      verdict = response.status >= 502 && response.status <= 504 ? 'failure' : 'success';
      return response;
    } catch (error) {
      verdict = verdictOf(error, probe);
      throw error;
    } finally {
      const reporting = report(gate, verdict, probe);
      if (reporting) await reporting;
    }
  }

  async function passIfPermitted(
    gate: Gate,
    next: Handler<Exchange, RawResponse>,
    first: Permit | Promise<Permit>,
  ): Promise<RawResponse> {
    const { permitted, ended } = await enter(gate, await first);
    if (permitted.kind === 'open' || permitted.kind === 'probing') throw refusal(gate.origin, permitted);
    try {
      return await pass(gate, next, permitted.kind === 'probe');
    } finally {
      ended?.();
    }
  }

  return (next) => (exchange) => {
    const policy = options.policyOf(exchange.call.tool).breaker;
    if (!policy) return next(exchange);
    const origin = originOf(exchange.plan.url);
    const safe = isSafeMethod(exchange.plan.method);
    const gate: Gate = { key: `${origin} ${safe ? 'safe' : 'unsafe'}`, origin, safe, policy, exchange };
    const first = ask(gate);
    const passes = !(first instanceof Promise) && first.kind === 'pass';
    return passes ? pass(gate, next, false) : passIfPermitted(gate, next, first);
  };
}

/** A probe that broke in any way of the network's has not shown that the API is back. */
function verdictOf(error: unknown, probe: boolean): Verdict {
  if (!(error instanceof NetError) || error.kind === 'cancelled' || error.kind === 'address') return 'none';
  if (error.kind === 'connect') return 'failure';
  if (error.kind === 'timeout') return error.sent ? 'failure' : 'none';
  return probe ? 'failure' : 'none';
}

function refusal(origin: string, permitted: Permit): BridgeError {
  const seconds = permitted.kind === 'open' ? Math.max(1, Math.ceil(permitted.waitMs / 1000)) : 1;
  return new BridgeError('BREAKER_OPEN', `${origin} failed repeatedly and is left alone for another ${seconds} s`, {
    retryable: true,
    retryAfterSeconds: seconds,
  });
}

/** Waits for `work`, but no longer than `ms` and no longer than the call. */
async function atMost(clock: Clock, work: Promise<void>, ms: number, signal: Signal): Promise<void> {
  const stop = new Abort();
  const end = () => stop.abort(signal.reason);
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  try {
    await Promise.race([work, clock.sleep(ms, stop)]);
  } catch (reason) {
    throw endedWhileWaiting(reason);
  } finally {
    signal.removeEventListener('abort', end);
    stop.abort(undefined);
  }
}
