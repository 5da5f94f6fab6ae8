import type { BridgeError } from '../errors.ts';
import type { CallFailure } from './types.ts';

/** An error of ours as a result tells it. */
export function failureOf({ code, message, hint, retryable, retryAfterSeconds }: BridgeError): CallFailure {
  return { code, message, hint, retryable, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
}
