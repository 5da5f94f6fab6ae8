import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Attachment, attach, attachmentOf } from '../../src/auth/attach.ts';
import { placementOf } from '../../src/auth/placement.ts';
import type { AuthEntry, Placement } from '../../src/auth/types.ts';
import type { SecurityScheme } from '../../src/operation/security-schemes.ts';

const PLAN = { url: 'https://api.example.com/v1/x', headers: [['accept', '*/*']] as const };

const ROWS: readonly {
  readonly what: string;
  readonly placement: Placement;
  readonly secret: string;
  readonly header?: string;
  readonly url?: string;
}[] = [
  {
    what: 'a bearer token',
    placement: { kind: 'header', name: 'Authorization', prefix: 'Bearer' },
    secret: 'T',
    header: 'Authorization: Bearer T',
  },
  {
    what: 'a bearer token pasted with its word',
    placement: { kind: 'header', name: 'Authorization', prefix: 'Bearer' },
    secret: 'bearer T',
    header: 'Authorization: bearer T',
  },
  {
    what: 'a custom prefix',
    placement: { kind: 'header', name: 'Authorization', prefix: 'Token' },
    secret: 'abc',
    header: 'Authorization: Token abc',
  },
  {
    what: 'a prefix that ends in a sign',
    placement: { kind: 'header', name: 'Authorization', prefix: 'Token token=' },
    secret: 'abc',
    header: 'Authorization: Token token=abc',
  },
  {
    what: 'a key in a header',
    placement: { kind: 'header', name: 'X-API-Key' },
    secret: 'K1',
    header: 'X-API-Key: K1',
  },
  {
    what: 'user and password',
    placement: { kind: 'basic', bare: 'user' },
    secret: 'u:p:w',
    header: 'Authorization: Basic dTpwOnc=',
  },
  {
    what: 'user and password in UTF-8',
    placement: { kind: 'basic', bare: 'user' },
    secret: 'user:pässwörd',
    header: 'Authorization: Basic dXNlcjpww6Rzc3fDtnJk',
  },
  {
    what: 'a user without password',
    placement: { kind: 'basic', bare: 'user' },
    secret: 'sk_1',
    header: 'Authorization: Basic c2tfMTo=',
  },
  {
    what: 'a ready-made basic value',
    placement: { kind: 'basic', bare: 'as-is' },
    secret: 'dTpw',
    header: 'Authorization: Basic dTpw',
  },
  { what: 'a key in a cookie', placement: { kind: 'cookie', name: 'sid' }, secret: 'abc', header: 'Cookie: sid=abc' },
  {
    what: 'a key in the query',
    placement: { kind: 'query', name: 'api_key' },
    secret: 'a/b+c=',
    url: 'https://api.example.com/v1/x?api_key=a%2Fb%2Bc%3D',
  },
  {
    what: 'a key with every reserved character',
    placement: { kind: 'query', name: 'k[0]' },
    secret: "!'()*;&# é",
    url: 'https://api.example.com/v1/x?k%5B0%5D=%21%27%28%29*%3B%26%23%20%C3%A9',
  },
];

