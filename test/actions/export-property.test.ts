import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { validateForEditor } from '../../src/actions/editor/validate.ts';
import { fixForEditor } from '../../src/actions/write/fix.ts';
import { buildToolDocument } from '../../src/actions/write/tool-document.ts';
import { readSpec } from '../../src/spec/read-spec.ts';
import { compileDocument } from '../support/documents.ts';

/** Names that repeat, collide and have to be changed. */
const name = fc.constantFrom('id', 'name', '$top', 'filter[x]', 'constructor', 'a-b', 'Ünï', 'body');
const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.integer({ min: 290, max: 900 }).map((length) => 'Words and more words. '.repeat(length / 20)),
  fc.integer({ min: 298, max: 304 }).map((length) => '🐾'.repeat(length)),
);
const component = fc.constantFrom('A', 'B', 'C', 'Nobody');

const { schema } = fc.letrec((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small' },
    fc.constant({}),
    fc.record({ type: fc.constantFrom('string', 'integer', 'object', 'array', 'null'), description: text }),
    component.map((to) => ({ $ref: `#/components/schemas/${to}` })),
    fc.record({
      type: fc.constantFrom('object', ['object', 'null']),
      properties: fc.dictionary(name, tie('schema'), { maxKeys: 3 }),
      additionalProperties: fc.oneof(fc.boolean(), tie('schema')),
    }),
    fc.record({ type: fc.constant('array'), items: tie('schema') }),
    fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }), nullable: fc.boolean() }),
  ),
}));

const operation = fc.record(
  {
    operationId: fc.oneof(name, fc.string({ maxLength: 90 })),
    summary: text,
    description: text,
    'x-openai-isConsequential': fc.boolean(),
    deprecated: fc.boolean(),
    parameters: fc.array(
      fc.record({
        name,
        in: fc.constantFrom('query', 'header', 'cookie'),
        required: fc.boolean(),
        description: text,
        schema,
      }),
      { maxLength: 3 },
    ),
    requestBody: fc.record({
      required: fc.boolean(),
      content: fc.dictionary(
        fc.constantFrom('application/json', 'text/plain', 'multipart/form-data'),
        fc.record({ schema }),
        {
          minKeys: 1,
          maxKeys: 2,
        },
      ),
    }),
    responses: fc.record({
      '200': fc.record({ description: text, content: fc.record({ 'application/json': fc.record({ schema }) }) }),
    }),
  },
  { requiredKeys: ['responses'] },
);

const document = fc.record({
  openapi: fc.constantFrom('3.0.3', '3.1.0'),
  info: fc.record({ title: text, version: fc.constant('1') }),
  servers: fc.constantFrom([], [{ url: 'http://a.example.com' }], [{ url: '/v1' }, { url: 'https://b.example.com' }]),
  paths: fc.dictionary(
    fc.constantFrom('/a', '/b', '/c/{id}'),
    fc.dictionary(fc.constantFrom('get', 'post', 'head', 'delete'), operation, { maxKeys: 3 }),
    { maxKeys: 3 },
  ),
  components: fc.record({ schemas: fc.record({ A: schema, B: schema, C: schema }) }),
});

const complaints = (written: object) =>
  validateForEditor(readSpec(JSON.stringify(written), { name: 'written' })).filter(
    ({ severity }) => severity !== 'info',
  );

describe('whatever the document', () => {
  it('its export passes our own validator, and gives the same names and flags', async () => {
    await fc.assert(
      fc.asyncProperty(document, async (value) => {
        const { tools } = await compileDocument(value);
        const written = buildToolDocument(tools, { publicUrl: 'https://b.example.com', secured: true, title: 'x' });
        expect(complaints(written)).toEqual([]);
        const back = await compileDocument(written);
        const flags = (list: typeof tools) =>
          list.map(({ name: tool, request, hints }) => [
            tool,
            request.consequential ?? !hints.readOnly,
            request.deprecated,
          ]);
        expect(flags(back.tools)).toEqual(flags(tools));
        const inputs = (list: typeof tools) => list.map(({ input }) => [Object.keys(input.properties), input.required]);
        expect(inputs(back.tools)).toEqual(inputs(tools));
      }),
      { numRuns: 300 },
    );
  });

  it('what --fix writes passes, and each operation is written or reported', () => {
    fc.assert(
      fc.property(document, (value) => {
        const spec = readSpec(JSON.stringify(value), { name: 'test' });
        const { documents, leftOut } = fixForEditor(spec, { baseUrl: 'https://a.example.com', variables: {} });
        for (const { document: written } of documents) expect(complaints(written)).toEqual([]);
        const written = documents.reduce((sum, each) => sum + each.operations, 0);
        const operations = Object.values(value.paths).reduce((sum, item) => sum + Object.keys(item).length, 0);
        const lost = new Set(leftOut.map((pointer) => pointer.split('/').slice(0, 4).join('/')));
        expect(written + lost.size).toBe(operations);
      }),
      { numRuns: 300 },
    );
  });
});
