import { isJsonMediaType } from '../operation/media-type.ts';
import type { DelimitedStyle, ParameterWire } from '../operation/types.ts';

/** One text of an expanded value; `key` for the members of objects. */
interface Member {
  readonly key?: string;
  readonly text: string;
}

const UNRESERVED = /^[A-Za-z0-9._~-]*$/;

/** Percent-encodes everything but RFC 3986 unreserved characters. */
export function encodeText(text: string): string {
  if (UNRESERVED.test(text)) return text;
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * RFC 6570 §3.2.3 reserved expansion: reserved characters and percent-encoded triples pass. `#`, `[`, `]` and `&` are still
 * encoded: a query cannot hold the first three, and the last would begin another parameter.
 */
export function encodeReserved(text: string): string {
  return text
    .split(/(%[0-9A-Fa-f]{2})/)
    .map((part, index) =>
      index % 2 === 1
        ? part
        : encodeURIComponent(part.toWellFormed()).replace(/%(?:3A|2F|3F|40|24|2B|2C|3B|3D)/g, decodeURIComponent),
    )
    .join('');
}

/** A scalar as the wire has it; what is nested deeper than a style can say is JSON text. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

/** A value described by `content` instead of a style (OAS 3.2 §4.12.3). */
export function contentText(value: unknown, mediaType: string): string {
  return isJsonMediaType(mediaType) || (typeof value === 'object' && value !== null)
    ? JSON.stringify(value)
    : textOf(value);
}

function membersOf(value: unknown): readonly Member[] {
  if (Array.isArray(value)) return value.map((item) => ({ text: textOf(item) }));
  if (typeof value !== 'object' || value === null) return [{ text: textOf(value) }];
  return Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([key, member]) => ({ key, text: textOf(member) }));
}

const DELIMITERS: { readonly [Style in DelimitedStyle]: string } = {
  spaceDelimited: ' ',
  pipeDelimited: '|',
  tabDelimited: '\t',
};

function isDelimited(style: string): style is DelimitedStyle {
  return Object.hasOwn(DELIMITERS, style);
}

/** Members written one after the other: `k,v` or, exploded, `k=v`. */
function joined(
  members: readonly Member[],
  explode: boolean,
  separator: string,
  encode: (text: string) => string,
): string {
  const parts = members.flatMap(({ key, text }) => {
    if (key === undefined) return [encode(text)];
    return explode ? [`${encode(key)}=${encode(text)}`] : [encode(key), encode(text)];
  });
  return parts.join(separator);
}

type In<Place extends ParameterWire['in']> = Extract<ParameterWire, { in: Place }>;

/** A path parameter's text (OAS 3.2 §4.12.4; RFC 6570 §3.2.2, §3.2.5, §3.2.7). */
export function writePathValue(wire: In<'path'>, value: unknown): string {
  if (wire.style === 'content') return encodeText(contentText(value, wire.mediaType));
  const encode = wire.allowReserved
    ? (text: string) => encodeReserved(text).replace(/[/?]/g, encodeURIComponent)
    : encodeText;
  if (wire.style === 'simple' && (typeof value !== 'object' || value === null)) return encode(textOf(value));
  const members = membersOf(value);
  if (isDelimited(wire.style)) return joined(members, wire.explode, encodeText(DELIMITERS[wire.style]), encode);
  if (wire.style === 'simple') return joined(members, wire.explode, ',', encode);
  if (wire.style === 'label') return `.${joined(members, wire.explode, wire.explode ? '.' : ',', encode)}`;
  return writeMatrix(encode(wire.name), members, wire.explode, typeof value === 'object' && value !== null, encode);
}

function writeMatrix(
  name: string,
  members: readonly Member[],
  explode: boolean,
  composite: boolean,
  encode: (text: string) => string,
): string {
  const named = (key: string, text: string) => (text === '' ? `;${key}` : `;${key}=${text}`);
  if (!composite || !explode) return named(name, joined(members, false, ',', encode));
  return members.map(({ key, text }) => named(key === undefined ? name : encode(key), encode(text))).join('');
}

export interface QueryOptions {
  readonly name: string;
  readonly style: 'form' | 'deepObject' | DelimitedStyle;
  readonly explode: boolean;
  readonly allowReserved: boolean;
}

/** A query parameter's (or form field's) `name=value` pairs; none for an empty array or object (RFC 6570 §3.2.8). */
export function writeQueryPairs(options: QueryOptions, value: unknown): string[] {
  const encode = options.allowReserved ? encodeReserved : encodeText;
  const name = encodeText(options.name);
  if (options.style === 'deepObject' && typeof value === 'object' && value !== null)
    return deepPairs(options.name, value, encode);
  const members = membersOf(value);
  if (members.length === 0) return [];
  const composite = typeof value === 'object' && value !== null;
  if (!composite) return [`${name}=${encode(members[0]!.text)}`];
  if (isDelimited(options.style) && !options.explode)
    return [`${name}=${joined(members, false, encodeText(DELIMITERS[options.style]), encode)}`];
  if (!options.explode) return [`${name}=${joined(members, false, ',', encode)}`];
  return members.map(({ key, text }) => `${key === undefined ? name : encodeText(key)}=${encode(text)}`);
}

/** `name[key]=value`; deeper objects and arrays continue the brackets (OAS 3.2 leaves them open; `qs` and PHP read them so). */
function deepPairs(name: string, value: object, encode: (text: string) => string): string[] {
  return Object.entries(value).flatMap(([key, member]) => {
    if (member === undefined) return [];
    const path = `${name}[${key}]`;
    return typeof member === 'object' && member !== null
      ? deepPairs(path, member, encode)
      : [`${encodeText(path)}=${encode(textOf(member))}`];
  });
}

/** The pairs of a query parameter. */
export function writeQueryParameter(wire: In<'query'>, value: unknown): string[] {
  if (wire.style === 'content') return [`${encodeText(wire.name)}=${encodeText(contentText(value, wire.mediaType))}`];
  return writeQueryPairs(wire, value);
}

/** A header's value, not percent-encoded (OAS 3.2 §4.12.4: header values are sent as they are). */
export function writeHeaderValue(wire: In<'header'>, value: unknown): string {
  if (wire.style === 'content') return contentText(value, wire.mediaType);
  const separator = isDelimited(wire.style) ? DELIMITERS[wire.style] : ',';
  return joined(membersOf(value), wire.explode, separator, (text) => text);
}

/** `name=value` pairs for the one Cookie header; style `cookie` (3.2) writes values as they are. */
export function writeCookiePairs(wire: In<'cookie'>, value: unknown): string[] {
  if (wire.style === 'content') return [`${wire.name}=${encodeText(contentText(value, wire.mediaType))}`];
  const encode = wire.style === 'cookie' ? (text: string) => text : wire.allowReserved ? encodeReserved : encodeText;
  const members = membersOf(value);
  if (members.length === 0) return [];
  if (typeof value !== 'object' || value === null || !wire.explode)
    return [`${wire.name}=${joined(members, false, ',', encode)}`];
  return members.map(({ key, text }) => `${key ?? wire.name}=${encode(text)}`);
}
