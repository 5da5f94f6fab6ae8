import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { writePath } from '../../src/call/path.ts';
import { planRequest } from '../../src/call/plan.ts';
import { hasDotSegment } from '../../src/operation/dot-segments.ts';
import type { RequestTemplate } from '../../src/tool/types.ts';

const parameter = (name: string, style = 'simple') =>
  ({ in: 'path', name, style, explode: false, allowReserved: false }) as never;
const write = (template: string, values: { [name: string]: unknown }) =>
  writePath(
    template,
    Object.keys(values).map((name) => parameter(name)),
    (wire) => values[wire.name],
  );

describe('writePath', () => {
  test.each([
    ['/users/{id}', { id: 'a/b' }, '/users/a%2Fb', ''],
    ['/repos/{owner}:{repo}.{ext}', { owner: 'me', repo: 'a.b', ext: 'tar.gz' }, '/repos/me:a.b.tar.gz', ''],
    ["/Users('{key}')/$value", { key: 'a b' }, "/Users('a%20b')/$value", ''],
    ['/a b/ü', {}, '/a%20b/%C3%BC', ''],
    ['/items?fixed=1', {}, '/items', 'fixed=1'],
    ['/#X-Amz-Target=Db.List', {}, '/', ''],
  ])('it writes %s with %j as %s', (template, values, path, query) => {
    expect(write(template, values)).toEqual({ ok: true, path, query });
  });

  test.each([
    '',
    '.',
    '..',
    '%2e%2e',
    '%252e%252e',
    '.%2E',
    '../x',
    'x/../y',
    '..\\',
    '..;a',
    '\uff0e\uff0e',
    '.\t.',
    '%2e%2e%2fadmin',
    '%c0%ae%c0%ae/x',
    '%25C0%25AE%25C0%25AE',
    '%e0%80%ae.',
    'x%c0%af..',
  ])('it refuses the value %j', (value) => {
    expect(write('/users/{id}/keys', { id: value }).ok).toBe(false);
  });

  test.each(['a.b', '...', 'x..y', '.hidden', 'v1.0', '50% off', 'a/b'])('it takes the value %j', (value) => {
    expect(write('/users/{id}', { id: value }).ok).toBe(true);
  });

  it('it sees dot segments through four rounds of encoding', () => {
    let text = '..';
    for (let round = 0; round < 4; round++) text = encodeURIComponent(text).replaceAll('.', '%2E');
    expect(hasDotSegment(text)).toBe(true);
  });
});

describe('planRequest', () => {
  it('it refuses any argument, or keeps origin, base path and segment count', () => {
    const segment = fc.oneof(
      fc.constant('{a}'),
      fc.constant('x-{a}.{b}'),
      fc.constantFrom('users', 'a b', '$value', '%7Bx'),
    );
    const style = fc.constantFrom('simple', 'label', 'matrix', 'pipeDelimited');
    const scalar = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.constantFrom('..', '.', '%2e%2e', '/', '\\', '?x', '#y', '//evil.example', '@evil', '\t..', 'a\r\nb'),
    );
    const value = fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }), fc.dictionary(scalar, scalar, { maxKeys: 3 }));
    const written = fc.record({ style, explode: fc.boolean(), allowReserved: fc.boolean() });
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), value, value, written, (segments, a, b, how) => {
        const template: RequestTemplate = {
          operation: 'op',
          method: 'GET',
          path: `/${segments.join('/')}`,
          servers: [],
          accept: [],
          security: [],
          deprecated: false,
          tags: [],
          parameters: ['a', 'b'].map((name) => ({
            in: 'path',
            name,
            ...how,
            required: false,
          })) as RequestTemplate['parameters'],
        };
        const bindings = ['a', 'b'].map((argument, index) => ({
          argument,
          target: { kind: 'parameter' as const, index },
        }));
        const planned = planRequest(template, bindings, { a, b }, { server: 'https://api.example.com/base' });
        if (!planned.ok) return;
        const url = new URL(planned.plan.url);
        expect(url.origin).toBe('https://api.example.com');
        expect(url.pathname.startsWith('/base/')).toBe(true);
        expect(url.pathname.split('/').length).toBe(segments.length + 2);
        expect(url.search + url.hash).toBe('');
        expect(planned.plan.url).toBe(url.href);
      }),
      { numRuns: 1000 },
    );
  });

  it('it writes any query so that it is its own serialisation, within the path it was given', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.webQueryParameters(),
      fc.constantFrom("'", '%', '%zz', '#', '\\', '|^`'),
    );
    fc.assert(
      fc.property(value, fc.boolean(), (text, allowReserved) => {
        const template: RequestTemplate = {
          operation: 'op',
          method: 'GET',
          path: '/v1.0/~items',
          servers: [],
          accept: [],
          security: [],
          deprecated: false,
          tags: [],
          parameters: [
            {
              in: 'query',
              name: 'q',
              style: 'form',
              explode: true,
              allowReserved,
              allowEmptyValue: false,
              required: false,
            },
          ] as RequestTemplate['parameters'],
        };
        const bindings = [{ argument: 'q', target: { kind: 'parameter' as const, index: 0 } }];
        const planned = planRequest(template, bindings, { q: text }, { server: 'https://api.example.com/base' });
        if (!planned.ok) return;
        const { href, pathname, hash } = new URL(planned.plan.url);
        expect([pathname, hash]).toEqual(['/base/v1.0/~items', '']);
        expect(planned.plan.url.replaceAll("'", '%27')).toBe(href.replaceAll("'", '%27'));
      }),
      { numRuns: 1000 },
    );
  });
});
