import { randomBytes } from 'node:crypto';
import { mediaTypeEssence } from '../operation/media-type.ts';
import type { Field, Fields } from '../operation/types.ts';
import { type FileValue, type ReadFile, readFileArgument } from './file-argument.ts';
import { fieldOf } from './form.ts';
import { textOf } from './serialize.ts';
import type { ArgumentIssue } from './types.ts';

interface Part {
  readonly name: string;
  readonly contentType?: string;
  readonly filename?: string;
  readonly headers?: Field['headers'];
  readonly bytes: Uint8Array;
}

export interface MultipartOptions {
  readonly mediaType: string;
  readonly fields: Fields;
  readonly readFile?: ReadFile;
  readonly boundary?: string;
}

export type EncodedMultipart =
  | { readonly ok: true; readonly contentType: string; readonly body: Uint8Array }
  | { readonly ok: false; readonly issues: readonly ArgumentIssue[] };

/** multipart/form-data and its kin (RFC 7578, RFC 2046 §5.1; part types by OAS 3.2 §4.15). Arrays repeat the name. */
export function encodeMultipart(value: object, options: MultipartOptions): EncodedMultipart {
  const parts: Part[] = [];
  const issues: ArgumentIssue[] = [];
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const field = fieldOf(options.fields, name);
    const items = Array.isArray(member) && repeats(field) ? member : [member];
    for (const [index, item] of items.entries()) {
      const part = encodePart(name, item, field, options.readFile);
      if (typeof part === 'string')
        issues.push({ argument: items.length > 1 ? `${name}[${index}]` : name, message: part });
      else parts.push(part);
    }
  }
  if (issues.length > 0) return { ok: false, issues };
  const boundary = options.boundary ?? freeBoundary(parts);
  return { ok: true, contentType: `${options.mediaType}; boundary=${boundary}`, body: join(parts, boundary) };
}

/** An array that is JSON as a whole, or comma-joined by style, is one part. */
function repeats(field: Field | undefined): boolean {
  if (field?.style && !field.style.explode) return false;
  return field === undefined || field.array || field.value !== 'json';
}

function encodePart(
  name: string,
  value: unknown,
  field: Field | undefined,
  readFile: ReadFile | undefined,
): Part | string {
  const headers = field?.headers ? { headers: field.headers } : {};
  if (field?.value === 'bytes') {
    const file = readFileArgument(value, readFile);
    if (typeof file === 'string') return file;
    return {
      name,
      filename: file.filename ?? name,
      contentType: fileType(file, field.contentType),
      ...headers,
      bytes: file.bytes,
    };
  }
  const declared = field?.contentType?.split(',')[0]?.trim();
  const json = field?.value === 'json' || (typeof value === 'object' && value !== null && !Array.isArray(value));
  const contentType = declared ?? (json ? 'application/json' : undefined);
  const text = json ? JSON.stringify(value) : Array.isArray(value) ? value.map(textOf).join(',') : textOf(value);
  return {
    name,
    ...(contentType === undefined ? {} : { contentType }),
    ...headers,
    bytes: new TextEncoder().encode(text),
  };
}

/** The declared type when there is one; of several or a range, the file's own if it is among them. */
function fileType(file: FileValue, declared: string | undefined): string {
  const types = declared?.split(',').map((type) => type.trim()) ?? [];
  const own = file.mimeType;
  if (own !== undefined && (types.length === 0 || types.some((type) => matchesType(type, own)))) return own;
  const first = types[0];
  return first !== undefined && !first.includes('*') ? first : (own ?? 'application/octet-stream');
}

function matchesType(range: string, type: string): boolean {
  const [a, b] = [mediaTypeEssence(range), mediaTypeEssence(type)];
  return a === b || a === '*/*' || (a.endsWith('/*') && b.startsWith(a.slice(0, -1)));
}

function freeBoundary(parts: readonly Part[]): string {
  for (;;) {
    const boundary = `actionbridge-${randomBytes(12).toString('hex')}`;
    if (!parts.some(({ bytes }) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(boundary)))
      return boundary;
  }
}

function join(parts: readonly Part[], boundary: string): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (const part of parts) {
    const disposition = `form-data; name="${quoted(part.name)}"${part.filename === undefined ? '' : `; filename="${quoted(part.filename)}"`}`;
    const lines = [`--${boundary}`, `Content-Disposition: ${disposition}`];
    if (part.contentType !== undefined) lines.push(`Content-Type: ${oneLine(part.contentType)}`);
    for (const [name, value] of Object.entries(part.headers ?? {})) lines.push(`${oneLine(name)}: ${oneLine(value)}`);
    chunks.push(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), part.bytes, Buffer.from('\r\n'));
  }
  chunks.push(Buffer.from(`--${boundary}--\r\n`));
  return Buffer.concat(chunks);
}

/** WHATWG HTML, "multipart/form-data encoding algorithm". */
function quoted(text: string): string {
  return text
    .replace(/\r\n|\r|\n/g, '%0D%0A')
    .replaceAll('"', '%22')
    .replace(/[\u0000-\u001f\u007f]/g, '');
}

function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f]+/g, ' ').trim();
}
