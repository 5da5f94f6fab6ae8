import { describe, expect, it, test } from 'vitest';
import { createValidator } from '../../src/call/validate.ts';
import { nameArguments } from '../../src/tool/arguments.ts';
import { shorten } from '../../src/tool/bundle.ts';
import { glob, isOffered } from '../../src/tool/filter.ts';
import { canonical, fingerprint } from '../../src/tool/fingerprint.ts';
import { hintsOf } from '../../src/tool/hints.ts';
import { nameOperations, shortHash } from '../../src/tool/names.ts';
import { compileDocument, withBody } from '../support/documents.ts';

const operation = (id: string | undefined, path = '/p', method = 'GET', api = 'api') => ({
  api,
  method,
  path,
  ...(id === undefined ? {} : { id }),
});

describe('nameOperations', () => {
  test.each([
    [operation('getPet'), 'getPet'],
    [operation('issues/create'), 'issues_create'],
    [operation('users.list all'), 'users_list_all'],
    [operation('123'), 'op_123'],
    [operation('🚀', '/pets/{petId}/toys'), 'get_pets_by_petId_toys'],
    [operation(undefined, '/pets', 'DELETE'), 'delete_pets'],
    [operation('__proto__'), 'proto'],
  ])('it names %j %s', (given, name) => {
    expect(nameOperations([given])).toEqual([name]);
  });

  it('it keeps whole words of what is too long, and a hash', () => {
    const [name] = nameOperations([operation(`create${'VeryLongWord'.repeat(10)}`)]);
    expect(name).toMatch(/^create(?:VeryLongWord)+(?:Very)?(?:Long)?_[0-9a-f]{8}$/);
    expect(name!.length).toBeLessThanOrEqual(64);
  });

  it('it gives all that clash a hash of method and path, none a number', () => {
    const names = nameOperations([operation('a/b', '/1'), operation('a.b', '/2'), operation('c', '/3')]);
    expect(names).toEqual([`a_b_${shortHash('GET /1')}`, `a_b_${shortHash('GET /2')}`, 'c']);
  });

  it('it puts the API before names that several APIs have, whatever their order', () => {
    const [first, second] = [operation('list', '/a', 'GET', 'one'), operation('list', '/b', 'GET', 'two')];
    expect(nameOperations([first, second])).toEqual(['one_list', 'two_list']);
    expect(nameOperations([second, first])).toEqual(['two_list', 'one_list']);
  });
});

describe('nameArguments', () => {
  const named = (...inputs: [string, 'path' | 'query' | 'header' | 'body'][]) =>
    nameArguments(inputs.map(([name, place]) => ({ name, place })));
  test.each([
    ['$top', 'top'],
    ['filter[name]', 'filter_name'],
    ['transport-mode', 'transport_mode'],
    ['ids[]', 'ids'],
    ['@type', 'type'],
    ['2fa', '_2fa'],
    ['❤️', 'query_'],
    ['__proto__', 'proto'],
  ])('it says %s as %s', (name, alias) => {
    expect(named([name, 'query'])).toEqual([alias]);
  });

  it('it adds the place to names that clash, and only to them', () => {
    expect(named(['id', 'path'], ['id', 'query'], ['id', 'body'], ['name', 'body'])).toEqual([
      'id_path',
      'id_query',
      'id_body',
      'name',
    ]);
    expect(new Set(named(['a-b', 'query'], ['a.b', 'query'], ['a_b', 'query'])).size).toBe(3);
  });
});

