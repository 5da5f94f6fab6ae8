import { unreachable } from '../errors.ts';
import { mediaTypeEssence } from '../operation/media-type.ts';
import { jsonOfContent } from './mcp-content.ts';
import { MAX_TEXT, shapeJson, shapeText } from './shape.ts';
import type { Answer, ArgumentIssue, CallFailure, CallResult, Content, ContentBlock } from './types.ts';

export type { ContentBlock };

export interface RenderedResult {
  readonly content: readonly ContentBlock[];
  readonly isError?: true;
  readonly structuredContent?: unknown;
}

export interface RenderOptions {
  /** The tool declares an output schema. */
  readonly structured: boolean;
  /** Where the whole of an answer can be read that is too large to be shown. */
  readonly saved?: { readonly uri: string; readonly pages: number };
}

/** A result as models see it, the same on every surface (CONTRACT.md, "Tool result"). */
export function renderResult(result: CallResult, options: RenderOptions): RenderedResult {
  switch (result.kind) {
    case 'ok':
      return renderAnswer(result, options);
    case 'refused':
      if (result.content.kind === 'mcp')
        return {
          content: [...renderContent(result.content, undefined, undefined), ...notesOn(result, options)],
          isError: true,
        };
      return {
        content: [...renderContent(result.content, headOf(result), adviceOn(result)), ...notesOn(result, options)],
        isError: true,
      };
    case 'invalid':
      return failure(invalidText(result.issues));
    case 'failed':
      return failure(failureText(whatFailed(result.error), result.error));
    case 'unknown':
      return failure(failureText('The outcome is unknown', result.error));
    default:
      return unreachable(result);
  }
}

type Refusal = Extract<CallResult, { kind: 'refused' }>;

function headOf(result: Refusal): string {
  return result.location === undefined ? statusLine(result) : `${statusLine(result)}\nLocation: ${result.location}`;
}

function adviceOn({ status, location, retryAfterSeconds }: Refusal): string {
  if (location !== undefined) return REDIRECTED;
  if (retryAfterSeconds === undefined) return hintFor(status);
  return `${hintFor(status)} Try again in ${Math.ceil(retryAfterSeconds)} s.`;
}

const REDIRECTED =
  'This redirect was not followed: only reads are, at most three times, and never to another origin. If the API has moved, its operator has to name the new place.';

/** Blocks of their own: the answer's JSON stays JSON. */
function notesOn({ partial, removed = 0 }: Answer, options: RenderOptions): ContentBlock[] {
  return [
    ...(partial ? [textBlock('This is partial: the stream went on when the time for this call was over.')] : []),
    ...(removed > 0 ? [textBlock(`${removed} invisible characters were taken out of this answer.`)] : []),
    ...savedNote(options),
  ];
}

function savedNote({ saved }: RenderOptions): ContentBlock[] {
  if (!saved) return [];
  const pages = saved.pages === 1 ? 'one page' : `${saved.pages} pages: ?page=1 to ?page=${saved.pages}`;
  return [textBlock(`The whole answer can be read as the resource ${saved.uri} (${pages}).`)];
}

function renderAnswer(result: Answer, options: RenderOptions): RenderedResult {
  const redirected = result.status >= 300 && result.status < 400;
  const blocks =
    result.content.kind === 'none'
      ? [textBlock(statusLine(result))]
      : renderContent(result.content, redirected ? statusLine(result) : undefined, undefined);
  return {
    content: [...blocks, ...notesOn(result, options)],
    ...(options.structured ? { structuredContent: options.saved ? {} : structured(result.content) } : {}),
  };
}

/**
 * Clients throw an answer away that has none where the tool declares what it answers, whatever the API sent. What is no JSON,
 * or too large to be shown, stands in the content alone.
 */
function structured(content: Content): unknown {
  if (content.kind === 'json') return objectRooted(content.value);
  const json = content.kind === 'mcp' ? jsonOfContent(content) : undefined;
  return json ? objectRooted(json.value) : {};
}

function objectRooted(value: unknown): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : { result: value };
}

function statusLine({ status, statusText }: Answer): string {
  return `HTTP ${status} ${statusText || (REASONS[status] ?? '')}`.trim();
}

const REASONS: { readonly [status: number]: string } = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

