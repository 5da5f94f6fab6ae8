import { BridgeError, unreachable } from '../errors.ts';
import type { NamedValue, Placement } from './types.ts';

/** One piece of a credential, as it goes onto the wire. */
export interface Attachment {
  readonly scheme: string;
  readonly kind: 'header' | 'query' | 'cookie';
  readonly name: string;
  readonly value: string;
}

/** The part of a request that credentials are written onto. */
export interface Attachable {
  readonly url: string;
  readonly headers: readonly NamedValue[];
}

/** A secret as it stands in the request. Throws CREDENTIAL_REFUSED when no header or cookie can carry it; never shows it. */
export function attachmentOf(scheme: string, placement: Placement, secret: string): Attachment {
  switch (placement.kind) {
    case 'header':
      return checked({ scheme, kind: 'header', name: placement.name, value: withPrefix(placement.prefix, secret) });
    case 'basic':
      return { scheme, kind: 'header', name: 'Authorization', value: `Basic ${basicValue(placement.bare, secret)}` };
    case 'query':
    case 'cookie':
      return checked({ scheme, kind: placement.kind, name: placement.name, value: secret });
    default:
      return unreachable(placement);
  }
}

/** RFC 7617 §2, in UTF-8 (§2.1). */
function basicValue(bare: 'user' | 'as-is', secret: string): string {
  if (!secret.includes(':') && bare === 'as-is') return secret;
  return Buffer.from(secret.includes(':') ? secret : `${secret}:`, 'utf8').toString('base64');
}

/** A prefix that ends in a letter or digit is a word of its own; people also paste values that have it already. */
function withPrefix(prefix: string | undefined, secret: string): string {
  if (prefix === undefined || prefix === '') return secret;
  const joined = /[A-Za-z0-9]$/.test(prefix) ? `${prefix} ` : prefix;
  return secret.toLowerCase().startsWith(joined.toLowerCase()) ? secret : joined + secret;
}

/** An extra header or query parameter of the operator's. */
export function extraOf(scheme: string, kind: 'header' | 'query', [name, value]: NamedValue): Attachment {
  return checked({ scheme, kind, name, value });
}

function checked(attachment: Attachment): Attachment {
  const { kind, name, value, scheme } = attachment;
  const broken =
    (kind === 'header' && /[^\t\x20-\x7e\x80-\xff]/.test(value)) ||
    (kind === 'cookie' && /[^\x21-\x3a\x3c-\x7e]/.test(value));
  if (value !== '' && !broken) return attachment;
  throw new BridgeError(
    'CREDENTIAL_REFUSED',
    value === ''
      ? `The credential "${scheme}" is empty`
      : `The credential "${scheme}" holds characters that the ${kind} ${name} cannot carry`,
    { hint: 'Look for line breaks, quotes or spaces that came along when it was copied.' },
  );
}

/**
 * The request with the credentials on it: each replaces whatever has its place and name, cookies join those that are there,
 * the query gains its parameters at the end. Their order does not matter, and twice is as good as once. Throws
 * AUTH_UNSUPPORTED when two want the same place with different values.
 */
export function attach<Request extends Attachable>(request: Request, attachments: readonly Attachment[]): Request {
  if (attachments.length === 0) return request;
  const [first] = attachments;
  if (attachments.length === 1 && first!.kind === 'header')
    return { ...request, headers: withHeader(request.headers, first!) };
  const sorted = distinct(attachments);
  const of = (kind: Attachment['kind']) => sorted.filter((attachment) => attachment.kind === kind);
  return {
    ...request,
    url: withQuery(request.url, of('query')),
    headers: withCookies(withHeaders(request.headers, of('header')), of('cookie')),
  };
}

function distinct(attachments: readonly Attachment[]): Attachment[] {
  const byPlace = new Map<string, Attachment>();
  for (const attachment of attachments) {
    const name = attachment.kind === 'header' ? attachment.name.toLowerCase() : attachment.name;
    const place = `${attachment.kind} ${name}`;
    const other = byPlace.get(place);
    if (other && other.value !== attachment.value) {
      const [first, second] = [other.scheme, attachment.scheme].sort();
      throw new BridgeError(
        'AUTH_UNSUPPORTED',
        `"${first}" and "${second}" both want the ${attachment.kind} ${attachment.name}, and a request has only one`,
        { hint: `Switch one off in the config: "auth: { ${second}: { none: true } }".` },
      );
    }
    byPlace.set(place, attachment);
  }
  return [...byPlace.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, attachment]) => attachment);
}

function withHeader(headers: readonly NamedValue[], { name, value }: Attachment): readonly NamedValue[] {
  const lower = name.toLowerCase();
  const others = headers.filter(([other]) => other.toLowerCase() !== lower);
  others.push([name, value]);
  return others;
}

function withHeaders(headers: readonly NamedValue[], added: readonly Attachment[]): readonly NamedValue[] {
  const names = new Set(added.map(({ name }) => name.toLowerCase()));
  return [
    ...headers.filter(([name]) => !names.has(name.toLowerCase())),
    ...added.map(({ name, value }) => [name, value] as const),
  ];
}

/** One Cookie header (RFC 6265 §5.4), whatever there was before. */
function withCookies(headers: readonly NamedValue[], added: readonly Attachment[]): readonly NamedValue[] {
  if (added.length === 0) return headers;
  const isCookie = ([name]: NamedValue) => name.toLowerCase() === 'cookie';
  const names = new Set(added.map(({ name }) => name));
  const kept = headers
    .filter(isCookie)
    .flatMap(([, value]) => value.split(/;\s*/))
    .filter((pair) => pair !== '' && !names.has(pair.split('=', 1)[0]!.trim()));
  const cookies = [...kept, ...added.map(({ name, value }) => `${name}=${value}`)].join('; ');
  return [...headers.filter((header) => !isCookie(header)), ['Cookie', cookies]];
}

function withQuery(url: string, added: readonly Attachment[]): string {
  if (added.length === 0) return url;
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const names = new Set(added.map(({ name }) => name));
  const kept = (mark < 0 ? [] : url.slice(mark + 1).split('&')).filter(
    (pair) => pair !== '' && !names.has(decode(pair.split('=', 1)[0]!)),
  );
  return `${path}?${[...kept, ...added.map(({ name, value }) => `${encode(name)}=${encode(value)}`)].join('&')}`;
}

/** Only unreserved characters stay (RFC 3986 §2.3), and the star that masks are made of: the URL is its own WHATWG serialisation. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
