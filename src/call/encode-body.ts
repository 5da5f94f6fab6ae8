import { unreachable } from '../errors.ts';
import { mediaTypeEssence } from '../operation/media-type.ts';
import type { BodyWire } from '../operation/types.ts';
import { type ReadFile, readFileArgument } from './file-argument.ts';
import { encodeForm } from './form.ts';
import { encodeMultipart } from './multipart.ts';
import { textOf } from './serialize.ts';
import type { ArgumentIssue } from './types.ts';
import { encodeXml } from './xml.ts';

export interface BodyInput {
  readonly wire: BodyWire;
  readonly value: unknown;
  /** The argument the body came from; '' when its properties are arguments themselves. */
  readonly argument: string;
  readonly readFile?: ReadFile;
  readonly boundary?: string;
}

export type EncodedBody =
  | { readonly ok: true; readonly contentType: string; readonly body: string | Uint8Array }
  | { readonly ok: false; readonly issues: readonly ArgumentIssue[] };

/** A value as the bytes of a body, under exactly the declared media type. */
export function encodeBody(input: BodyInput): EncodedBody {
  const { wire, value } = input;
  switch (wire.encoding) {
    case 'json':
      return { ok: true, contentType: wire.mediaType, body: JSON.stringify(value) };
    case 'json-lines':
      return encodeLines(input);
    case 'text':
      return { ok: true, contentType: wire.mediaType, body: textOf(value) };
    case 'bytes':
      return encodeBytes(input);
    case 'form':
      return isObject(value)
        ? { ok: true, contentType: wire.mediaType, body: encodeForm(value, wire.fields) }
        : notObject(input, 'a form');
    case 'multipart': {
      const { readFile, boundary } = input;
      if (!isObject(value)) return notObject(input, 'a multipart body');
      return encodeMultipart(value, {
        mediaType: wire.mediaType,
        fields: wire.fields,
        ...(readFile ? { readFile } : {}),
        ...(boundary ? { boundary } : {}),
      });
    }
    case 'xml':
      return encodeXmlBody(input);
    default:
      return unreachable(wire);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function notObject({ argument }: BodyInput, what: string): EncodedBody {
  return { ok: false, issues: [{ argument: argument || 'body', message: `must be an object: it is sent as ${what}` }] };
}

/** JSON lines end each text with a line feed; RFC 7464 also begins each with a record separator. */
function encodeLines({ wire, value }: BodyInput): EncodedBody {
  const values = Array.isArray(value) ? value : [value];
  const start = mediaTypeEssence(wire.mediaType).endsWith('json-seq') ? '\u001e' : '';
  return {
    ok: true,
    contentType: wire.mediaType,
    body: values.map((item) => `${start}${JSON.stringify(item)}\n`).join(''),
  };
}

function encodeBytes({ wire, value, argument, readFile }: BodyInput): EncodedBody {
  const file = readFileArgument(value, readFile);
  if (typeof file === 'string') return { ok: false, issues: [{ argument: argument || 'body', message: file }] };
  const contentType = wire.mediaType.includes('*') ? (file.mimeType ?? 'application/octet-stream') : wire.mediaType;
  return { ok: true, contentType: contentType.replace(/[\u0000-\u001f\u007f-\uffff]/g, ''), body: file.bytes };
}

function encodeXmlBody({ wire, value, argument }: BodyInput): EncodedBody {
  if (wire.encoding !== 'xml') return unreachable(wire as never);
  try {
    return { ok: true, contentType: wire.mediaType, body: encodeXml(value, wire) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { ok: false, issues: [{ argument: argument || 'body', message: error.message }] };
  }
}