describe('attaching a credential', () => {
  it.each(ROWS)('writes $what', ({ placement, secret, header, url }) => {
    const sent = attach(PLAN, [attachmentOf('s', placement, secret)]);
    expect(sent.url).toBe(url ?? PLAN.url);
    expect(new URL(sent.url).href).toBe(sent.url);
    expect(sent.headers.map(([name, value]) => `${name}: ${value}`)).toEqual([
      'accept: */*',
      ...(header ? [header] : []),
    ]);
  });

  it('joins cookies, and replaces one of the same name', () => {
    const plan = { url: PLAN.url, headers: [['cookie', 'a=1; sid=old']] as const };
    expect(attach(plan, [attachmentOf('s', { kind: 'cookie', name: 'sid' }, 'new')]).headers).toEqual([
      ['Cookie', 'a=1; sid=new'],
    ]);
  });

  it('replaces what arguments put in its place', () => {
    const plan = { url: 'https://a.example/x?api%5Fkey=model&q=1', headers: [['x-api-key', 'model']] as const };
    const sent = attach(plan, [
      attachmentOf('h', { kind: 'header', name: 'X-API-Key' }, 'mine'),
      attachmentOf('q', { kind: 'query', name: 'api_key' }, 'mine'),
    ]);
    expect(sent).toEqual({ url: 'https://a.example/x?q=1&api_key=mine', headers: [['X-API-Key', 'mine']] });
  });

  it.each<[string, Placement, string]>([
    ['a line break in a header', { kind: 'header', name: 'X' }, 'a\r\nHost: evil'],
    ['a character beyond Latin-1 in a header', { kind: 'header', name: 'X' }, 'käse€'],
    ['a semicolon in a cookie', { kind: 'cookie', name: 'X' }, 'a;b=c'],
    ['nothing at all', { kind: 'header', name: 'X' }, ''],
  ])('refuses %s without showing it', (_, placement, secret) => {
    const caught = (() => {
      try {
        return attachmentOf('s', placement, secret);
      } catch (error) {
        return error as Error & { code: string };
      }
    })() as Error & { code: string };
    expect(caught.code).toBe('CREDENTIAL_REFUSED');
    if (secret !== '') expect(caught.message).not.toContain(secret);
  });

  it('refuses two credentials that want one place', () => {
    const bearer = attachmentOf('a', { kind: 'header', name: 'Authorization', prefix: 'Bearer' }, 'T');
    const basic = attachmentOf('b', { kind: 'basic', bare: 'user' }, 'u:p');
    expect(() => attach(PLAN, [bearer, basic])).toThrowError(/"a" and "b" both want the header Authorization/);
    expect(attach(PLAN, [bearer, { ...bearer, scheme: 'c' }]).headers).toHaveLength(2);
  });

  it('does not depend on order, and is idempotent', () => {
    const one = fc.record({
      scheme: fc.constantFrom('a', 'b'),
      kind: fc.constantFrom('header', 'query', 'cookie'),
      name: fc.constantFrom('X-Key', 'api_key', 'sid', 'k'),
      value: fc.constantFrom('v1', 'w&2'),
    }) as fc.Arbitrary<Attachment>;
    const all = fc.uniqueArray(one, { selector: ({ kind, name }) => `${kind} ${name.toLowerCase()}`, maxLength: 6 });
    fc.assert(
      fc.property(all, fc.nat(), (attachments, seed) => {
        const shuffled = [...attachments].sort(
          (a, b) => ((a.name.charCodeAt(0) * seed) % 7) - ((b.name.charCodeAt(0) * seed) % 7),
        );
        const plan = {
          url: 'https://a.example/x?k=model&q=1',
          headers: [
            ['X-Key', 'model'],
            ['Cookie', 'k=1; z=2'],
          ] as const,
        };
        const sent = attach(plan, attachments);
        expect(attach(plan, shuffled)).toEqual(sent);
        expect(attach(sent, attachments)).toEqual(sent);
      }),
    );
  });
});

const key: SecurityScheme = { kind: 'apiKey', in: 'query', name: 'key' };
const basic: SecurityScheme = { kind: 'basic' };
const token = { kind: 'token', source: { from: 'value', value: 'x' } } as const;
const entry = (over: Partial<AuthEntry>): AuthEntry => ({
  credential: token,
  placement: {},
  headers: [],
  query: [],
  perUser: false,
  ...over,
});
const BEARER = { kind: 'header', name: 'Authorization', prefix: 'Bearer' };

describe('the place of a credential', () => {
  it.each<[string, SecurityScheme | undefined, Partial<AuthEntry> | undefined, Placement | undefined]>([
    ['the document', key, undefined, { kind: 'query', name: 'key' }],
    ['the document, for a token', key, {}, { kind: 'query', name: 'key' }],
    ['Bearer for a token where the document says basic', basic, {}, BEARER as Placement],
    ['Bearer for a token where the document says nothing', undefined, {}, BEARER as Placement],
    [
      'another prefix',
      { kind: 'bearer' },
      { placement: { prefix: 'Token' } },
      { kind: 'header', name: 'Authorization', prefix: 'Token' },
    ],
    ['no prefix', { kind: 'bearer' }, { placement: { prefix: '' } }, { kind: 'header', name: 'Authorization' }],
    [
      'another header, without the word Bearer',
      { kind: 'bearer' },
      { placement: { name: 'X-Token' } },
      { kind: 'header', name: 'X-Token' },
    ],
    [
      'the header of the document, with a prefix',
      { kind: 'apiKey', in: 'header', name: 'X-K' },
      { placement: { prefix: 'Key' } },
      { kind: 'header', name: 'X-K', prefix: 'Key' },
    ],
    [
      'the query in place of a header',
      { kind: 'bearer' },
      { placement: { in: 'query', name: 'token' } },
      { kind: 'query', name: 'token' },
    ],
    [
      'the header in place of the query',
      key,
      { placement: { in: 'header' } },
      { kind: 'header', name: 'Authorization', prefix: 'Bearer' },
    ],
    [
      'user and password over anything',
      key,
      { credential: { kind: 'basic', username: token.source, password: token.source } },
      { kind: 'basic', bare: 'user' },
    ],
    [
      'nothing for a key without a place',
      undefined,
      { credential: { kind: 'apiKey', source: token.source } },
      undefined,
    ],
    [
      'the word of a rare scheme',
      { kind: 'http', scheme: 'ApiKey' },
      undefined,
      { kind: 'header', name: 'Authorization', prefix: 'ApiKey' },
    ],
    ['nothing for a certificate', { kind: 'mutualTLS' }, undefined, undefined],
  ])('is %s', (_, scheme, over, expected) => {
    expect(placementOf(scheme, over && entry(over))).toEqual(expected);
  });
});
