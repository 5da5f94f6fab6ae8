/** Codes of everything that can go wrong, each with the step that usually mends it. */
export const ERROR_HINTS = {
  USAGE: 'Run "actionbridge --help" for the commands and options.',
  CONFIG_INVALID: 'Correct the key named above; "actionbridge.schema.json" describes the file.',
  SPEC_NOT_FOUND: 'Check the path or URL.',
  SPEC_UNREADABLE: 'Check that the document is complete, and that it is JSON or YAML.',
  SPEC_TOO_LARGE: 'Serve a smaller document, or split it.',
  SPEC_VERSION: 'Give a Swagger 2.0 or an OpenAPI 3.0, 3.1 or 3.2 document.',
  SPEC_INVALID: 'Correct the document at the place named above.',
  SPEC_FETCH: 'Check that the URL answers with the document.',
  SERVER_MISSING: 'Say which server to call with --base-url URL.',
  SERVER_INVALID: 'Correct the server, or override it with --base-url URL.',
  ADDRESS_REFUSED: 'If this address is meant, name it: --allow-host HOST:PORT.',
  CONNECT_FAILED: 'Check that the API is up and that the base URL is right.',
  TIMEOUT: 'Try again, or raise --timeout.',
  RESPONSE_TOO_LARGE: 'Ask for less: a filter, a page or a field list, if the API has one.',
  RESPONSE_INVALID: 'The API broke HTTP; tell its operator.',
  CANCELLED: 'The caller cancelled this call.',
  CREDENTIAL_MISSING: 'Give the credential as named above.',
  CREDENTIAL_REFUSED: 'Check the credential, or log in again.',
  AUTH_UNSUPPORTED: 'Use another scheme, or override it with "auth:" in the config.',
  OAUTH_FAILED: 'Run "actionbridge login" again.',
  OAUTH_STATE: 'Start the login again, in one browser, once.',
  OAUTH_DISCOVERY: 'Check the issuer, or give the endpoints in the config.',
  STORE_FAILED: 'Check the folder named above and its permissions.',
  RATE_LIMITED: 'Wait, then try again; or raise --rate-limit.',
  BUSY: 'Too many calls at once; try again shortly.',
  BREAKER_OPEN: 'The API failed repeatedly and is left alone for a while; try again then.',
  AUDIT_FAILED: 'A call that cannot be audited is not made: free the disk, or check the path of --audit.',
  NOT_PERMITTED: 'This caller may not use that tool.',
  CONFIRMATION_REQUIRED: 'A person must confirm this call.',
  CONFIRMATION_DECLINED: 'The person declined; do not try again unasked.',
  UPSTREAM_FAILED: 'Check the model provider named in "proxy.upstream".',
  MCP_SERVER_FAILED: 'Check the command or URL of that MCP server; its own messages are in the log.',
  MCP_REFUSED: 'Read what the MCP server says.',
  INPUT_REQUIRED: 'Use a client that can answer the server: one that speaks MCP 2026-07-28, or has sessions.',
  TOOL_UNKNOWN: 'List the tools with "actionbridge tools".',
  INTERNAL: 'This is a bug in actionbridge; please report it with the command that was run.',
} as const;

export type ErrorCode = keyof typeof ERROR_HINTS;

/** An error a user can act on: a code, a message that names the place, and the next step. */
export class BridgeError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  /** The same call may succeed later, unchanged. */
  readonly retryable: boolean;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string; cause?: unknown; retryable?: boolean; retryAfterSeconds?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'BridgeError';
    this.code = code;
    this.hint = options.hint ?? ERROR_HINTS[code];
    this.retryable = options.retryable ?? false;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** Ends an exhaustive switch: a new member of the union does not compile until it is handled. */
export function unreachable(value: never): never {
  throw new BridgeError('INTERNAL', `Unexpected value ${JSON.stringify(value)}`);
}
