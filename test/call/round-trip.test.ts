import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRequest } from '../../src/call/plan.ts';
import type { ParameterWire } from '../../src/operation/types.ts';
import type { RequestTemplate } from '../../src/tool/types.ts';

/**
 * Whatever an argument is, a decoder that only knows the texts of RFC 6570 and OpenAPI finds it again in the request. Values
 * that a style cannot tell apart from its own delimiters are left out: the style says so, not the writer.
 */
const RUNS = { numRuns: 1_000 };
type Scalar = string | number | boolean;
type Value = Scalar | Scalar[] | { [key: string]: Scalar };

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((value) => value.isWellFormed());
const scalar: fc.Arbitrary<Scalar> = fc.oneof(text, fc.integer(), fc.boolean());
const array = fc.array(scalar, { minLength: 1, maxLength: 4 });
const object = fc.dictionary(text, scalar, { minKeys: 1, maxKeys: 4, noNullPrototype: true });

function send(wire: ParameterWire, value: unknown) {
  const template: RequestTemplate = {
    operation: 'op',
    method: 'GET',
    path: wire.in === 'path' ? '/a/{p}/b' : '/a/b',
    servers: [],
    accept: [],
    security: [],
    deprecated: false,
    tags: [],
    parameters: [{ ...wire, required: true }],
  };
  const bindings = [{ argument: 'p', target: { kind: 'parameter' as const, index: 0 } }];
  const planned = planRequest(template, bindings, { p: value }, { server: 'https://api.example' });
  return planned.ok ? planned.plan : undefined;
}

function strings(value: Value): string | string[] | [string, string][] {
  if (Array.isArray(value)) return value.map(String);
  if (typeof value !== 'object') return String(value);
  return Object.entries(value).map(([key, member]): [string, string] => [key, String(member)]);
}

const decode = (part: string) => decodeURIComponent(part);

/** Members of a joined list: `a,b`, `k,v,k,v`, or exploded `k=v`. */
function parse(written: string, separator: string, kind: Kind, explode: boolean): ReturnType<typeof strings> {
  const parts = written.split(separator);
  if (kind === 'array') return parts.map(decode);
  if (explode) return parts.map((part) => part.split('=').map(decode) as [string, string]);
  return Array.from({ length: parts.length / 2 }, (_, index): [string, string] => [
    decode(parts[2 * index]!),
    decode(parts[2 * index + 1]!),
  ]);
}

type Kind = 'scalar' | 'array' | 'object';
const kindOf = (value: Value): Kind =>
  Array.isArray(value) ? 'array' : typeof value === 'object' ? 'object' : 'scalar';

describe('a parameter in the path', () => {
  const wires = fc.record({ style: fc.constantFrom('simple', 'label', 'matrix'), explode: fc.boolean() });

  it('is read back by style, or refused, whatever its value', () => {
    let sent = 0;
    fc.assert(
      fc.property(wires, fc.oneof(scalar, array, object), ({ style, explode }, value) => {
        const kind = kindOf(value);
        // `.` is an unreserved character: exploded labels cannot hold it.
        fc.pre(!(style === 'label' && explode && kind !== 'scalar' && JSON.stringify(value).includes('.')));
        const plan = send({ name: 'p', in: 'path', style, explode, allowReserved: false } as ParameterWire, value);
        if (!plan) return;
        sent++;
        const [, , segment, ...rest] = new URL(plan.url).pathname.split('/');
        expect(rest).toEqual(['b']);
        expect(readPath(segment!, style, kind, explode)).toEqual(strings(value));
      }),
      RUNS,
    );
    expect(sent).toBeGreaterThan(700);
  });

  function readPath(segment: string, style: string, kind: Kind, explode: boolean): unknown {
    if (style === 'matrix') return readMatrix(segment, kind, explode);
    const written = style === 'label' ? segment.slice(1) : segment;
    if (kind === 'scalar') return decode(written);
    return parse(written, style === 'label' && explode ? '.' : ',', kind, explode);
  }

  function readMatrix(segment: string, kind: Kind, explode: boolean): unknown {
    const pairs = segment
      .slice(1)
      .split(';')
      .map((pair) => [pair.split('=')[0]!, pair.split('=')[1] ?? ''] as const);
    if (explode && kind === 'array') return pairs.map(([, value]) => decode(value));
    if (explode && kind === 'object') return pairs.map((pair) => pair.map(decode));
    return kind === 'scalar' ? decode(pairs[0]![1]) : parse(pairs[0]![1], ',', kind, false);
  }
});

