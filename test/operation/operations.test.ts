import { describe, expect, it, test } from 'vitest';
import { buildOperations } from '../../src/operation/build.ts';
import { parseSource } from '../../src/spec/load.ts';

async function build(document: object, url?: string) {
  const spec = await parseSource({
    bytes: Buffer.from(JSON.stringify({ info: { title: 't', version: '1' }, ...document })),
    source: { name: 'doc', ...(url ? { url } : {}) },
  });
  return buildOperations(spec, 'api');
}
const one = async (operation: object, rest: object = {}) =>
  (await build({ openapi: '3.1.0', paths: { '/x': { get: operation } }, ...rest })).operations[0]!;

describe('buildOperations', () => {
  it('it takes every method, 3.2 ones only in 3.2, and reports what is none', async () => {
    const item = {
      get: {},
      put: {},
      trace: {},
      query: {},
      additionalOperations: { COPY: {}, CONNECT: {} },
      GET: {},
      'x-any': {},
    };
    const modern = await build({ openapi: '3.2.0', paths: { '/a': item } });
    expect(modern.operations.map(({ method }) => method)).toEqual(['GET', 'PUT', 'TRACE', 'QUERY', 'COPY']);
    expect(modern.diagnostics.map(({ code }) => code)).toEqual(['method-invalid', 'unknown-field']);
    const old = await build({ openapi: '3.0.0', paths: { '/a': item } });
    expect(old.operations.map(({ method }) => method)).toEqual(['GET', 'PUT', 'TRACE']);
    expect(old.diagnostics.filter(({ code }) => code === 'unknown-field')).toHaveLength(3);
  });

  it('it leaves out the operation that cannot be served, says where and why, and serves the rest', async () => {
    const { operations, diagnostics } = await build({
      openapi: '3.0.0',
      paths: {
        '/bad': { get: { parameters: [{ $ref: '#/gone' }] } },
        '/place': { get: { parameters: [{ name: 'x', in: 'nowhere' }] } },
        '/good': { get: {} },
      },
    });
    expect(operations.map(({ path }) => path)).toEqual(['/good']);
    expect(diagnostics.map(({ severity, pointer, message }) => [severity, pointer, message])).toEqual([
      [
        'error',
        '/paths/~1bad/get/parameters/0',
        'GET /bad is left out: the parameter reference "#/gone" leads nowhere',
      ],
      [
        'error',
        '/paths/~1place/get/parameters/0/in',
        'GET /place is left out: the parameter "x" is in "nowhere", which is no place',
      ],
    ]);
  });

  it('it merges parameters of the path item, the operation winning by name and place', async () => {
    const { operations } = await build({
      openapi: '3.0.0',
      paths: {
        '/{id}': {
          parameters: [
            { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
            { name: 'v', in: 'query', schema: { type: 'string' } },
          ],
          get: {
            parameters: [
              { name: 'v', in: 'query', schema: { type: 'integer' } },
              { name: 'v', in: 'header', schema: {} },
            ],
          },
        },
      },
    });
    expect(operations[0]!.parameters.map(({ wire, schema }) => [wire.in, wire.name, schema])).toEqual([
      ['path', 'id', { type: 'string' }],
      ['query', 'v', { type: 'integer' }],
      ['header', 'v', {}],
    ]);
  });

  test.each([
    [
      { name: 'a', in: 'query' },
      { style: 'form', explode: true, allowReserved: false, allowEmptyValue: false },
    ],
    [
      { name: 'a', in: 'query', style: 'pipeDelimited' },
      { style: 'pipeDelimited', explode: false },
    ],
    [
      { name: 'a', in: 'header' },
      { style: 'simple', explode: false },
    ],
    [
      { name: 'a', in: 'cookie' },
      { style: 'form', explode: true },
    ],
    [{ name: 'a', in: 'header', style: 'matrix' }, { style: 'simple' }],
    [
      { name: 'a', in: 'query', content: { 'application/json': { schema: {} } } },
      { style: 'content', mediaType: 'application/json' },
    ],
    [
      { name: 'a', in: 'querystring', content: { 'application/json': {} } },
      { in: 'querystring', mediaType: 'application/json' },
    ],
  ])('it applies the defaults of %j', async (parameter, wire) => {
    expect((await one({ parameters: [parameter] })).parameters[0]!.wire).toMatchObject(wire);
  });

  test.each(['Accept', 'content-type', 'Authorization', 'Host', 'Cookie', 'X-HTTP-Method-Override'])(
    'it does not offer the header %s',
    async (name) => {
      expect((await one({ parameters: [{ name, in: 'header', schema: {} }] })).parameters).toEqual([]);
    },
  );

  test.each([
    [
      'the operation',
      { servers: [{ url: 'https://op' }] },
      { servers: [{ url: 'https://root' }] },
      undefined,
      'https://op',
    ],
    [
      'the document',
      {},
      { servers: [{ url: 'https://root/{v}', variables: { v: { default: '1' } } }] },
      undefined,
      'https://root/{v}',
    ],
    [
      'where it was fetched',
      {},
      { servers: [{ url: '../v2' }] },
      'https://x.example/api/doc.json',
      'https://x.example/v2',
    ],
    ['the default', {}, {}, 'https://x.example/api/doc.json', 'https://x.example/'],
    ['a file, relative', {}, { servers: [{ url: '/v1' }] }, undefined, '/v1'],
  ])('it takes the server of %s', async (_, operation, root, url, expected) => {
    const { operations } = await build({ openapi: '3.1.0', paths: { '/x': { get: operation } }, ...root }, url);
    expect(operations[0]!.servers[0]!.url).toBe(expected);
  });

  test.each([
    ['application/json', { type: 'object' }, 'json'],
    ['application/vnd.x+json; v=2', {}, 'json'],
    ['*/*', { type: 'object' }, 'json'],
    ['application/x-www-form-urlencoded', { type: 'object' }, 'form'],
    ['multipart/form-data', { type: 'object' }, 'multipart'],
    ['application/xml', { type: 'object', properties: { a: {} } }, 'xml'],
    ['application/xml', { type: 'string' }, 'text'],
    ['text/csv', { type: 'string' }, 'text'],
    ['application/x-ndjson', { type: 'array' }, 'json-lines'],
    ['application/pdf', { type: 'string', format: 'binary' }, 'bytes'],
    ['application/vnd.custom', { type: 'object' }, 'json'],
    ['image/png', undefined, 'bytes'],
  ])('it encodes %s of %j as %s', async (mediaType, schema, encoding) => {
    expect((await one({ requestBody: { content: { [mediaType]: { schema } } } })).body!.choices[0]!.wire.encoding).toBe(
      encoding,
    );
  });

  it('it reads security as OR of ANDs, an empty list replacing the document', async () => {
    const root = { security: [{ a: [] }] };
    expect((await one({}, root)).security).toEqual([[{ scheme: 'a', scopes: [] }]]);
    expect((await one({ security: [] }, root)).security).toEqual([]);
    expect((await one({ security: [{ a: ['s'], b: [] }, {}] }, root)).security).toEqual([
      [
        { scheme: 'a', scopes: ['s'] },
        { scheme: 'b', scopes: [] },
      ],
      [],
    ]);
  });

  it('it converts Swagger 2.0: body, form, collection formats, hosts', async () => {
    const { operations } = await build({
      swagger: '2.0',
      host: 'h.example',
      basePath: '/v1',
      schemes: ['http', 'https'],
      consumes: ['application/json'],
      parameters: { shared: { name: 's', in: 'header', type: 'string' } },
      paths: {
        '/a': {
          post: {
            parameters: [
              { name: 'b', in: 'body', required: true, schema: { $ref: '#/definitions/D' } },
              { $ref: '#/parameters/shared' },
              { name: 't', in: 'query', type: 'array', items: { type: 'string' }, collectionFormat: 'tsv' },
            ],
          },
        },
        '/f': {
          post: { schemes: ['http'], parameters: [{ name: 'file', in: 'formData', type: 'file', required: true }] },
        },
      },
      definitions: { D: { type: 'object' } },
    });
    expect(operations[0]).toMatchObject({
      servers: [{ url: 'https://h.example/v1' }],
      body: {
        required: true,
        choices: [{ wire: { mediaType: 'application/json' }, schema: { $ref: '#/definitions/D' } }],
      },
    });
    expect(operations[0]!.parameters.map(({ wire }) => [wire.name, wire.style])).toEqual([
      ['s', 'simple'],
      ['t', 'tabDelimited'],
    ]);
    expect(operations[1]).toMatchObject({
      servers: [{ url: 'http://h.example/v1' }],
      body: { choices: [{ wire: { encoding: 'multipart', fields: { file: { value: 'bytes' } } } }] },
    });
  });

  it('it takes the consequential flag as declared', async () => {
    expect((await one({ 'x-openai-isConsequential': true })).consequential).toBe(true);
    expect('consequential' in (await one({}))).toBe(false);
  });
});
