import { type Clock, systemClock } from '../../clock.ts';
import { NetError } from '../../net/errors.ts';
import { Abort, type Signal } from '../../signal.ts';
import type { Middleware } from '../compose.ts';
import type { Call, Exchange } from '../execute.ts';
import type { PolicyOf } from '../policy.ts';
import type { CallResult } from '../types.ts';

/** One deadline over the whole call, and when it is, for those who decide whether waiting is worth it. */
export interface Deadline {
  readonly calls: Middleware<Call, CallResult>;
  /** Milliseconds since the epoch. */
  readonly deadlineAt: (exchange: Exchange) => number;
}

/** The caller's own cancellation and the end of the process (`ending`) reach the socket through the same signal. */
export function createDeadline(policyOf: PolicyOf, clock: Clock = systemClock, ending?: Signal): Deadline {
  const underWay = new Set<Abort>();
  ending?.addEventListener('abort', () => {
    for (const call of underWay) call.abort(ending.reason);
  });
  const calls: Middleware<Call, CallResult> = (next) => async (call) => {
    const { timeoutMs } = policyOf(call.tool);
    call.trace.deadlineAt = clock.now() + timeoutMs;
    const end = new Abort();
    const cancel = () => end.abort(new NetError('cancelled', true, 'The call was cancelled'));
    const timer = setTimeout(late, timeoutMs, end, timeoutMs);
    const { signal } = call.context;
    if (ending?.aborted) end.abort(ending.reason);
    if (signal?.aborted) cancel();
    else signal?.addEventListener('abort', cancel, { once: true });
    underWay.add(end);
    try {
      return await next({ ...call, context: { ...call.context, signal: end } });
    } finally {
      underWay.delete(end);
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
    }
  };
  return { calls, deadlineAt: ({ call }) => call.trace.deadlineAt ?? Number.POSITIVE_INFINITY };
}

function late(end: Abort, timeoutMs: number): void {
  end.abort(new NetError('timeout', true, `The call did not end within ${timeoutMs / 1000} s`));
}
