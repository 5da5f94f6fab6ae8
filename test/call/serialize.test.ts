import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  encodeReserved,
  writeCookiePairs,
  writeHeaderValue,
  writePathValue,
  writeQueryPairs,
} from '../../src/call/serialize.ts';

const TEXT = 'blue';
const ARRAY = ['blue', 'black', 'brown'];
const OBJECT = { R: 100, G: 200, B: 150 };
const path = (style: string, explode: boolean) =>
  ({ in: 'path', name: 'color', style, explode, allowReserved: false }) as never;
const query = (style: string, explode: boolean, allowReserved = false) =>
  ({ name: 'color', style, explode, allowReserved }) as never;

describe('writePathValue', () => {
  // OAS 3.2 §4.12.4, "Style Examples", and RFC 6570 §3.2.
  test.each([
    ['simple', false, TEXT, 'blue'],
    ['simple', false, ARRAY, 'blue,black,brown'],
    ['simple', true, ARRAY, 'blue,black,brown'],
    ['simple', false, OBJECT, 'R,100,G,200,B,150'],
    ['simple', true, OBJECT, 'R=100,G=200,B=150'],
    ['label', false, TEXT, '.blue'],
    ['label', false, ARRAY, '.blue,black,brown'],
    ['label', true, ARRAY, '.blue.black.brown'],
    ['label', false, OBJECT, '.R,100,G,200,B,150'],
    ['label', true, OBJECT, '.R=100.G=200.B=150'],
    ['matrix', false, '', ';color'],
    ['matrix', false, TEXT, ';color=blue'],
    ['matrix', false, ARRAY, ';color=blue,black,brown'],
    ['matrix', true, ARRAY, ';color=blue;color=black;color=brown'],
    ['matrix', false, OBJECT, ';color=R,100,G,200,B,150'],
    ['matrix', true, OBJECT, ';R=100;G=200;B=150'],
    ['pipeDelimited', false, ARRAY, 'blue%7Cblack%7Cbrown'],
    ['simple', false, ['a,b', 'c'], 'a%2Cb,c'],
    ['simple', false, 'a/b?c#d', 'a%2Fb%3Fc%23d'],
    ['simple', false, '%2F', '%252F'],
    ['simple', false, true, 'true'],
    ['simple', false, -0.5, '-0.5'],
  ])('it writes %s explode=%s %j as %s', (style, explode, value, written) => {
    expect(writePathValue(path(style, explode), value)).toBe(written);
  });
});

