import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it, test } from 'vitest';
import { cleanText } from '../../src/operation/text.ts';
import { compileDocument, withBody } from '../support/documents.ts';

/** The schema of the one argument `v` that a property with this schema becomes. */
async function converted(schema: unknown, components: object = {}): Promise<unknown> {
  const { tools } = await compileDocument(withBody({ type: 'object', properties: { v: schema } }, components));
  const { input } = tools[0]!;
  for (const Validator of [Ajv, Ajv2020]) new Validator({ strict: false, logger: false }).compile(input);
  return input.properties['v'];
}

describe('the schema converter', () => {
  test.each<[string, unknown, unknown]>([
    ['nullable (3.0)', { type: 'string', nullable: true }, { type: ['string', 'null'] }],
    [
      'nullable beside an enum',
      { type: 'string', nullable: true, enum: ['a'] },
      { type: ['string', 'null'], enum: ['a', null] },
    ],
    [
      'boolean bounds (3.0)',
      { type: 'number', minimum: 1, exclusiveMinimum: true },
      { type: 'number', exclusiveMinimum: 1 },
    ],
    ['a bound that is text', { type: 'number', minimum: '1' }, { type: 'number' }],
    ['type lists', { type: ['string', 'null'] }, { type: ['string', 'null'] }],
    ['type: file (2.0)', { type: 'file' }, { type: 'string' }],
    ['a type that does not exist', { type: 'uuid' }, {}],
    ['arrays without items', { type: 'array' }, { type: 'array', items: {} }],
    [
      'tuples',
      { type: 'array', prefixItems: [{ type: 'string' }], items: false },
      { type: 'array', prefixItems: [{ type: 'string' }], maxItems: 1, items: {} },
    ],
    [
      'oneOf',
      { oneOf: [{ type: 'string', minLength: 1 }, { type: 'integer' }] },
      { anyOf: [{ type: 'string', minLength: 1 }, { type: 'integer' }] },
    ],
    ['a union of bare types', { oneOf: [{ type: 'string' }, { type: 'null' }] }, { type: ['string', 'null'] }],
    ['an enum its type forbids', { type: 'string', enum: [1, 2] }, { enum: [1, 2] }],
    ['doubles in enum', { enum: ['a', 'a'] }, { enum: ['a'] }],
    ['doubles of objects in enum', { enum: [{ a: 1 }, { a: 1 }, [1], [1], null] }, { enum: [{ a: 1 }, [1], null] }],
    ['a pattern no client compiles', { type: 'string', pattern: '(?i)a' }, { type: 'string' }],
    ['true', true, {}],
    ['false', false, { not: {} }],
    [
      'what is not for callers',
      { type: 'string', example: 'x', title: 'T', xml: {}, externalDocs: {}, 'x-y': 1 },
      { type: 'string' },
    ],
    [
      'allOf',
      {
        allOf: [
          { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
          { properties: { b: { type: 'integer' } } },
        ],
        description: 'd',
      },
      {
        type: 'object',
        properties: { a: { type: 'string' }, b: { type: 'integer' } },
        required: ['a'],
        description: 'd',
      },
    ],
    [
      'allOf that both constrain',
      {
        allOf: [
          { type: 'string', minLength: 1, maxLength: 9 },
          { type: 'string', minLength: 3, maxLength: 12 },
        ],
      },
      { type: 'string', minLength: 3, maxLength: 9 },
    ],
    [
      'readOnly properties',
      {
        type: 'object',
        properties: { id: { type: 'string', readOnly: true }, a: { type: 'string' } },
        required: ['id', 'a'],
      },
      { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
    ],
    [
      'readOnly in one part, required in another',
      { allOf: [{ type: 'object', properties: { id: { readOnly: true }, a: {} } }, { required: ['id', 'a'] }] },
      { type: 'object', properties: { a: {} }, required: ['a'] },
    ],
    ['a reference that leads nowhere', { $ref: '#/components/schemas/Gone' }, {}],
    [
      'siblings of $ref (3.1)',
      { $ref: '#/components/schemas/Code', maxLength: 3, description: 'd' },
      { type: 'string', pattern: '^[A-Z]+$', maxLength: 3, description: 'd' },
    ],
    [
      '$ref and nullable',
      { $ref: '#/components/schemas/Code', nullable: true },
      { type: ['string', 'null'], pattern: '^[A-Z]+$' },
    ],
  ])('it converts %s', async (_, schema, expected) => {
    expect(await converted(schema, { schemas: { Code: { type: 'string', pattern: '^[A-Z]+$' } } })).toEqual(expected);
  });

  it('it names what recurs under $defs, and inlines what is used once', async () => {
    const Node = {
      type: 'object',
      properties: { value: { $ref: '#/components/schemas/Value' }, next: { $ref: '#/components/schemas/Node' } },
    };
    const Value = { type: 'object', properties: { a: { type: 'string', description: 'x'.repeat(100) } } };
    const { tools } = await compileDocument(
      withBody(
        { type: 'object', properties: { v: { $ref: '#/components/schemas/Node' } } },
        { schemas: { Node, Value } },
      ),
    );
    const { input } = tools[0]!;
    expect(input.properties['v']).toEqual({ $ref: '#/$defs/Node' });
    expect(Object.keys(input['$defs'] as object)).toEqual(['Node']);
    expect((input['$defs'] as { Node: { properties: { value: unknown } } }).Node.properties.value).toEqual(Value);
  });

  it('it ends where allOf comes back to itself, and says so', async () => {
    const { tools, diagnostics } = await compileDocument(
      withBody(
        { $ref: '#/components/schemas/A' },
        {
          schemas: {
            A: { allOf: [{ $ref: '#/components/schemas/B' }, { properties: { a: {} } }] },
            B: { allOf: [{ $ref: '#/components/schemas/A' }, { properties: { b: {} } }] },
          },
        },
      ),
    );
    expect(Object.keys(tools[0]!.input.properties).sort()).toEqual(['a', 'b']);
    expect(diagnostics.map(({ code }) => code)).toContain('allof-cycle');
  });

  it('it tells which variant a discriminator selects', async () => {
    const branch = (name: string) => ({
      type: 'object',
      properties: { kind: { type: 'string' }, [name]: { type: 'string' } },
    });
    const schema = await converted(
      {
        oneOf: [{ $ref: '#/components/schemas/Cat' }, { $ref: '#/components/schemas/Dog' }],
        discriminator: { propertyName: 'kind', mapping: { c: '#/components/schemas/Cat', d: 'Dog' } },
      },
      { schemas: { Cat: branch('lives'), Dog: branch('bark') } },
    );
    expect(schema).toMatchObject({
      description: '"kind" selects the variant: "c" → Cat, "d" → Dog.',
      anyOf: [{ title: 'Cat' }, { title: 'Dog' }],
    });
  });

  it('it keeps a schema within what clients take: deep parts become free-form and still accept everything', async () => {
    const deep = (levels: number): object => ({
      type: 'object',
      properties: Object.fromEntries(
        Array.from({ length: 6 }, (_, index) => [
          `p${index}`,
          levels === 0 ? { type: 'string', description: 'y'.repeat(80) } : deep(levels - 1),
        ]),
      ),
    });
    const { tools, diagnostics } = await compileDocument(withBody(deep(3)));
    const { input } = tools[0]!;
    expect(JSON.stringify(input).length).toBeLessThanOrEqual(16_384);
    expect(diagnostics.map(({ code }) => code)).toContain('schema-reduced');
    expect(new Ajv2020({ strict: false }).compile(input)({ p0: { p1: { p2: { p3: 'text' } } } })).toBe(true);
  });

  it('it is not made exponential by doubling allOf', async () => {
    const schemas: { [name: string]: object } = { d30: { type: 'string', minLength: 1 } };
    for (let level = 0; level < 30; level++)
      schemas[`d${level}`] = {
        allOf: [{ $ref: `#/components/schemas/d${level + 1}` }, { $ref: `#/components/schemas/d${level + 1}` }],
      };
    const started = performance.now();
    expect((await compileDocument(withBody({ $ref: '#/components/schemas/d0' }, { schemas }))).tools).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

describe('cleanText', () => {
  test.each([
    ['a\u200bb\u202ec', 'abc'],
    ['line\r\nline', 'line\nline'],
    ['  naïve 日本  ', 'naïve 日本'],
    ['\u{e0041}x', 'x'],
  ])('it shows %j as %j', (text, clean) => {
    expect(cleanText(text)).toBe(clean);
  });
});