describe('a parameter in the query', () => {
  const DELIMITERS = { form: ',', spaceDelimited: '%20', pipeDelimited: '%7C' } as const;
  const wires = fc.record({
    style: fc.constantFrom('form', 'spaceDelimited', 'pipeDelimited', 'deepObject'),
    explode: fc.boolean(),
  });

  it('is read back by style, whatever its value', () => {
    fc.assert(
      fc.property(wires, fc.oneof(scalar, array, object), ({ style, explode }, value) => {
        const kind = kindOf(value);
        fc.pre(style !== 'deepObject' || kind === 'object');
        const delimiter = style === 'deepObject' ? '' : decode(DELIMITERS[style]);
        fc.pre(delimiter === '' || delimiter === ',' || explode || !JSON.stringify(value).includes(delimiter));
        const wire = { name: 'p', in: 'query', style, explode, allowReserved: false, allowEmptyValue: false };
        const { search } = new URL(send(wire as ParameterWire, value)!.url);
        const pairs = search
          .slice(1)
          .split('&')
          .map((pair) => pair.split('=') as [string, string]);
        expect(readQuery(pairs, style, kind, explode)).toEqual(strings(value));
      }),
      RUNS,
    );
  });

  function readQuery(pairs: [string, string][], style: string, kind: Kind, explode: boolean): unknown {
    if (style === 'deepObject') return pairs.map(([name, value]) => [decode(name).slice(2, -1), decode(value)]);
    if (kind === 'scalar') return decode(pairs[0]![1]);
    if (explode && kind === 'object') return pairs.map((pair) => pair.map(decode));
    if (explode) return pairs.map(([, value]) => decode(value));
    return parse(pairs[0]![1], DELIMITERS[style as keyof typeof DELIMITERS], kind, false);
  }

  it('is JSON where it is described by a media type, whatever its value', () => {
    const wire: ParameterWire = { name: 'p', in: 'query', style: 'content', mediaType: 'application/json' };
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { searchParams } = new URL(send(wire, value)!.url);
        expect(JSON.parse(searchParams.get('p')!)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      RUNS,
    );
  });

  it('keeps to its own pair where reserved characters pass', () => {
    const wire = { name: 'p', in: 'query', style: 'form', explode: true, allowReserved: true, allowEmptyValue: false };
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }).filter((value) => value.isWellFormed()),
        (value) => {
          const url = new URL(send(wire as ParameterWire, value)!.url);
          expect(url.hash).toBe('');
          expect(url.search.slice(1).split('&').length).toBe(1);
          const once = (written: string) => written.replace(/%[0-9A-Fa-f]{2}/g, '');
          if (!/%[0-9A-Fa-f]{2}/.test(value)) expect(decode(url.search.slice('?p='.length))).toBe(value);
          else expect(once(decode(url.search.slice('?p='.length)))).toBe(once(decodedTriples(value)));
        },
      ),
      RUNS,
    );
  });

  /** Triples of the value pass as they are, so that the decoder decodes them. */
  function decodedTriples(value: string): string {
    return value.replace(/(?:%[0-9A-Fa-f]{2})+/g, (triples) => {
      try {
        return decode(triples);
      } catch {
        return triples;
      }
    });
  }
});

describe('a parameter in a header or a cookie', () => {
  const latin = fc.string({ unit: fc.constantFrom(...'abcXYZ019 _-.~!$%&/()?é=;:'), minLength: 1, maxLength: 8 });
  const member = fc.oneof(
    latin.map((value) => `x${value.trim()}`),
    fc.integer(),
  );

  it('is read back from a header, or refused', () => {
    const value = fc.oneof(
      member,
      fc.array(member, { minLength: 1, maxLength: 4 }),
      fc.dictionary(fc.string({ unit: fc.constantFrom(...'abc'), minLength: 1 }), member, {
        minKeys: 1,
        noNullPrototype: true,
      }),
    );
    fc.assert(
      fc.property(value, fc.boolean(), (given, explode) => {
        fc.pre(!(explode && JSON.stringify(given).includes('=')));
        const plan = send({ name: 'X-P', in: 'header', style: 'simple', explode }, given);
        const written = plan!.headers.find(([name]) => name === 'X-P')![1];
        const kind = kindOf(given);
        const plain = written.replaceAll('%', '%25');
        expect(kind === 'scalar' ? written : parse(plain, ',', kind, explode)).toEqual(strings(given));
      }),
      RUNS,
    );
  });

  it('is read back from the one Cookie header', () => {
    fc.assert(
      fc.property(fc.oneof(scalar, array, object), fc.boolean(), (value, explode) => {
        const kind = kindOf(value);
        const wire: ParameterWire = { name: 'p', in: 'cookie', style: 'form', explode, allowReserved: false };
        const plan = send(wire, value);
        // Names of cookies are written as they are: what cannot stand there is refused.
        if (!plan) return void expect(explode && kind === 'object').toBe(true);
        const written = plan.headers.find(([name]) => name === 'cookie')![1];
        const pairs = written
          .split('; ')
          .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]);
        if (kind === 'scalar') expect(decode(pairs[0]![1]!)).toBe(String(value));
        else if (!explode) expect(parse(pairs[0]![1]!, ',', kind, false)).toEqual(strings(value));
        else
          expect(pairs.map(([key, each]) => (kind === 'array' ? decode(each!) : [key, decode(each!)]))).toEqual(
            strings(value),
          );
      }),
      RUNS,
    );
  });
});
