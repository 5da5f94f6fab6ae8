import {
  isJsonLinesMediaType,
  isJsonMediaType,
  isTextMediaType,
  isXmlMediaType,
  mediaTypeEssence,
} from '../operation/media-type.ts';
import { type ReadPart, readMultipart } from './read-multipart.ts';
import type { Content, RawResponse } from './types.ts';

type Received = Pick<RawResponse, 'status' | 'headers' | 'body' | 'partial'>;

/** An answer's body by its media type (RFC 9110 §8.3). `depth`: multiparts around it. What is declared as JSON and is none becomes text; what is declared as nothing is looked at. */
export function readContent({ status, headers, body, partial = false }: Received, depth = 0): Content {
  if (body.length === 0 || status === 204 || status === 304) return { kind: 'none' };
  const declared = single(headers['content-type']) ?? '';
  const mediaType = mediaTypeEssence(declared);
  const charset = /;\s*charset="?([^";\s]+)/i.exec(declared)?.[1];
  if (isJsonMediaType(mediaType)) return readJson(body, charset, mediaType);
  if (isJsonLinesMediaType(mediaType)) return readLines(decode(body, charset), mediaType);
  if (mediaType === 'text/event-stream') return readEvents(whole(decode(body, charset), partial));
  if (mediaType.startsWith('image/') && mediaType !== 'image/svg+xml') return binary('image', body, mediaType, headers);
  if (mediaType.startsWith('audio/')) return binary('audio', body, mediaType, headers);
  if (isTextMediaType(mediaType) || isXmlMediaType(mediaType) || mediaType === 'application/x-www-form-urlencoded')
    return { kind: 'text', text: decode(body, charset), mediaType };
  if (mediaType === '' || mediaType === '*/*') return sniff(body);
  if (mediaType.startsWith('multipart/')) {
    const parts = readMultipart(body, declared, { read: readPart, depth });
    if (parts) return { kind: 'multipart', parts, bytes: body, mediaType: declared };
  }
  return binary('binary', body, mediaType, headers);
}

const readPart: ReadPart = (headers, body, depth) => readContent({ status: 200, headers, body }, depth);

function single(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}

/** Text in the declared charset (WHATWG Encoding labels), a byte order mark first, else UTF-8. */
function decode(body: Uint8Array, charset: string | undefined): string {
  return decoderFor(body, charset).decode(body);
}

function decoderFor(body: Uint8Array, charset: string | undefined): { decode(bytes: Uint8Array): string } {
  if (body[0] === 0xff && body[1] === 0xfe) return new TextDecoder('utf-16le');
  if (body[0] === 0xfe && body[1] === 0xff) return new TextDecoder('utf-16be');
  if (charset === undefined || /^utf-?8$/i.test(charset)) return UTF8;
  try {
    return new TextDecoder(charset);
  } catch {
    return UTF8;
  }
}

const UTF8 = new TextDecoder();

function readJson(body: Uint8Array, charset: string | undefined, mediaType: string): Content {
  const text = decode(body, charset);
  const value = parse(text);
  return value === undefined ? { kind: 'text', text, mediaType } : { kind: 'json', value: value.json, text };
}

function parse(text: string): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** JSON lines, NDJSON, RFC 7464: the texts as one array; as text when one of them is no JSON. */
function readLines(text: string, mediaType: string): Content {
  const values = text
    .split(/[\n\u001e]/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map(parse);
  return values.every((value) => value !== undefined)
    ? collected(values.map((value) => value.json))
    : { kind: 'text', text, mediaType };
}

/** Of a stream that was left, the event that had only begun is not shown. */
function whole(text: string, partial: boolean): string {
  if (!partial) return text;
  const end = Math.max(text.lastIndexOf('\n\n'), text.lastIndexOf('\r\n\r\n'), text.lastIndexOf('\r\r'));
  return text.slice(0, Math.max(0, end));
}

/** Server-sent events (WHATWG HTML §9.2.6) as one array of { event?, id?, data }, data parsed where it is JSON. */
function readEvents(text: string): Content {
  const events = text.split(/\r\n\r\n|\n\n|\r\r/).flatMap((block) => {
    const event: { event?: string; id?: string; data?: unknown } = {};
    const data: string[] = [];
    for (const line of block.split(/\r\n|\n|\r/)) {
      const colon = line.indexOf(':');
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'data') data.push(value);
      else if (field === 'event' || field === 'id') event[field] = value;
    }
    if (data.length === 0) return [];
    const joined = data.join('\n');
    return [{ ...event, data: parse(joined)?.json ?? joined }];
  });
  return collected(events);
}

function collected(values: readonly unknown[]): Content {
  return { kind: 'json', value: values, text: JSON.stringify(values) };
}

function binary(
  kind: 'image' | 'audio' | 'binary',
  bytes: Uint8Array,
  mediaType: string,
  headers: RawResponse['headers'],
): Content {
  const filename = filenameOf(single(headers['content-disposition']));
  return { kind, bytes, mediaType, ...(filename === undefined ? {} : { filename }) };
}

/** RFC 6266: `filename*` before `filename`; folders are cut off. */
function filenameOf(disposition: string | undefined): string | undefined {
  if (disposition === undefined) return undefined;
  const extended = /filename\*\s*=\s*utf-8''([^;]+)/i.exec(disposition)?.[1];
  const plain = /filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]+))/i.exec(disposition);
  const name =
    extended === undefined
      ? (plain?.[1]?.replace(/\\(.)/g, '$1') ?? plain?.[2]?.trim())
      : percentDecoded(extended.trim());
  return (
    name
      ?.split(/[/\\]/)
      .at(-1)
      ?.replace(/[\u0000-\u001f\u007f]/g, '') || undefined
  );
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function sniff(body: Uint8Array): Content {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    const value = /^\s*[[{"\d-]|^\s*(?:true|false|null)\s*$/.test(text) ? parse(text) : undefined;
    if (value) return { kind: 'json', value: value.json, text };
    if (!/[\u0000-\u0008\u000e-\u001a]/.test(text)) return { kind: 'text', text, mediaType: 'text/plain' };
  } catch {
    // Not UTF-8: bytes.
  }
  return { kind: 'binary', bytes: body, mediaType: 'application/octet-stream' };
}
