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
  TOOL_UNKNOWN: 'List the tools with "actionbridge tools".',
  INTERNAL: 'This is a bug in actionbridge; please report it with the command that was run.',
} as const;

export type ErrorCode = keyof typeof ERROR_HINTS;

/** An error a user can act on: a code, a message that names the place, and the next step. */
export class BridgeError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'BridgeError';
    this.code = code;
    this.hint = options.hint ?? ERROR_HINTS[code];
  }
}

/** Ends an exhaustive switch: a new member of the union does not compile until it is handled. */
export function unreachable(value: never): never {
  throw new BridgeError('INTERNAL', `Unexpected value ${JSON.stringify(value)}`);
}
