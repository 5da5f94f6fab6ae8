import { wantedLoginOf } from '../auth/missing.ts';
import type { BridgeError } from '../errors.ts';
import type { CallFailure } from './types.ts';

/** An error of ours as a result tells it. */
export function failureOf(error: BridgeError): CallFailure {
  const { code, message, hint, retryable, retryAfterSeconds } = error;
  const login = wantedLoginOf(error);
  return {
    code,
    message,
    hint,
    retryable,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(login ? { login } : {}),
  };
}
