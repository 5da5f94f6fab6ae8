import { ProtocolError, SdkError, SdkErrorCode, SdkHttpError, UnauthorizedError } from '@modelcontextprotocol/client';
import { mcpResponse } from '../call/mcp-request.ts';
import type { RawResponse } from '../call/types.ts';
import { BridgeError } from '../errors.ts';
import { NetError } from '../net/errors.ts';
import type { Signal } from '../signal.ts';

/**
 * What a call brought that did not bring a result: a JSON-RPC error and an HTTP status are answers; everything else is thrown
 * as NetError, `sent` saying whether the server may have begun.
 */
export function answerOfFailure(error: unknown, server: string, signal: Signal): RawResponse {
  if (signal.aborted) throw signal.reason instanceof NetError ? signal.reason : cancelled(error);
  if (error instanceof ProtocolError) return mcpResponse({ error: errorOf(error) });
  if (error instanceof UnauthorizedError) return httpAnswer(401, '');
  if (error instanceof SdkHttpError && error.status >= 400) {
    if (isForgotten(error)) throw new NetError('connect', false, `${quoted(server)} has forgotten this session`, error);
    return httpAnswer(error.status, typeof error.data.text === 'string' ? error.data.text : error.message);
  }
  throw netErrorOf(error, server);
}

function errorOf({ code, message, data }: ProtocolError) {
  return { code, message, ...(data === undefined ? {} : { data }) };
}

/** The same for what is no call of a tool, as an error to be told. */
export function errorOfFailure(error: unknown, server: string, signal: Signal): BridgeError {
  if (error instanceof BridgeError) return error;
  if (error instanceof ProtocolError)
    return new BridgeError('MCP_REFUSED', `${quoted(server)} refused the request (${error.code}): ${error.message}`, {
      cause: error,
    });
  try {
    const { status } = answerOfFailure(error, server, signal);
    return new BridgeError('MCP_SERVER_FAILED', `${quoted(server)} answered HTTP ${status}`, { cause: error });
  } catch (failure) {
    return new BridgeError('MCP_SERVER_FAILED', (failure as Error).message, { cause: failure, retryable: true });
  }
}

/** The server answers, but knows this session no more: what was sent was not looked at. */
export function isForgotten(error: unknown): boolean {
  if (!(error instanceof SdkHttpError)) return false;
  const text = typeof error.data.text === 'string' ? error.data.text : '';
  return error.status === 404 || (error.status === 400 && /session/i.test(text));
}

function httpAnswer(status: number, text: string): RawResponse {
  const type = /^\s*[[{]/.test(text) ? 'application/json' : 'text/plain';
  return { status, statusText: '', headers: { 'content-type': type }, body: Buffer.from(text) };
}

function netErrorOf(error: unknown, server: string): NetError {
  const found = causesOf(error).find((cause): cause is NetError => cause instanceof NetError);
  if (found) return new NetError(found.kind, found.sent, `${quoted(server)}: ${found.message}`, error);
  const code = error instanceof SdkError ? error.code : undefined;
  const message = error instanceof Error ? error.message : String(error);
  switch (code) {
    case SdkErrorCode.NotConnected:
      return new NetError('connect', false, `${quoted(server)} is not connected`, error);
    case SdkErrorCode.ConnectionClosed:
    case SdkErrorCode.SendFailed:
      return new NetError('reset', true, `${quoted(server)} ended while it had this call`, error);
    case SdkErrorCode.RequestTimeout:
      return new NetError('timeout', true, `${quoted(server)} did not answer in time`, error);
    default:
      return new NetError('protocol', true, `${quoted(server)} does not keep to the protocol: ${message}`, error);
  }
}

function causesOf(error: unknown): readonly unknown[] {
  const causes: unknown[] = [];
  for (let each = error; each instanceof Error && causes.length < 8; each = each.cause) causes.push(each);
  return causes;
}

function cancelled(cause: unknown): NetError {
  return new NetError('cancelled', true, 'The call was cancelled', cause);
}

function quoted(server: string): string {
  return `The MCP server "${server}"`;
}