function renderContent(content: Content, before: string | undefined, after: string | undefined): ContentBlock[] {
  const around = (body: string) =>
    textBlock([before, body, after].filter((part) => part !== undefined && part !== '').join('\n'));
  switch (content.kind) {
    case 'none':
      return [around('')];
    case 'json':
      return [around(shapeJson(content.value, content.text))];
    case 'text':
      return [around(shapeText(content.text))];
    case 'image':
    case 'audio':
      return [
        around(fileLine(content)),
        { type: content.kind, data: base64(content.bytes), mimeType: content.mediaType },
      ];
    case 'binary': {
      const uri = `actionbridge://responses/${encodeURIComponent(content.filename ?? 'body')}`;
      return [
        around(fileLine(content)),
        { type: 'resource', resource: { uri, mimeType: content.mediaType, blob: base64(content.bytes) } },
      ];
    }
    case 'multipart':
      return renderParts(content, before, after);
    case 'mcp':
      return renderBlocks(content);
    default:
      return unreachable(content);
  }
}

/** One after the other, each under its name. */
function renderParts(
  { parts, mediaType }: Extract<Content, { kind: 'multipart' }>,
  before: string | undefined,
  after: string | undefined,
): ContentBlock[] {
  const head = [before, `${mediaTypeEssence(mediaType)}, ${parts.length} ${parts.length === 1 ? 'part' : 'parts'}`];
  const blocks = parts.flatMap(({ content, name }, index) => {
    const called = `part-${index + 1}`;
    if (content.kind === 'none') return [textBlock(`${name ?? called}: (empty)`)];
    const named = content.kind === 'binary' ? { ...content, filename: content.filename ?? called } : content;
    return renderContent(named, name === undefined ? undefined : `${name}:`, undefined);
  });
  const first = textBlock(head.filter((line) => line !== undefined).join('\n'));
  return [first, ...blocks, ...(after === undefined ? [] : [textBlock(after)])];
}

/** As they came, long text cut. What is structured only is told in words too: not every client reads it. */
function renderBlocks(content: Extract<Content, { kind: 'mcp' }>): ContentBlock[] {
  const { blocks, structured } = content;
  if (blocks.length === 0) return [textBlock(structured === undefined ? '(no content)' : JSON.stringify(structured))];
  return blocks.map((block) => {
    if (block.type !== 'text' || block.text.length <= MAX_TEXT) return block;
    const json = jsonOfContent({ kind: 'mcp', blocks: [block] });
    return { ...block, text: json ? shapeJson(json.value, block.text) : shapeText(block.text) };
  });
}

function fileLine(content: Extract<Content, { kind: 'image' | 'audio' | 'binary' }>): string {
  return `${content.mediaType}, ${content.bytes.length} bytes${content.filename === undefined ? '' : `, ${content.filename}`}`;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function textBlock(text: string): ContentBlock {
  return { type: 'text', text };
}

function failure(text: string): RenderedResult {
  return { content: [textBlock(text)], isError: true };
}

function invalidText(issues: readonly ArgumentIssue[]): string {
  return [
    'The arguments are not valid; nothing was sent.',
    ...issues.map(({ argument, message }) => `- ${argument}: ${message}`),
  ].join('\n');
}

/** A call that waits for a person, or that a person did not want, has not failed. */
function whatFailed({ code }: CallFailure): string {
  return code.startsWith('CONFIRMATION_') ? 'Not sent' : 'The call failed';
}

function failureText(what: string, { code, message, hint, retryAfterSeconds }: CallFailure): string {
  const wait = retryAfterSeconds === undefined ? '' : ` Try again in ${Math.ceil(retryAfterSeconds)} s.`;
  return `${what} (${code}): ${message}\n${hint}${wait}`;
}

/** What a model can do about a status. */
function hintFor(status: number): string {
  if (status === 400 || status === 422)
    return 'The API refused these arguments: read what it says, correct them and try again.';
  if (status === 401)
    return 'The API wants a credential, or did not take the one it was given. The operator of this bridge has to see to it.';
  if (status === 403) return 'The credential does not permit this.';
  if (status === 404) return 'There is nothing under these arguments: check ids and names.';
  if (status === 405 || status === 501) return 'The API does not support this operation here.';
  if (status === 409 || status === 412) return 'The state has changed meanwhile: read it again before trying again.';
  if (status === 413) return 'Send less at once.';
  if (status === 415) return 'The API does not take this media type; try another content_type if there is a choice.';
  if (status === 429) return 'Too many requests: wait before trying again.';
  return status >= 500 ? 'The API itself failed; the same call may work later.' : 'The API refused the call.';
}
