import type { Signal } from '../signal.ts';

/** What went wrong on the network. `sent`: some of the request may have reached the API. */
export class NetError extends Error {
  readonly kind: 'address' | 'connect' | 'timeout' | 'cancelled' | 'reset' | 'protocol' | 'too-large';
  readonly sent: boolean;

  constructor(kind: NetError['kind'], sent: boolean, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'NetError';
    this.kind = kind;
    this.sent = sent;
  }
}

/** The reason of a signal that ended an exchange, with what is known about how far the request came. */
export function endedBy(signal: Signal, sent: boolean): NetError {
  const { reason } = signal;
  if (reason instanceof NetError) return new NetError(reason.kind, sent, reason.message, reason);
  if (reason instanceof Error && reason.name === 'TimeoutError')
    return new NetError('timeout', sent, 'The time for this request is over', reason);
  return new NetError('cancelled', sent, 'The call was cancelled', reason);
}

/**
 * Node's and undici's errors as one kind each. `sent`: the request had begun to leave; before that whatever breaks is a
 * failure to connect.
 */
export function netErrorOf(error: unknown, sent: boolean): NetError {
  if (error instanceof NetError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : String(error);
  if (!sent) {
    const why = code === 'UND_ERR_CONNECT_TIMEOUT' ? 'The connection took too long' : described(code, error);
    return new NetError('connect', false, why, error);
  }
  if (code === 'UND_ERR_HEADERS_TIMEOUT')
    return new NetError('timeout', true, 'The API did not begin to answer in time', error);
  if (code === 'UND_ERR_BODY_TIMEOUT')
    return new NetError('timeout', true, 'The API stopped in the middle of its answer', error);
  if (RESET_CODES.has(code)) return new NetError('reset', true, `The connection broke: ${message}`, error);
  return new NetError('protocol', true, `The answer breaks HTTP: ${message}`, error);
}

const RESET_CODES = new Set([
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_DESTROYED',
  'UND_ERR_CLOSED',
  'ETIMEDOUT',
]);

/** An error of an exchange that cannot tell by itself how far its request came. */
export function classify(error: unknown, signal: Signal | undefined): NetError {
  if (error instanceof NetError) return error;
  return signal?.aborted ? endedBy(signal, true) : netErrorOf(error, !isConnectError(error));
}

function isConnectError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return CONNECT_CODES.has(code) || /^ERR_TLS|CERT|SELF_SIGNED/.test(code);
}

const CONNECT_CODES = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** A host with several addresses fails with one error for each: the first one says enough. */
function described(code: string, error: unknown): string {
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  const message = first instanceof Error ? first.message : String(first);
  return code === '' || message.includes(code) ? message : `${code}: ${message}`;
}