describe('compiled tools', () => {
  it('it keeps what stands beside a reference whole, references in it too', async () => {
    const one = { type: 'object', properties: { id: { $ref: '#/components/schemas/One' } } };
    const { tools } = await compileDocument(
      withBody(
        {
          allOf: [
            { type: 'object', properties: { a: one } },
            { type: 'object', properties: { a: { $ref: '#/components/schemas/One' } } },
          ],
        },
        { schemas: { One: { anyOf: [{ type: 'string' }, { type: 'object' }] } } },
      ),
    );
    expect(createValidator(tools[0]!.input)({ a: { id: 'x' } })).toEqual([]);
  });

  it('it lays properties of a plain body beside the parameters, and says the API names of what it renamed', async () => {
    const { tools } = await compileDocument({
      openapi: '3.1.0',
      info: { title: 't', version: '1' },
      paths: {
        '/{id}': {
          put: {
            operationId: 'x',
            summary: 'Put it',
            description: 'All of it.',
            parameters: [
              { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
              { name: '$top', in: 'query', description: 'How many.', schema: { type: 'integer' } },
            ],
            requestBody: {
              required: true,
              content: {
                'application/json': {
                  schema: {
                    type: 'object',
                    required: ['id'],
                    properties: { id: { type: 'string' }, body: { type: 'string' } },
                  },
                },
              },
            },
            responses: {},
          },
        },
      },
    });
    const { input, bindings, title, description, hints } = tools[0]!;
    expect(input).toEqual({
      type: 'object',
      properties: {
        id_path: { type: 'string' },
        top: { type: 'integer', description: 'How many. (API name: "$top")' },
        id_body: { type: 'string' },
        body: { type: 'string' },
      },
      required: ['id_path', 'id_body'],
      additionalProperties: false,
    });
    expect(bindings).toEqual([
      { argument: 'id_path', target: { kind: 'parameter', index: 0 } },
      { argument: 'top', target: { kind: 'parameter', index: 1 } },
      { argument: 'id_body', target: { kind: 'property', name: 'id' } },
      { argument: 'body', target: { kind: 'property', name: 'body' } },
    ]);
    expect([title, description]).toEqual(['Put it', 'Put it\n\nAll of it.']);
    expect(hints).toEqual({ readOnly: false, destructive: false, idempotent: true, openWorld: true });
  });

  test.each([
    ['a list', { type: 'array', items: { type: 'string' } }],
    ['a text', { type: 'string' }],
    ['a map', { type: 'object', additionalProperties: { type: 'string' } }],
    ['a union', { oneOf: [{ type: 'object', properties: { a: {} } }, { type: 'string' }] }],
    ['an open object', { type: 'object', properties: { a: {} }, additionalProperties: true }],
    ['an object with conditions', { type: 'object', properties: { a: {} }, if: {}, then: {} }],
  ])('it asks for %s as one body', async (_, schema) => {
    const { tools } = await compileDocument(withBody(schema));
    expect(Object.keys(tools[0]!.input.properties)).toEqual(['body']);
    expect(Object.keys(tools[0]!.input)).not.toContain('anyOf');
  });

  it('it offers the media type only where there is a choice', async () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } } };
    const content = { 'application/xml': { schema }, 'application/json': { schema } };
    const { tools } = await compileDocument({
      openapi: '3.1.0',
      info: { title: 't', version: '1' },
      paths: { '/x': { post: { requestBody: { content } } } },
    });
    expect(tools[0]!.input.properties['content_type']).toMatchObject({ enum: ['application/json', 'application/xml'] });
    expect((await compileDocument(withBody(schema))).tools[0]!.input.properties).not.toHaveProperty('content_type');
  });

  it('it asks for files where bytes are sent', async () => {
    const { tools } = await compileDocument(
      withBody(
        {
          type: 'object',
          properties: { f: { type: 'string', format: 'binary', description: 'The file.' }, n: { type: 'string' } },
        },
        {},
        'multipart/form-data',
      ),
    );
    expect(tools[0]!.input.properties['f']).toMatchObject({
      description: 'The file.',
      anyOf: [{ type: 'string' }, { type: 'object' }],
    });
    expect(tools[0]!.input.properties['n']).toEqual({ type: 'string' });
  });

  it('it has the same fingerprint for the same meaning in another order, and another for another', async () => {
    const first = (
      await compileDocument(withBody({ type: 'object', properties: { a: { type: 'string', minLength: 1 } } }))
    ).tools[0]!;
    const same = (
      await compileDocument(withBody({ properties: { a: { minLength: 1, type: 'string' } }, type: 'object' }))
    ).tools[0]!;
    const other = (
      await compileDocument(withBody({ type: 'object', properties: { a: { type: 'string', minLength: 2 } } }))
    ).tools[0]!;
    expect(fingerprint(same)).toBe(fingerprint(first));
    expect(fingerprint(other)).not.toBe(fingerprint(first));
    expect(canonical({ b: 1, a: [undefined, { d: 1, c: undefined }] })).toBe('{"a":[null,{"d":1}],"b":1}');
  });
});

describe('hintsOf', () => {
  test.each([
    ['GET', undefined, true, false, true],
    ['QUERY', undefined, true, false, true],
    ['GET', true, false, true, true],
    ['POST', undefined, false, false, false],
    ['POST', false, false, false, false],
    ['POST', true, false, true, false],
    ['PUT', undefined, false, false, true],
    ['DELETE', undefined, false, true, true],
    ['COPY', undefined, false, false, false],
  ])('it reads %s, consequential %s', (method, consequential, readOnly, destructive, idempotent) => {
    expect(hintsOf(method, consequential)).toEqual({ readOnly, destructive, idempotent, openWorld: true });
  });
});

describe('isOffered', () => {
  const tool = { name: 'pets_list', id: 'pets/list', method: 'GET', path: '/pets/all', tags: ['pets', 'read'] };
  test.each([
    [[], [], true],
    [['pets_*'], [], true],
    [['pets/list'], [], true],
    [['tag:pets'], [], true],
    [['tag:orders'], [], false],
    [['path:/pets/*'], ['method:get'], false],
    [['*list', 'x'], [], true],
    [[], ['*'], false],
  ])('it judges include %j exclude %j: %s', (include, exclude, offered) => {
    expect(isOffered(tool, { include, exclude, readOnly: false })).toBe(offered);
  });

  it('it offers only safe methods when read-only', () => {
    expect([
      isOffered(tool, { include: [], exclude: [], readOnly: true }),
      isOffered({ ...tool, method: 'POST' }, { include: [], exclude: [], readOnly: true }),
    ]).toEqual([true, false]);
  });

  test.each([
    ['a*b*c', 'aXbYc', true],
    ['a*b', 'ab', true],
    ['a*a', 'a', false],
    ['*', '', true],
    ['a', 'ab', false],
  ])('it matches %s with %s: %s', (pattern, text, matched) => {
    expect(glob(pattern, text)).toBe(matched);
  });
});

describe('shorten', () => {
  test.each([
    ['One sentence. Another one.', 20, 'One sentence.'],
    ['words without an end', 12, 'words witho…'],
    ['words without an end', 14, 'words without…'],
    ['short', 12, 'short'],
    ['anything', 0, ''],
  ])('it shortens %j to %i', (text, limit, short) => {
    expect(shorten(text, limit)).toBe(short);
  });
});
