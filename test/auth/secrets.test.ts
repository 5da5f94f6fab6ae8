import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMasker, createSecretRegistry, MASK, registerSecret } from '../../src/secrets.ts';

const CANARY = 'cn-K9/é+x"\\q 7=Zz&Ω%41';

function maskerFor(...secrets: string[]) {
  const registry = createSecretRegistry();
  for (const secret of secrets) registry.register(secret);
  return registry.createMasker();
}

const base64 = (text: string) => Buffer.from(text).toString('base64');
const base64url = (text: string) => Buffer.from(text).toString('base64url');

const SPELLINGS: readonly (readonly [name: string, text: string])[] = [
  ['raw', CANARY],
  ['percent-encoded', encodeURIComponent(CANARY)],
  ['percent-encoded in lower case', encodeURIComponent(CANARY).replace(/%../g, (hex) => hex.toLowerCase())],
  ['form-encoded', new URLSearchParams([['', CANARY]]).toString().slice(1)],
  ['JSON-escaped', JSON.stringify(CANARY).slice(1, -1)],
  [
    'JSON-escaped to ASCII',
    JSON.stringify(CANARY)
      .slice(1, -1)
      .replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
  ],
  ['JSON with escaped slashes', JSON.stringify(CANARY).slice(1, -1).replaceAll('/', '\\/')],
  ['a mixture of raw and percent-encoded', CANARY.replaceAll('/', '%2F').replaceAll('=', '%3d')],
];

describe('masking', () => {
  it.each(SPELLINGS)('takes out a secret that is %s', (_, text) => {
    expect(maskerFor(CANARY).mask(`before ${text} after`)).toBe(`before ${MASK} after`);
  });

  it.each([
    ['base64', base64(CANARY)],
    ['base64url', base64url(CANARY)],
    ['percent-encoded base64', encodeURIComponent(base64(CANARY))],
  ])('takes out a secret in %s', (_, text) => {
    expect(maskerFor(CANARY).mask(`Basic ${text}`)).toMatch(/^Basic \*\*\*(=|%3D)*$/);
  });

  it.each(['', 'u:', 'ab:', 'abc:', 'someone@example.com:'])(
    'takes out a secret in the base64 of "%s" and it',
    (before) => {
      for (const after of ['', '\n', '\n1', '\n12']) {
        const masked = maskerFor(CANARY).mask(base64(before + CANARY + after));
        expect(masked).toContain(MASK);
        const left = Buffer.from(masked.split(MASK)[1]!, 'base64').toString('latin1');
        expect(left.length).toBeLessThanOrEqual(after.length + 3);
      }
    },
  );

  it('leaves values of less than 4 characters alone', () => {
    expect(maskerFor('abc', 'abcd').mask('abc abcd')).toBe(`abc ${MASK}`);
  });

  it('masks overlapping secrets as one', () => {
    expect(maskerFor('abcdef', 'defghi').mask('xabcdefghix')).toBe(`x${MASK}x`);
  });

  it('masks the longer of two that begin alike', () => {
    expect(maskerFor('token', 'token-2').mask('token-2 token')).toBe(`${MASK} ${MASK}`);
  });

  it('masks what is registered later', () => {
    const registry = createSecretRegistry();
    const masker = registry.createMasker();
    registry.register('late-secret');
    expect(masker.mask('late-secret')).toBe(MASK);
  });

  it('masks strings and keys inside values, and keeps what holds none', () => {
    const masker = maskerFor('s3cret');
    const clean = { a: [1, { b: 'x' }] };
    expect(masker.maskValue(clean)).toBe(clean);
    expect(masker.maskValue({ a: ['s3cret', 1], s3cret: null })).toEqual({ a: [MASK, 1], [MASK]: null });
  });

  it('knows what the process has registered', () => {
    registerSecret('process-wide-secret');
    expect(createMasker().mask('process-wide-secret')).toBe(MASK);
  });

  it('leaves a megabyte without secrets as it is, the beginnings of some in it', () => {
    const masker = maskerFor(
      ...Array.from({ length: 20 }, (_, index) => `sk-${base64url(`key number ${index} of many`)}`),
    );
    const text = JSON.stringify(
      Array.from({ length: 20_000 }, (_, index) => ({ id: index, name: `name ${index}`, key: 'sk-' })),
    );
    expect(masker.mask(text)).toBe(text);
  });
});

describe('masking a stream', () => {
  const alphabet = fc.constantFrom('a', 'b', '%', '2', '5', '"', '\\', 'é', '+', '/', ' ');
  const words = (min: number, max: number) =>
    fc.array(alphabet, { minLength: min, maxLength: max }).map((all) => all.join(''));

  it('shows the same for every chunking as for the whole text', () => {
    const input = fc.record({
      secrets: fc.array(words(4, 9), { minLength: 1, maxLength: 3 }),
      parts: fc.array(fc.oneof(words(0, 6), fc.nat(8)), { maxLength: 8 }),
      cuts: fc.array(fc.nat(200), { maxLength: 8 }),
    });
    fc.assert(
      fc.property(input, ({ secrets, parts, cuts }) => {
        const spellings = secrets.flatMap((s) => [s, encodeURIComponent(s), JSON.stringify(s).slice(1, -1), base64(s)]);
        const text = parts
          .map((part) => (typeof part === 'string' ? part : spellings[part % spellings.length]!))
          .join('');
        const masker = maskerFor(...secrets);
        const stream = masker.stream();
        let shown = '';
        let from = 0;
        for (const cut of [...cuts].map((at) => at % (text.length + 1)).sort((a, b) => a - b)) {
          shown += stream.push(text.slice(from, cut));
          from = cut;
        }
        shown += stream.push(text.slice(from)) + stream.end();
        expect(shown).toBe(masker.mask(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('holds back nothing that cannot be the beginning of a secret', () => {
    const stream = maskerFor('s3cret-value').stream();
    expect(stream.push('data: hello\n\n')).toBe('data: hello\n\n');
    expect(stream.push('x s3cre')).toBe('x ');
    expect(stream.push('ts')).toBe('s3cret');
    expect(stream.end()).toBe('s');
  });

  it('never shows a whole spelling, however it is cut', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...SPELLINGS.map(([, text]) => text)),
        fc.array(fc.integer({ min: 1, max: 5 })),
        (text, sizes) => {
          const stream = maskerFor(CANARY).stream();
          let shown = '';
          let rest = `<${text}>`;
          for (const size of sizes) {
            shown += stream.push(rest.slice(0, size));
            rest = rest.slice(size);
          }
          expect(shown + stream.push(rest) + stream.end()).toBe(`<${MASK}>`);
        },
      ),
    );
  });
});
