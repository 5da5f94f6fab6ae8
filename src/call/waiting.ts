import { NetError } from '../net/errors.ts';

/**
 * The error of a call that ended while it waited here. `sent`: whether a request may have reached the API before; without
 * one the call did nothing, and is told so.
 */
export function endedWhileWaiting(reason: unknown, sent = false): NetError {
  if (reason instanceof NetError) return new NetError(reason.kind, sent, reason.message, reason);
  return new NetError('cancelled', sent, 'The call was cancelled', reason);
}
