import { setMaxListeners } from 'node:events';
import { type Clock, systemClock } from '../../clock.ts';
import { NetError } from '../../net/errors.ts';
import type { Middleware } from '../compose.ts';
import type { Call, CallTrace, Exchange } from '../execute.ts';
import type { PolicyOf } from '../policy.ts';
import type { CallResult } from '../types.ts';

/** One deadline over the whole call, and when it is, for those who decide whether waiting is worth it. */
export interface Deadline {
  readonly calls: Middleware<Call, CallResult>;
  /** Milliseconds since the epoch. */
  readonly deadlineAt: (exchange: Exchange) => number;
}

/** The caller's own cancellation and the end of the process (`ending`) reach the socket through the same signal. */
export function createDeadline(policyOf: PolicyOf, clock: Clock = systemClock, ending?: AbortSignal): Deadline {
  // Every call under way listens to it.
  if (ending) setMaxListeners(0, ending);
  const ends = new WeakMap<CallTrace, number>();
  const calls: Middleware<Call, CallResult> = (next) => async (call) => {
    const { timeoutMs } = policyOf(call.tool);
    ends.set(call.trace, clock.now() + timeoutMs);
    const controller = new AbortController();
    const cancel = () => controller.abort(new NetError('cancelled', true, 'The call was cancelled'));
    const late = () =>
      controller.abort(new NetError('timeout', true, `The call did not end within ${timeoutMs / 1000} s`));
    const timer = setTimeout(late, timeoutMs);
    const { signal } = call.context;
    const end = () => controller.abort(ending!.reason);
    if (ending?.aborted) end();
    else ending?.addEventListener('abort', end);
    if (signal?.aborted) cancel();
    else signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await next({ ...call, context: { ...call.context, signal: controller.signal } });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
      ending?.removeEventListener('abort', end);
    }
  };
  return { calls, deadlineAt: ({ call }) => ends.get(call.trace) ?? Number.POSITIVE_INFINITY };
}