describe('writeQueryPairs', () => {
  test.each([
    ['form', true, TEXT, ['color=blue']],
    ['form', true, '', ['color=']],
    ['form', true, ARRAY, ['color=blue', 'color=black', 'color=brown']],
    ['form', false, ARRAY, ['color=blue,black,brown']],
    ['form', true, OBJECT, ['R=100', 'G=200', 'B=150']],
    ['form', false, OBJECT, ['color=R,100,G,200,B,150']],
    ['spaceDelimited', false, ARRAY, ['color=blue%20black%20brown']],
    ['pipeDelimited', false, OBJECT, ['color=R%7C100%7CG%7C200%7CB%7C150']],
    ['tabDelimited', false, ARRAY, ['color=blue%09black%09brown']],
    ['deepObject', true, OBJECT, ['color%5BR%5D=100', 'color%5BG%5D=200', 'color%5BB%5D=150']],
    ['deepObject', true, { a: { b: [1, 2] } }, ['color%5Ba%5D%5Bb%5D%5B0%5D=1', 'color%5Ba%5D%5Bb%5D%5B1%5D=2']],
    ['form', true, [], []],
    ['form', true, {}, []],
    ['form', true, null, ['color=null']],
    ['form', true, { a: { b: 1 } }, ['a=%7B%22b%22%3A1%7D']],
    ['form', true, "it's (a) test!*", ['color=it%27s%20%28a%29%20test%21%2A']],
  ])('it writes %s explode=%s %j as %j', (style, explode, value, pairs) => {
    expect(writeQueryPairs(query(style, explode), value)).toEqual(pairs);
  });

  test.each([
    ['/a/b:c@d?e,f', '/a/b:c@d?e,f'],
    ['a%2Fb', 'a%2Fb'],
    ['100%', '100%25'],
    ['x^y z"', 'x%5Ey%20z%22'],
    ['a&admin=1', 'a%26admin=1'],
    ['a#b[0]', 'a%23b%5B0%5D'],
  ])('it lets reserved characters of %j pass as %s', (value, written) => {
    expect(encodeReserved(value)).toBe(written);
  });

  it('it loses nothing that an independent decoder reads back', () => {
    const scalar = fc.oneof(fc.string({ unit: 'grapheme', minLength: 1 }), fc.integer(), fc.boolean());
    const text = (value: unknown) => String(value);
    fc.assert(
      fc.property(
        fc.array(scalar, { minLength: 1, maxLength: 5 }),
        fc.constantFrom('form', 'spaceDelimited', 'pipeDelimited', 'tabDelimited'),
        fc.boolean(),
        (values, style, explode) => {
          const pairs = writeQueryPairs(query(style, explode), values).map((pair) => pair.split('='));
          expect(pairs.every(([name]) => name === 'color')).toBe(true);
          const separator = { form: ',', spaceDelimited: '%20', pipeDelimited: '%7C', tabDelimited: '%09' }[style];
          if (explode) expect(pairs.map(([, value]) => decodeURIComponent(value!))).toEqual(values.map(text));
          else if (
            !values.some(
              (value) => decodeURIComponent(separator!) !== ',' && text(value).includes(decodeURIComponent(separator!)),
            )
          )
            expect(pairs[0]![1]!.split(separator!).map(decodeURIComponent)).toEqual(values.map(text));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('it keeps every object member apart, whatever its key and value', () => {
    const member = fc.dictionary(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string({ unit: 'grapheme' }), {
      minKeys: 1,
      maxKeys: 5,
    });
    fc.assert(
      fc.property(member, fc.constantFrom('form', 'deepObject'), (value, style) => {
        const decoded = writeQueryPairs(query(style, true), value).map((pair) =>
          pair.split('=').map(decodeURIComponent),
        );
        const keys = decoded.map(([key]) => (style === 'form' ? key : key!.slice('color['.length, -1)));
        expect(decoded.map(([, text], index) => [keys[index], text])).toEqual(Object.entries(value));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('headers and cookies', () => {
  const header = (style: string, explode: boolean) => ({ in: 'header', name: 'X', style, explode }) as never;
  test.each([
    ['simple', false, [1, 2], '1,2'],
    ['simple', false, OBJECT, 'R,100,G,200,B,150'],
    ['simple', true, OBJECT, 'R=100,G=200,B=150'],
    ['pipeDelimited', false, ['a', 'b'], 'a|b'],
    ['simple', false, 'a b%', 'a b%'],
  ])('it writes a header %s explode=%s %j as %s', (style, explode, value, written) => {
    expect(writeHeaderValue(header(style, explode), value)).toBe(written);
  });

  const cookie = (style: string, explode: boolean) =>
    ({ in: 'cookie', name: 'c', style, explode, allowReserved: false }) as never;
  test.each([
    ['form', true, 'Hello, world!', ['c=Hello%2C%20world%21']],
    ['form', false, [1, 2], ['c=1,2']],
    ['form', false, { x: 5 }, ['c=x,5']],
    ['cookie', true, [1, 2], ['c=1', 'c=2']],
    ['cookie', true, 'a%b', ['c=a%b']],
    ['form', true, [], []],
  ])('it writes a cookie %s explode=%s %j as %j', (style, explode, value, written) => {
    expect(writeCookiePairs(cookie(style, explode), value)).toEqual(written);
  });
});
