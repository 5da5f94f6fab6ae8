import { describe, expect, it } from 'vitest';
import { environmentNames, environmentWord } from '../../src/auth/environment-names.ts';
import { solve } from '../../src/auth/solve.ts';

const A = (...names: string[]) => names.map((scheme) => ({ scheme, scopes: [] }));

describe('solving requirements', () => {
  it.each([
    { what: 'nothing asked for', asked: [], have: ['a'], use: 'anonymous' },
    { what: 'an empty alternative alone', asked: [A()], have: ['a'], use: 'anonymous' },
    { what: 'one scheme', asked: [A('a')], have: ['a'], use: ['a'] },
    { what: 'one scheme that is not there', asked: [A('a')], have: [], use: [['a']] },
    { what: 'both of two', asked: [A('a', 'b')], have: ['a', 'b'], use: ['a', 'b'] },
    { what: 'one of two that belong together', asked: [A('a', 'b')], have: ['a'], use: [['b']] },
    { what: 'the first alternative', asked: [A('a'), A('b')], have: ['a', 'b'], use: ['a'] },
    { what: 'the second alternative', asked: [A('a'), A('b')], have: ['b'], use: ['b'] },
    {
      what: 'a complete alternative after an incomplete one',
      asked: [A('a', 'b'), A('c')],
      have: ['a', 'c'],
      use: ['c'],
    },
    { what: 'no alternative', asked: [A('a', 'b'), A('c')], have: ['a'], use: [['b'], ['c']] },
    { what: 'something optional that is there', asked: [A(), A('a')], have: ['a'], use: ['a'] },
    { what: 'something optional that is not', asked: [A('a'), A()], have: [], use: 'anonymous' },
  ])('settles $what', ({ asked, have, use }) => {
    const solution = solve(asked, ({ scheme }) => (have.includes(scheme) ? scheme : undefined));
    const got =
      solution.kind === 'anonymous'
        ? 'anonymous'
        : solution.kind === 'use'
          ? solution.credentials
          : solution.alternatives.map((lacking) => lacking.map(({ scheme }) => scheme));
    expect(got).toEqual(use);
  });
});

describe('environment names', () => {
  it.each([
    ['petstore', 'apiKeyAuth', 'PETSTORE_API_KEY_AUTH'],
    ['petstore', 'api_key', 'PETSTORE_API_KEY'],
    ['my-api', 'OAuth2', 'MY_API_OAUTH2'],
    ['api', 'http2Bearer', 'API_HTTP2_BEARER'],
    ['api', 'x.y z', 'API_X_Y_Z'],
    ['api', 'Klaviyo-API-Key', 'API_KLAVIYO_API_KEY'],
    ['api', 'naïve', 'API_NA_VE'],
  ])('are made of %s and %s', (api, scheme, name) => {
    expect(environmentNames(api, scheme).value).toBe(name);
  });

  it("are the outside check's own", () => {
    for (const word of ['key', 'appId', 'qkey', 'oauth2_clientCredentials', 'a--b', 'ABCd'])
      expect(environmentWord(word)).toBe(
        word
          .replace(/[^A-Za-z0-9]+/g, '_')
          .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
          .toUpperCase(),
      );
  });
});
