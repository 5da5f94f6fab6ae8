import { BridgeError } from '../errors.ts';

/** OpenAI's error object; clients decide by `code` and `param`. */
export interface OpenAiError {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

/** A request that is answered with an error of ours. */
export class RequestFailed extends Error {
  readonly status: number;
  readonly error: OpenAiError;
  readonly headers: { readonly [name: string]: string };

  constructor(
    status: number,
    error: Partial<OpenAiError> & { message: string },
    headers: { readonly [name: string]: string } = {},
  ) {
    super(error.message);
    this.name = 'RequestFailed';
    this.status = status;
    this.error = { type: typeFor(status), param: null, code: null, ...error };
    this.headers = headers;
  }
}

/** 400 in OpenAI's words. `param` is the place in the body, such as `tools[3].function.name`. */
export function badRequest(message: string, param: string | null, code: string | null = null): RequestFailed {
  return new RequestFailed(400, { message, param, code });
}

function typeFor(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}

const STATUS: { readonly [code: string]: number } = {
  CANCELLED: 499,
  TIMEOUT: 504,
  RATE_LIMITED: 429,
  BUSY: 503,
  INTERNAL: 500,
};

/** An error of the bridge as an error of the request. */
export function failedBy(error: unknown): RequestFailed {
  if (error instanceof RequestFailed) return error;
  if (!(error instanceof BridgeError))
    return new RequestFailed(500, { message: 'The request could not be served', code: 'internal_error' });
  const wait = error.retryAfterSeconds;
  const status = STATUS[error.code] ?? 502;
  return new RequestFailed(
    status,
    { message: `${error.message} ${error.hint}`, code: error.code.toLowerCase() },
    wait === undefined ? {} : { 'retry-after': String(Math.ceil(wait)) },
  );
}
