import { NetError } from '../../net/errors.ts';
import type { Middleware } from '../compose.ts';
import type { Call } from '../execute.ts';
import type { CallResult } from '../types.ts';

/** One deadline over the whole call; the caller's own cancellation reaches the socket through the same signal. */
export function withDeadline(timeoutMs: number): Middleware<Call, CallResult> {
  return (next) => async (call) => {
    const controller = new AbortController();
    const cancel = () => controller.abort(new NetError('cancelled', true, 'The call was cancelled'));
    const late = () =>
      controller.abort(new NetError('timeout', true, `The call did not end within ${timeoutMs / 1000} s`));
    const timer = setTimeout(late, timeoutMs);
    const { signal } = call.context;
    if (signal?.aborted) cancel();
    else signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await next({ ...call, context: { ...call.context, signal: controller.signal } });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
    }
  };
}
