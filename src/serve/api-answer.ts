import type { CallOutcome } from '../bridge.ts';
import { jsonOfContent, textOfContent } from '../call/mcp-content.ts';
import type { CallFailure, Content } from '../call/types.ts';
import { unreachable } from '../errors.ts';

/** An HTTP answer, not yet written. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: string | Uint8Array | null;
}

const JSON_TYPE = { 'content-type': 'application/json' } as const;

/** A call's outcome as plain HTTP: the API's own answer, or an error object with the status that says the same. */
export function answerFor(outcome: CallOutcome): HttpAnswer {
  const { result, requestId } = outcome;
  switch (result.kind) {
    case 'ok':
      return { ...contentAnswer(result.content), status: result.content.kind === 'none' ? 204 : 200 };
    case 'refused':
      return withStatus(result.status, result.content);
    case 'invalid':
      return errorAnswer(400, {
        code: 'ARGUMENTS_INVALID',
        message: 'The arguments are not valid; nothing was sent.',
        issues: result.issues,
        requestId,
      });
    case 'failed':
      return failureAnswer(result.error, statusFor(result.error.code), requestId);
    case 'unknown':
      return failureAnswer(result.error, result.error.code === 'TIMEOUT' ? 504 : 502, requestId, 'unknown');
    default:
      return unreachable(result);
  }
}

/** `{ "error": { code, message, … } }` */
export function errorAnswer(
  status: number,
  error: { readonly code: string; readonly message: string; readonly [member: string]: unknown },
  headers: HttpAnswer['headers'] = {},
): HttpAnswer {
  return { status, headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify({ error }) };
}

/** The status of an error of the bridge: 4xx when the caller can do something about it, 5xx when it cannot. */
function statusFor(code: string): number {
  return STATUS[code] ?? 500;
}

const STATUS: { readonly [code: string]: number } = {
  TOOL_UNKNOWN: 404,
  NOT_PERMITTED: 403,
  CONFIRMATION_REQUIRED: 403,
  INPUT_REQUIRED: 403,
  CONFIRMATION_DECLINED: 403,
  RATE_LIMITED: 429,
  CANCELLED: 499,
  BUSY: 503,
  BREAKER_OPEN: 503,
  AUDIT_FAILED: 503,
  TIMEOUT: 504,
  CONNECT_FAILED: 502,
  ADDRESS_REFUSED: 502,
  RESPONSE_TOO_LARGE: 502,
  RESPONSE_INVALID: 502,
  UPSTREAM_FAILED: 502,
  MCP_SERVER_FAILED: 502,
  MCP_REFUSED: 502,
  CREDENTIAL_MISSING: 502,
  CREDENTIAL_REFUSED: 502,
  AUTH_UNSUPPORTED: 502,
  OAUTH_FAILED: 502,
  OAUTH_STATE: 502,
  OAUTH_DISCOVERY: 502,
};

function failureAnswer(error: CallFailure, status: number, requestId: string, outcome?: 'unknown'): HttpAnswer {
  const wait = error.retryAfterSeconds;
  return errorAnswer(
    status,
    { ...error, ...(outcome ? { outcome } : {}), requestId },
    wait === undefined ? {} : { 'retry-after': String(Math.ceil(wait)) },
  );
}

/** Some refusals have no body, and 401 here would say that the caller's own token is wrong: the marker tells whose it is. */
function withStatus(status: number, content: Content): HttpAnswer {
  const answer = contentAnswer(content);
  return { ...answer, status, headers: { ...answer.headers, 'actionbridge-upstream-status': String(status) } };
}

function contentAnswer(content: Content): Omit<HttpAnswer, 'status'> {
  switch (content.kind) {
    case 'none':
      return { headers: {}, body: null };
    case 'json':
      return { headers: JSON_TYPE, body: content.text };
    case 'text':
      return { headers: { 'content-type': `${essence(content.mediaType)}; charset=utf-8` }, body: content.text };
    case 'image':
    case 'audio':
    case 'binary':
      return { headers: { 'content-type': essence(content.mediaType) }, body: content.bytes };
    case 'multipart':
      return { headers: { 'content-type': multipartType(content.mediaType) }, body: content.bytes };
    case 'mcp':
      return mcpAnswer(content);
    default:
      return unreachable(content);
  }
}

/** The plainest form that loses nothing: the JSON value, the bytes of one image or sound, text, else the blocks themselves. */
function mcpAnswer(content: Extract<Content, { kind: 'mcp' }>): Omit<HttpAnswer, 'status'> {
  const { blocks, structured } = content;
  const [first] = blocks;
  const json = jsonOfContent(content);
  if (json && blocks.every(({ type }) => type === 'text'))
    return { headers: JSON_TYPE, body: JSON.stringify(json.value) };
  if (blocks.length === 1 && (first?.type === 'image' || first?.type === 'audio'))
    return { headers: { 'content-type': essence(first.mimeType) }, body: Buffer.from(first.data, 'base64') };
  if (blocks.every(({ type }) => type === 'text'))
    return { headers: { 'content-type': 'text/plain; charset=utf-8' }, body: textOfContent(content) };
  const whole = { content: blocks, ...(structured === undefined ? {} : { structuredContent: structured }) };
  return { headers: JSON_TYPE, body: JSON.stringify(whole) };
}

/** With its parameters, which tell where the parts begin; they must not break the header. */
function multipartType(mediaType: string): string {
  return /^[\x20-\x7e]*$/.test(mediaType) ? mediaType : essence(mediaType);
}

function essence(mediaType: string): string {
  const type = mediaType.split(';')[0]!.trim().toLowerCase();
  return /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/.test(type) ? type : 'application/octet-stream';
}
