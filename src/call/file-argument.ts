import { basename } from 'node:path';

/** Bytes as a caller gave them. */
export interface FileValue {
  readonly bytes: Uint8Array;
  readonly filename?: string;
  readonly mimeType?: string;
}

export type ReadFile = (path: string) => Uint8Array;

/**
 * A file argument: base64 text, a data: URI (RFC 2397), or `{ filename, mimeType, data | text | path }`. `path` only works
 * where files may be read. Returns the reason as text when it is none of these.
 */
export function readFileArgument(value: unknown, readFile: ReadFile | undefined): FileValue | string {
  if (typeof value === 'string') return fromText(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'must be base64 text, a data: URI, or { filename, mimeType, data | text | path }';
  const member = (key: string) => {
    const found = Object.hasOwn(value, key) ? (value as { [key: string]: unknown })[key] : undefined;
    return typeof found === 'string' ? found : undefined;
  };
  const naming = { ...named('filename', member('filename')), ...named('mimeType', member('mimeType')) };
  const [data, text, path] = [member('data') ?? member('base64'), member('text'), member('path')];
  if (data !== undefined) {
    const decoded = fromText(data);
    return typeof decoded === 'string' ? decoded : { ...decoded, ...naming };
  }
  if (text !== undefined) return { bytes: new TextEncoder().encode(text), ...naming };
  if (path !== undefined) return fromPath(path, readFile, naming);
  return 'needs data (base64), text, or path';
}

function named<Key extends string>(key: Key, value: string | undefined): { [K in Key]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]: string });
}

function fromText(text: string): FileValue | string {
  const uri = /^data:([^,]*?)(;base64)?,(.*)$/is.exec(text);
  if (!uri) return decodeBase64(text);
  const [, mimeType, base64, data] = uri;
  const naming = named('mimeType', mimeType || undefined);
  if (base64 === undefined) return { bytes: percentDecode(data!), ...naming };
  const decoded = decodeBase64(data!);
  return typeof decoded === 'string' ? decoded : { ...decoded, ...naming };
}

function percentDecode(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  return Buffer.from(
    bytes.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
}

/** RFC 4648 §4 and §5, white space and missing padding forgiven. */
function decodeBase64(text: string): FileValue | string {
  const compact = text.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(compact) || compact.replace(/=+$/, '').length % 4 === 1)
    return 'is not base64: give the bytes as base64, or { text } for plain text';
  return { bytes: Buffer.from(compact, 'base64') };
}

function fromPath(
  path: string,
  readFile: ReadFile | undefined,
  naming: { filename?: string; mimeType?: string },
): FileValue | string {
  if (!readFile) return 'cannot be a path here: give data (base64) or text';
  try {
    return { bytes: readFile(path), filename: basename(path), ...naming };
  } catch (error) {
    return (error as Error).message;
  }
}
