import type { BreakerPolicy } from './policy.ts';

/** One breaker, as plain JSON. Open while `openUntil` is set; a probe is under way while `probeUntil` is ahead. */
export interface BreakerState {
  /** In a row. */
  readonly failures: number;
  /** The last outcomes, oldest first: `f` failed, `s` succeeded. */
  readonly recent: string;
  readonly openUntil?: number;
  /** How long it was opened for, before jitter: what a failed probe doubles. */
  readonly openMs?: number;
  readonly probeUntil?: number;
}

export type Permit =
  | { readonly kind: 'pass' }
  /** This one request finds out whether the API is back. */
  | { readonly kind: 'probe' }
  | { readonly kind: 'probing' }
  | { readonly kind: 'open'; readonly waitMs: number };

/** `none`: says nothing about the API (cancelled, refused on our side). */
export type Verdict = 'success' | 'failure' | 'none';

export interface Step<Result> {
  readonly state: BreakerState;
  readonly result: Result;
}

export const CLOSED: BreakerState = { failures: 0, recent: '' };

/** Whether a request may go at `now`. A probe that never reports is given up after `openMs`. */
export function permit(state: BreakerState, policy: BreakerPolicy, now: number): Step<Permit> {
  const { openUntil, probeUntil } = state;
  if (openUntil === undefined) return { state, result: { kind: 'pass' } };
  if (now < openUntil) return { state, result: { kind: 'open', waitMs: openUntil - now } };
  if (probeUntil !== undefined && now < probeUntil) return { state, result: { kind: 'probing' } };
  return { state: { ...state, probeUntil: now + policy.openMs }, result: { kind: 'probe' } };
}

export interface Report {
  readonly verdict: Verdict;
  readonly probe: boolean;
  readonly now: number;
  /** From 0 up to 1: `openMs` varies by ± 10 %. */
  readonly random: number;
}

export type Change = 'opened' | 'closed' | 'unchanged';

/** What an outcome makes of the breaker. Once it is open, only its probe counts. */
export function settle(state: BreakerState, policy: BreakerPolicy, report: Report): Step<Change> {
  if (state.openUntil === undefined) return report.verdict === 'none' ? same(state) : counted(state, policy, report);
  if (!report.probe) return same(state);
  const { probeUntil: _, ...waiting } = state;
  if (report.verdict === 'none') return { state: waiting, result: 'unchanged' };
  if (report.verdict === 'success') return { state: CLOSED, result: 'closed' };
  return opened(Math.min((state.openMs ?? policy.openMs) * 2, policy.maxOpenMs), report);
}

function counted(state: BreakerState, policy: BreakerPolicy, report: Report): Step<Change> {
  const failed = report.verdict === 'failure';
  if (!failed && isHealthy(state, policy)) return same(state);
  const failures = failed ? state.failures + 1 : 0;
  const recent = `${state.recent}${failed ? 'f' : 's'}`.slice(-policy.window);
  const share = recent.length < policy.window ? 0 : recent.split('f').length - 1;
  if (failed && (failures >= policy.failures || share >= policy.share * policy.window))
    return opened(policy.openMs, report);
  return { state: { failures, recent }, result: 'unchanged' };
}

/** One more success makes no difference. */
function isHealthy({ failures, recent }: BreakerState, { window }: BreakerPolicy): boolean {
  return failures === 0 && recent.length === window && !recent.includes('f');
}

function opened(openMs: number, { now, random }: Report): Step<Change> {
  return {
    state: { failures: 0, recent: '', openMs, openUntil: now + openMs * (0.9 + 0.2 * random) },
    result: 'opened',
  };
}

function same(state: BreakerState): Step<Change> {
  return { state, result: 'unchanged' };
}
