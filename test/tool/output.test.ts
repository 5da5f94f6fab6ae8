import { describe, expect, it } from 'vitest';
import { createSchemaConverter } from '../../src/operation/schema.ts';
import type { Operation } from '../../src/operation/types.ts';
import { createReferences } from '../../src/spec/references.ts';
import { compileOutput, relaxedOutput } from '../../src/tool/output.ts';

const named = (count: number, schema: unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, schema]));

function converterOf(schemas: object) {
  return createSchemaConverter(createReferences({ components: { schemas } }), () => undefined, 'response');
}

/** Of lines of JSON, by their declared schema. */
function linesOutputOf(schema: unknown) {
  const responses = [{ status: '200', content: [{ mediaType: 'application/x-ndjson', schema }] }];
  return compileOutput({ responses } as unknown as Operation, converterOf({ Rows: { type: 'array', items: {} } }));
}

function outputOf(...schemas: readonly unknown[]) {
  const responses = schemas.map((schema, index) => ({
    status: `20${index}`,
    content: [{ mediaType: 'application/json', schema }],
  }));
  return compileOutput({ responses } as unknown as Operation, converterOf({}));
}

describe('what an answer looks like', () => {
  const TEXT = { type: 'object', properties: { a: { type: 'string' } } };
  const SHOWN_PROPERTIES = { properties: { a: { type: ['string', 'null'] } } };
  const SHOWN = { type: 'object', ...SHOWN_PROPERTIES };

  it.each([
    ['one schema', [TEXT], SHOWN],
    ['equal schemas', [TEXT, structuredClone(TEXT)], SHOWN],
    ['several schemas', [TEXT, { type: 'object' }], { type: 'object' }],
    ['none', [undefined], undefined],
  ])('is told of %s', (_, schemas, expected) => expect(outputOf(...schemas)).toEqual(expected));

  it.each([
    ['a line', TEXT, { type: ['object', 'null'], ...SHOWN_PROPERTIES }],
    ['all lines', { type: 'array', items: TEXT }, { type: ['object', 'null'], ...SHOWN_PROPERTIES }],
    ['all lines, elsewhere', { $ref: '#/components/schemas/Rows' }, {}],
    ['anything', {}, {}],
  ])('is a list where JSON comes in lines, described by %s', (_, schema, items) =>
    expect(linesOutputOf(schema)).toEqual({
      type: 'object',
      properties: { result: { type: ['array', 'null'], items } },
    }),
  );

  it('is not written out to be compared, however often a YAML alias stands in it', () => {
    let bomb: unknown = { type: 'string' };
    for (let level = 0; level < 30; level++) bomb = { a: bomb, b: bomb };
    const started = performance.now();
    expect(outputOf({ type: 'object', 'x-bomb': bomb }, { type: 'object', 'x-bomb': { a: bomb } })).toEqual({
      type: 'object',
    });
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it('has a size, however many names lead to one another', () => {
    const converter = converterOf({
      Wide: { type: 'object', properties: named(900, { $ref: '#/components/schemas/Wide' }) },
    });
    const output = relaxedOutput({ $ref: '#/components/schemas/Wide' }, converter);
    expect(Object.keys(output['properties'] as object)).toHaveLength(900);
    expect(JSON.stringify(output).length).toBeLessThan(60_000);
  });
});
