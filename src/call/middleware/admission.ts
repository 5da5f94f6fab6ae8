import type { Middleware } from '../compose.ts';
import type { Call } from '../execute.ts';
import { failureOf } from '../failure.ts';
import type { CallResult } from '../types.ts';

/** A call that its surface does not permit ends here, inside the audit, so that it is on record like any other. */
export function admission(): Middleware<Call, CallResult> {
  return (next) => (call) => {
    const { refusal } = call.context;
    return refusal ? Promise.resolve({ kind: 'failed', error: failureOf(refusal) }) : next(call);
  };
}
