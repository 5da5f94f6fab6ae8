import { describe, expect, it } from 'vitest';
import { readSecuritySchemes } from '../../src/operation/security-schemes.ts';
import { createReferences } from '../../src/spec/references.ts';
import type { JsonObject, LoadedSpec } from '../../src/spec/types.ts';

function read(document: JsonObject, url?: string) {
  const spec: LoadedSpec = {
    document,
    version: '3.1.0',
    source: { name: 'x.yaml', ...(url === undefined ? {} : { url }) },
    files: [],
    references: createReferences(document),
    diagnostics: [],
  };
  return readSecuritySchemes(spec);
}

const one = (scheme: unknown) => read({ security: [], components: { securitySchemes: { s: scheme } } });
const flow = (name: string, urls: object) => ({ type: 'oauth2', flows: { [name]: { ...urls, scopes: { a: 'A' } } } });
const T = { tokenUrl: 'https://t.example/t' };
const A = { authorizationUrl: 'https://t.example/a' };

describe('security schemes', () => {
  it.each<[unknown, object]>([
    [
      { type: 'apiKey', in: 'header', name: 'X-K' },
      { kind: 'apiKey', in: 'header', name: 'X-K' },
    ],
    [
      { type: 'apiKey', in: 'query', name: 'a[b]' },
      { kind: 'apiKey', in: 'query', name: 'a[b]' },
    ],
    [
      { type: 'apiKey', in: 'cookie', name: 'sid', description: 'D' },
      { kind: 'apiKey', in: 'cookie', name: 'sid', description: 'D' },
    ],
    [{ type: 'http', scheme: 'basic' }, { kind: 'basic' }],
    [
      { type: 'http', scheme: 'Bearer', bearerFormat: 'JWT' },
      { kind: 'bearer', format: 'JWT' },
    ],
    [
      { type: 'http', scheme: 'ApiKey' },
      { kind: 'http', scheme: 'ApiKey' },
    ],
    [
      { type: 'openIdConnect', openIdConnectUrl: 'https://i.example/x' },
      { kind: 'openIdConnect', discoveryUrl: 'https://i.example/x' },
    ],
    [{ type: 'mutualTLS' }, { kind: 'mutualTLS' }],
    [
      flow('authorizationCode', { ...T, ...A }),
      { kind: 'oauth2', flows: { authorizationCode: { ...T, ...A, scopes: { a: 'A' } } } },
    ],
    [
      flow('clientCredentials', { ...T, refreshUrl: 'https://t.example/r' }),
      { kind: 'oauth2', flows: { clientCredentials: { ...T, refreshUrl: 'https://t.example/r', scopes: { a: 'A' } } } },
    ],
    [
      flow('deviceAuthorization', { ...T, deviceAuthorizationUrl: '/d' }),
      { kind: 'oauth2', flows: { deviceAuthorization: { ...T, deviceAuthorizationUrl: '/d', scopes: { a: 'A' } } } },
    ],
    [flow('implicit', A), { kind: 'oauth2', flows: { implicit: { ...A, scopes: { a: 'A' } } } }],
    [flow('password', T), { kind: 'oauth2', flows: { password: { ...T, scopes: { a: 'A' } } } }],
  ])('reads %j', (written, expected) => {
    const { schemes, diagnostics } = one(written);
    expect(schemes['s']).toEqual(expected);
    expect(diagnostics).toEqual([]);
  });

  it.each<[string, unknown, RegExp]>([
    ['digest', { type: 'http', scheme: 'Digest' }, /hash of each request/],
    ['an unknown type', { type: 'saml' }, /"saml" is not known/],
    ['no type', {}, /not known/],
    ['an API key without a name', { type: 'apiKey', in: 'header' }, /needs a name/],
    ['an API key in a body', { type: 'apiKey', in: 'body', name: 'k' }, /cannot be in "body"/],
    ['a header name that is none', { type: 'apiKey', in: 'header', name: 'X K' }, /no name of a header/],
    ['OpenID Connect without a URL', { type: 'openIdConnect' }, /openIdConnectUrl/],
    ['something else', 'bearer', /is an object/],
  ])('keeps %s as unsupported, and says why', (_, written, reason) => {
    const { schemes, diagnostics } = one(written);
    expect(schemes['s']).toMatchObject({ kind: 'unsupported', reason: expect.stringMatching(reason) });
    expect(diagnostics).toMatchObject([
      {
        severity: 'warning',
        code: 'security-scheme-unsupported',
        pointer: '/components/securitySchemes/s',
        hint: expect.stringContaining('auth: { s:'),
      },
    ]);
  });

  it.each<[string, unknown, string]>([
    ['a flow without its URL', flow('authorizationCode', T), 'oauth-flow-invalid'],
    ['a flow of no known name', flow('hybrid', T), 'oauth-flow-unknown'],
  ])('leaves out %s', (_, written, code) => {
    const { schemes, diagnostics } = one(written);
    expect(schemes['s']).toEqual({ kind: 'oauth2', flows: {} });
    expect(diagnostics.map((diagnostic) => diagnostic.code)).toEqual([code]);
  });

  it('reports what is asked for and declared nowhere, where it first stands', () => {
    const { schemes, diagnostics } = read({ paths: { '/a/{b}': { get: { security: [{ lost: [] }] } } } });
    expect(schemes['lost']).toMatchObject({ kind: 'unsupported', type: 'undeclared' });
    expect(diagnostics).toMatchObject([
      { code: 'security-scheme-missing', pointer: '/paths/~1a~1{b}/get/security/0/lost' },
    ]);
  });

  it('says so when schemes are declared and nothing asks for one', () => {
    const { diagnostics } = read({ components: { securitySchemes: { s: { type: 'http', scheme: 'bearer' } } } });
    expect(diagnostics).toMatchObject([
      { severity: 'info', code: 'security-scheme-unused', hint: expect.stringContaining('default') },
    ]);
  });

  it('follows references, in components and in requirements', () => {
    const key = { type: 'apiKey', in: 'header', name: 'X-K' };
    const { schemes, diagnostics } = read({
      security: [{ '#/components/x/key': [] }],
      components: { x: { key }, securitySchemes: { s: { $ref: '#/components/x/key' } } },
    });
    expect(schemes).toEqual({
      s: { kind: 'apiKey', in: 'header', name: 'X-K' },
      '#/components/x/key': { kind: 'apiKey', in: 'header', name: 'X-K' },
    });
    expect(diagnostics).toEqual([]);
  });

  it('is safe against names that objects have', () => {
    const { schemes } = read({
      components: {
        securitySchemes: JSON.parse('{"__proto__":{"type":"mutualTLS"},"constructor":{"type":"mutualTLS"}}'),
      },
    });
    expect(Object.keys(schemes)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(schemes)).toBe(Object.prototype);
  });

  it.each<[boolean, JsonObject]>([
    [false, { paths: { '/a': { get: {} } } }],
    [true, { security: [] }],
    [true, { paths: { '/a': { get: { security: [] } } } }],
    [
      true,
      {
        paths: { '/a': { $ref: '#/components/pathItems/a' } },
        components: { pathItems: { a: { get: { security: [] } } } },
      },
    ],
    [true, { paths: { '/a': { additionalOperations: { COPY: { security: [] } } } } }],
  ])('knows whether security is spoken of: %s', (expected, document) => {
    expect(read(document).declared).toBe(expected);
  });

  it.each<[JsonObject, string | undefined, string | undefined]>([
    [
      { servers: [{ url: 'https://{r}.example/v1', variables: { r: { default: 'eu' } } }] },
      undefined,
      'https://eu.example/v1',
    ],
    [{ servers: [{ url: '/v1' }] }, 'https://docs.example/openapi.json', 'https://docs.example/v1'],
    [{}, 'https://docs.example/openapi.json', 'https://docs.example/'],
    [{ servers: [{ url: '/v1' }] }, undefined, undefined],
  ])('begins relative URLs at the server of %j', (document, url, expected) => {
    expect(read(document, url).base).toBe(expected);
  });

  it('collects every server, each once', () => {
    const [a, b, c] = ['https://a.example', 'https://b.example', 'https://c.example'].map((url) => ({ url }));
    const { servers } = read({
      servers: [a],
      paths: { '/x': { servers: [b], get: { servers: [c] }, post: { servers: [b] } } },
    });
    expect(servers.map(({ url }) => url)).toEqual(['https://a.example', 'https://b.example', 'https://c.example']);
  });
});
