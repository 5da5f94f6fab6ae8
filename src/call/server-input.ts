/**
 * What an MCP server may ask of the client that calls one of its tools, takes one of its prompts or reads one of its resources,
 * and what came back (MCP 2026-07-28, "Multi Round-Trip Requests").
 */
export interface ServerInput {
  /** Of the client, as it states them. */
  readonly capabilities: { readonly [capability: string]: unknown };
  /** The answers to what the server has asked. */
  readonly responses?: { readonly [key: string]: unknown };
  /** Given by the server with its questions. */
  readonly state?: string;
}

/** What a server asks instead of answering. */
export interface WantedInput {
  readonly requests: { readonly [key: string]: unknown };
  readonly state?: string;
}

/** The capabilities that let a server ask something. */
export const ASKABLE = ['elicitation', 'sampling', 'roots'] as const;

/** JSON-RPC error of a server that would have to ask what this client cannot answer (MCP 2026-07-28). */
export const MISSING_CAPABILITY = -32021;

/** Undefined for a result that is one, and asks nothing. */
export function wantedInputOf(result: object): WantedInput | undefined {
  const { resultType, inputRequests, requestState } = result as { readonly [member: string]: unknown };
  if (resultType !== 'input_required') return undefined;
  return {
    requests: isRecord(inputRequests) ? inputRequests : {},
    ...(typeof requestState === 'string' ? { state: requestState } : {}),
  };
}

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
