import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { checkLimits, normalizeArguments } from '../../src/call/arguments.ts';
import { nearest } from '../../src/call/nearest.ts';
import { createValidator } from '../../src/call/validate.ts';
import type { InputSchema } from '../../src/tool/types.ts';

const input: InputSchema = {
  type: 'object',
  properties: {
    city: { type: 'string', minLength: 1 },
    days: { type: 'integer', minimum: 1, maximum: 7 },
    units: { type: 'string', enum: ['celsius', 'fahrenheit'] },
    filter: {
      type: 'object',
      properties: { tags: { type: 'array', items: { type: 'string' } } },
      required: ['tags'],
      additionalProperties: false,
    },
    code: { type: 'string', pattern: '^[A-Z]+$' },
    slow: { type: 'string', pattern: '^(a+)+$' },
    ahead: { type: 'string', pattern: '^(?=x)' },
    either: { anyOf: [{ type: 'string' }, { type: 'object', required: ['a'] }] },
    nothing: { type: ['string', 'null'] },
  },
  required: ['city'],
  additionalProperties: false,
};
const validate = createValidator(input);
const issuesOf = (args: unknown) => validate(args).map(({ argument, message }) => `${argument}: ${message}`);

describe('createValidator', () => {
  test.each([
    [{ city: 'Oslo' }, []],
    [{}, ['city: is required']],
    [{ city: 'Oslo', day: 1 }, ['day: is not known; did you mean "days"?']],
    [{ city: 'Oslo', days: 'x' }, ['days: must be integer, not "x"']],
    [{ city: 'Oslo', days: 9 }, ['days: must be <= 7, not 9']],
    [{ city: 'Oslo', units: 'kelvin' }, ['units: must be one of "celsius", "fahrenheit", not "kelvin"']],
    [{ city: 'Oslo', filter: { tags: ['a', 2] } }, ['filter.tags[1]: must be string, not 2']],
    [{ city: 'Oslo', filter: {} }, ['filter.tags: is required']],
    [{ city: 'Oslo', code: 'ab' }, ['code: must match ^[A-Z]+$, which "ab" does not']],
    [{ city: 'Oslo', either: 5 }, ['either: fits none of the allowed forms: string | object with a; it is 5']],
    [{ city: 'Oslo', ahead: 'y' }, []],
  ])('it says of %j: %j', (args, issues) => {
    expect(issuesOf(args)).toEqual(issues);
  });

  it('it does not take inherited names for arguments', () => {
    expect(
      createValidator({ type: 'object', properties: {}, required: ['constructor'], additionalProperties: false })({}),
    ).toHaveLength(1);
    expect(issuesOf(JSON.parse('{"city":"Oslo","__proto__":{"x":1}}'))).toEqual([
      expect.stringContaining('__proto__: is not known'),
    ]);
  });

  it('it checks patterns in linear time, each by its own', () => {
    const started = performance.now();
    expect(issuesOf({ city: 'Oslo', slow: `${'a'.repeat(40)}!` })).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(issuesOf({ city: 'Oslo', slow: 'aaa', code: 'AB' })).toEqual([]);
  });

  it('it ends where alternatives contain themselves, whatever it is given', () => {
    const branch = (name: string) => ({
      type: 'object',
      properties: { all: { type: 'array', items: { $ref: '#/$defs/Node' } }, [name]: { type: 'string' } },
      required: ['all'],
    });
    const check = createValidator({
      type: 'object',
      properties: { node: { $ref: '#/$defs/Node' }, self: { $ref: '#/$defs/Self' } },
      additionalProperties: false,
      $defs: { Node: { anyOf: [branch('a'), branch('b')] }, Self: { anyOf: [{ $ref: '#/$defs/Self' }] } },
    });
    const nested = (levels: number, leaf: unknown): unknown =>
      levels === 0 ? leaf : { all: [nested(levels - 1, leaf)] };
    expect(check({ node: nested(60, { all: [] }) })).toEqual([]);
    expect(check({ node: nested(5, 'wrong') }).length).toBeGreaterThan(0);
    for (const args of [{ node: nested(60, 'wrong') }, { self: 1 }])
      expect(check(args)).toEqual([expect.objectContaining({ message: expect.stringContaining('too deeply') })]);
    expect(check({ node: nested(60, { all: [] }) })).toEqual([]);
  });

  it('it never throws', () => {
    fc.assert(
      fc.property(fc.anything({ withBoxedValues: false }), (args) => Array.isArray(validate(args))),
      { numRuns: 1000 },
    );
  });
});

describe('normalizeArguments', () => {
  test.each([
    ['JSON text where only an object goes', { filter: '{"tags":["a"]}' }, { filter: { tags: ['a'] } }],
    ['no JSON text where text goes', { city: '{"a":1}' }, { city: '{"a":1}' }],
    ['no number out of text', { days: '3' }, { days: '3' }],
    ['null for an optional argument as left out', { days: null }, {}],
    ['null for a required argument as it is', { city: null }, { city: null }],
    ['null where null is allowed as it is', { nothing: null }, { nothing: null }],
    ['null for an enum without null as left out', { units: null }, {}],
  ])('it reads %s', (_, args, normal) => {
    expect(normalizeArguments(input, args)).toEqual(normal);
  });
});

describe('checkLimits', () => {
  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
  test.each([
    ['an object', {}, 0],
    ['a list', [], 1],
    ['null', null, 1],
    ['70 levels', { a: nested(70) }, 1],
    ['60 levels', { a: nested(60) }, 0],
    ['10,001 items', { a: Array(10_001).fill(0) }, 1],
    ['a text of 300 kB', { a: 'ä'.repeat(300_000) }, 1],
    ['a file of 2 MB in base64', { a: 'QUJD'.repeat(500_000) }, 0],
    ['2 MB in all', { a: Array(9).fill('ä'.repeat(250_000)) }, 1],
  ])('it judges %s', (_, args, issues) => {
    expect(checkLimits(args)).toHaveLength(issues);
  });
});

describe('nearest', () => {
  test.each([
    ['petID', 'pet_id'],
    ['limt', 'limit'],
    ['zebra', undefined],
  ])('it finds for %s: %s', (name, found) => {
    expect(nearest(name, ['limit', 'pet_id', 'status'])).toBe(found);
  });
});
