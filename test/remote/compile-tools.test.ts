import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { compileRemoteTools } from '../../src/remote/compile-tools.ts';
import { safeInput } from '../../src/remote/input-schema.ts';

const NO_FILTER = { include: [], exclude: [], readOnly: false };
const compile = (listed: readonly unknown[], options = {}) =>
  compileRemoteTools(listed, { server: 'my-server', filter: NO_FILTER, ...options });

describe('a tool of a server', () => {
  it.each([
    ['get_weather', 'my-server_get_weather'],
    ['search.docs/v2', 'my-server_search_docs_v2'],
    ['Ünïcode', 'my-server_n_code'],
  ])('named %s becomes %s', (name, expected) => {
    expect(compile([{ name }]).tools[0]!.name).toBe(expected);
  });

  it('gains a hash when another source has its name, and keeps it in every order', () => {
    const taken = compile([{ name: 'a' }], { isTaken: (name: string) => name === 'my-server_a' }).tools[0]!.name;
    expect(taken).toMatch(/^my-server_a_[0-9a-f]{8}$/);
    const names = (listed: readonly unknown[]) => compile(listed).tools.map(({ name }) => name);
    expect(names([{ name: 'x.y' }, { name: 'x/y' }])).toEqual(names([{ name: 'x/y' }, { name: 'x.y' }]).reverse());
  });

  it.each([
    [undefined, { readOnly: false, destructive: true, idempotent: false, openWorld: true }, 'POST'],
    [{ readOnlyHint: true }, { readOnly: true, destructive: false, idempotent: true, openWorld: true }, 'GET'],
    [
      { idempotentHint: true, destructiveHint: false, openWorldHint: false },
      { readOnly: false, destructive: false, idempotent: true, openWorld: false },
      'PUT',
    ],
    [{ readOnlyHint: 'yes' }, { readOnly: false, destructive: true, idempotent: false, openWorld: true }, 'POST'],
  ])('with annotations %j has hints', (annotations, hints, method) => {
    const tool = compile([{ name: 'a', annotations }]).tools[0]!;
    expect(tool.hints).toEqual(hints);
    expect(tool.request.method).toBe(method);
  });

  it('is filtered as operations are', () => {
    const listed = [{ name: 'read', annotations: { readOnlyHint: true } }, { name: 'write' }];
    const names = (filter: object) =>
      compile(listed, { filter: { ...NO_FILTER, ...filter } }).tools.map(({ name }) => name);
    expect(names({ readOnly: true })).toEqual(['my-server_read']);
    expect(names({ include: ['write'] })).toEqual(['my-server_write']);
    expect(names({ include: ['tag:my-server'], exclude: ['method:GET'] })).toEqual(['my-server_write']);
  });

  it('loses invisible characters of its texts', () => {
    const tool = compile([{ name: 'a', title: 'A\u200b', description: 'do\u202e this' }]).tools[0]!;
    expect([tool.title, tool.description]).toEqual(['A', 'do this']);
  });

  it('that has no name is told of, and takes no other along', () => {
    const { tools, diagnostics } = compile([null, { name: '' }, { name: 'a', inputSchema: 'nonsense' }]);
    expect(tools.map(({ name }) => name)).toEqual(['my-server_a']);
    expect(diagnostics).toMatchObject([{ code: 'mcp-tool-nameless', pointer: '/mcpServers/my-server' }]);
  });

  it('that declares its answers declares them relaxed', () => {
    const outputSchema = { type: 'object', properties: { n: { type: 'integer', minimum: 3 } }, required: ['n'] };
    const { output } = compile([{ name: 'a', outputSchema }]).tools[0]!;
    expect(output).toEqual({ type: 'object', properties: { n: { type: ['number', 'null'] } } });
  });
});

describe('the input schema of a server', () => {
  const cases: readonly (readonly [string, unknown, readonly unknown[]])[] = [
    ['none', undefined, [{}, { any: 1 }]],
    ['open object', { type: 'object', properties: { a: { type: 'string' } } }, [{ a: 'x' }, { a: 'x', more: 1 }]],
    [
      'closed object with definitions',
      {
        $schema: 'http://json-schema.org/draft-07/schema#',
        type: 'object',
        properties: { p: { $ref: '#/definitions/P' } },
        definitions: { P: { type: 'object', properties: { next: { $ref: '#/definitions/P' } } } },
        additionalProperties: false,
      },
      [{ p: { next: { next: {} } } }],
    ],
    [
      'union at the root',
      {
        type: 'object',
        oneOf: [
          { properties: { kind: { const: 'a' }, x: { type: 'string' } }, required: ['kind', 'x'] },
          { properties: { kind: { const: 'b' }, y: { type: 'number' } }, required: ['kind', 'y'] },
        ],
      },
      [
        { kind: 'a', x: '1' },
        { kind: 'b', y: 2 },
      ],
    ],
    [
      'conditions at the root',
      {
        type: 'object',
        properties: { mode: { enum: ['x', 'y'] } },
        if: { properties: { mode: { const: 'x' } } },
        then: { required: ['extra'] },
        additionalProperties: false,
      },
      [{ mode: 'x', extra: 1 }],
    ],
    ['boolean property', { type: 'object', properties: { a: true } }, [{ a: 1 }, { a: 'x' }]],
    [
      'draft-04 bounds',
      { type: 'object', properties: { n: { type: 'number', minimum: 1, exclusiveMinimum: true } } },
      [{ n: 2 }],
    ],
    ['nullable union', { type: 'object', properties: { a: { type: ['string', 'null'] } } }, [{ a: null }, { a: 'x' }]],
    ['dangling reference', { type: 'object', properties: { a: { $ref: 'https://elsewhere.example/x' } } }, [{ a: 1 }]],
    ['tuple', { type: 'object', properties: { a: { type: 'array', items: [{ type: 'string' }] } } }, [{ a: ['x'] }]],
  ];

  it.each(cases)('(%s) has an object at its root, and takes what the server takes', (_, written, accepted) => {
    const { input } = safeInput(written);
    expect(input.type).toBe('object');
    for (const keyword of ['anyOf', 'oneOf', 'allOf', 'if', 'not', '$ref']) expect(input).not.toHaveProperty(keyword);
    const check = new Ajv2020({ strict: false }).compile(input);
    for (const args of accepted) expect([args, check(args)]).toEqual([args, true]);
  });

  it('gives names that models cannot say others, and remembers its own', () => {
    const { input, bindings } = safeInput({
      type: 'object',
      properties: { 'filter[name]': { type: 'string' }, $top: { type: 'integer', description: 'How many.' } },
      required: ['filter[name]'],
    });
    expect(Object.keys(input.properties)).toEqual(['filter_name', 'top']);
    expect(input.required).toEqual(['filter_name']);
    expect(input.properties['top']!['description']).toBe('How many. (server\'s name: "$top")');
    expect(bindings).toEqual([
      { argument: 'filter_name', target: { kind: 'property', name: 'filter[name]' } },
      { argument: 'top', target: { kind: 'property', name: '$top' } },
    ]);
  });
});
