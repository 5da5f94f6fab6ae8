import { cleanText } from '../operation/text.ts';
import type { Content, Part } from './types.ts';

/** Reads the body of one part by its headers; `depth` counts the multiparts around it. */
export type ReadPart = (headers: { readonly [name: string]: string }, body: Uint8Array, depth: number) => Content;

const MAX_PARTS = 100;
const MAX_DEPTH = 3;
const MAX_HEADERS = 16_384;
const [LINE_FEED, RETURN, SPACE, TAB, DASH] = [10, 13, 32, 9, 45];

/**
 * The parts of a multipart body (RFC 2046 §5.1), those of a part that is one itself among them; line ends may be bare. Undefined
 * for what is none, or has no end: that is the file it is.
 */
export function readMultipart(
  body: Uint8Array,
  contentType: string,
  { read, depth }: { readonly read: ReadPart; readonly depth: number },
): readonly Part[] | undefined {
  const boundary = parameterOf(contentType, 'boundary');
  if (boundary === undefined || depth >= MAX_DEPTH) return undefined;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const found = splitParts(bytes, Buffer.from(`--${boundary}`, 'latin1'));
  const parts = found?.flatMap((part) => readPart(part, read, depth + 1));
  return parts && parts.length > 0 && parts.length <= MAX_PARTS ? parts : undefined;
}

/** A delimiter stands at the beginning of a line; the line end before it is its own. */
function splitParts(body: Buffer, delimiter: Buffer): Buffer[] | undefined {
  const parts: Buffer[] = [];
  let begin: number | undefined;
  for (let at = body.indexOf(delimiter); at >= 0; at = body.indexOf(delimiter, at + 1)) {
    const after = at + delimiter.length;
    const isLast = body[after] === DASH && body[after + 1] === DASH;
    const next = isLast ? after : lineAfter(body, after);
    if ((at > 0 && body[at - 1] !== LINE_FEED) || next === undefined) continue;
    if (begin !== undefined) parts.push(body.subarray(begin, Math.max(begin, lineEndBefore(body, at))));
    if (isLast) return parts;
    if (parts.length > MAX_PARTS) return undefined;
    begin = next;
  }
  return undefined;
}

/** Where the next line begins, when nothing but white space stands before it. */
function lineAfter(body: Buffer, from: number): number | undefined {
  let at = from;
  while (body[at] === SPACE || body[at] === TAB || body[at] === RETURN) at++;
  return body[at] === LINE_FEED ? at + 1 : undefined;
}

function lineEndBefore(body: Buffer, at: number): number {
  return body[at - 2] === RETURN ? at - 2 : at - 1;
}

function readPart(part: Buffer, read: ReadPart, depth: number): Part[] {
  const { headers, body } = splitHead(part);
  const bytes = /^base64$/i.test(headers['content-transfer-encoding'] ?? '')
    ? new Uint8Array(Buffer.from(body.toString('latin1'), 'base64'))
    : body;
  const content = read({ 'content-type': 'text/plain', ...headers }, bytes, depth);
  if (content.kind === 'multipart') return [...content.parts];
  const name = parameterOf(headers['content-disposition'] ?? '', 'name') ?? headers['content-id'];
  return [{ content, ...(name === undefined ? {} : { name: cleanText(name) }) }];
}

/** Header lines up to an empty one; a part may have none. */
function splitHead(part: Buffer): { readonly headers: { readonly [name: string]: string }; readonly body: Buffer } {
  const empty = /^\r?\n|\r?\n\r?\n/.exec(part.subarray(0, MAX_HEADERS).toString('latin1'));
  if (!empty) return { headers: {}, body: part };
  const lines = part
    .subarray(0, empty.index)
    .toString()
    .replace(/\r?\n[ \t]+/g, ' ')
    .split(/\r?\n/);
  const headers = lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return colon > 0 ? [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()] as const] : [];
  });
  return { headers: Object.fromEntries(headers), body: part.subarray(empty.index + empty[0].length) };
}

/** Of a header such as Content-Type: a token or a quoted string (RFC 9110 §5.6.6). */
function parameterOf(header: string, name: string): string | undefined {
  const found = new RegExp(`;\\s*${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;"]+))`, 'i').exec(header);
  return found?.[1]?.replace(/\\(.)/g, '$1') ?? found?.[2];
}
