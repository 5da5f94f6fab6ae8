import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { lengthOf, reprOf, tupleOf } from '../../src/actions/editor/python-words.ts';
import { validateForEditor, validateTogether } from '../../src/actions/editor/validate.ts';
import { readSpec } from '../../src/spec/read-spec.ts';
import { repositoryFile } from '../support/bridge-process.ts';

type Fields = { [key: string]: unknown };

const get = (more: Fields = {}) => ({ operationId: 'listPets', responses: {}, ...more });

function document(more: Fields = {}): Fields {
  return {
    openapi: '3.1.0',
    info: { title: 'Pets', version: '1' },
    servers: [{ url: 'https://pets.example.com' }],
    paths: { '/pets': { get: get() } },
    components: { schemas: {} },
    ...more,
  };
}

const paths = (operation: Fields, method = 'get', path = '/pets') =>
  document({ paths: { [path]: { [method]: operation } } });
const body = (schema: unknown, type = 'application/json') => ({ requestBody: { content: { [type]: { schema } } } });
const components = (schemas: unknown, more: Fields = {}) => document({ components: { schemas, ...more } });

const spec = (value: Fields, name = 'pets.json') => readSpec(JSON.stringify(value), { name });
const validate = (value: Fields) =>
  validateForEditor(spec(value)).map(({ severity, code, pointer, message }) => [severity, code, pointer, message]);

const POINTER = '/paths/~1pets/get';
const WHERE = 'In path /pets, method get, operationId listPets';
const SKIPPED = ['error', 'gpt-function', POINTER, `${WHERE}, skipping function due to errors`];

/** Each rule of the editor: a document, and what is said about it. */
const RULES: readonly (readonly [string, Fields, readonly (readonly string[])[]])[] = [
  [
    'an older version',
    document({ openapi: '3.0.1' }),
    [['warning', 'gpt-version', '/openapi', "('openapi',): Input should be '3.1.1' or '3.1.0'"]],
  ],
  [
    'more than 30 operations',
    document({
      paths: Object.fromEntries(
        Array.from({ length: 31 }, (_, i) => [`/p${i}`, { get: get({ operationId: `p${i}` }) }]),
      ),
    }),
    [['error', 'gpt-operations', '/paths', 'OpenAPI spec can have a maximum of 30 operations']],
  ],
  ...['', '/v1', 'http://pets.example.com', 'https://{region}.example.com'].map(
    (url) =>
      [
        `the server ${JSON.stringify(url)}`,
        document({ servers: url === '' ? undefined : [{ url }] }),
        [['error', 'gpt-server-missing', '/servers', 'Could not find a valid URL in `servers`']],
      ] as const,
  ),
  [
    'several servers',
    document({
      servers: [{ url: 'https://a.example.com' }, { url: 'https://a.example.com/v2' }, { url: 'https://b.org' }],
    }),
    [
      ['warning', 'gpt-servers', '/servers', 'Multiple servers found, using https://a.example.com'],
      ['warning', 'gpt-hostname', '/servers/2/url', 'Found multiple hostnames, dropping https://b.org'],
    ],
  ],
  [
    'a server of an operation',
    paths(get({ servers: [{ url: 'https://files.example.com' }] })),
    [
      [
        'warning',
        'gpt-hostname',
        `${POINTER}/servers/0/url`,
        'Found multiple hostnames, dropping https://files.example.com',
      ],
    ],
  ],
  [
    'a long description, counted in code points',
    paths(get({ description: '🐾'.repeat(301), summary: '🐾'.repeat(300) })),
    [
      [
        'error',
        'gpt-operation-text',
        `${POINTER}/description`,
        `${WHERE}, description has length 301 exceeding limit of 300`,
      ],
    ],
  ],
  [
    'a long parameter',
    paths(get({ parameters: [{ name: 'q', in: 'query', description: 'x'.repeat(701), schema: { type: 'string' } }] })),
    [
      [
        'error',
        'gpt-parameter-text',
        `${POINTER}/parameters/0/description`,
        `${WHERE}, parameter q description has length 701 exceeding limit of 700`,
      ],
    ],
  ],
  [
    'no operationId',
    paths({ responses: {} }),
    [['error', 'gpt-operation-id', POINTER, 'In path /pets, method get is missing operationId; skipping']],
  ],
  [
    'one operationId twice',
    document({ paths: { '/a': { get: get() }, '/pets': { get: get() } } }),
    [['error', 'gpt-operation-id-twice', `${POINTER}/operationId`, `${WHERE}, the operationId stands twice`]],
  ],
  [
    'a method ChatGPT does not know',
    document({ paths: { '/pets': { get: get(), head: get() } } }),
    [['warning', 'gpt-method', '/paths/~1pets/head', 'Path /pets has unrecognized method head; skipping']],
  ],
  [
    'a path item by reference',
    {
      ...document({ paths: { '/pets': { $ref: '#/components/pathItems/pets' } } }),
      components: { schemas: {}, pathItems: { pets: { get: get() } } },
    },
    [['error', 'gpt-path-reference', '/paths/~1pets', 'Path /pets is a reference; its operations are not read']],
  ],
  [
    'a parameter by reference',
    {
      ...paths(get({ parameters: [{ $ref: '#/components/parameters/id' }] })),
      components: { schemas: {}, parameters: { id: { name: 'id', in: 'query' } } },
    },
    [
      [
        'warning',
        'gpt-parameter-name',
        `${POINTER}/parameters/0`,
        `${WHERE}, parameter {'$ref': '#/components/parameters/id'} is has missing or non-string name; skipping`,
      ],
      SKIPPED,
    ],
  ],
  [
    'headers and cookies',
    paths(get({ parameters: ['header', 'cookie'].map((place) => ({ name: `X-${place}`, in: place })) })),
    ['header', 'cookie'].map((place, index) => [
      'warning',
      'gpt-parameter-location',
      `${POINTER}/parameters/${index}`,
      `${WHERE}, parameter X-${place} has location ${place}; ignoring`,
    ]),
  ],
  [
    'a property with the name of a parameter',
    paths(
      get({
        parameters: [{ name: 'id', in: 'query' }],
        ...body({ type: 'object', properties: { id: { type: 'string' } } }),
      }),
    ),
    [
      [
        'warning',
        'gpt-parameter-twice',
        `${POINTER}/requestBody/content/application~1json/schema/properties/id`,
        `${WHERE}, parameter id is duplicated; skipping`,
      ],
      SKIPPED,
    ],
  ],
  [
    'a body that is a list',
    paths(get(body({ type: 'array', items: {} }))),
    [
      [
        'warning',
        'gpt-body',
        `${POINTER}/requestBody/content/application~1json/schema`,
        `${WHERE}, request body schema is not an object schema; skipping`,
      ],
      SKIPPED,
    ],
  ],
  [
    'a body that is not JSON',
    paths(get(body({ type: 'object', properties: {} }, 'multipart/form-data'))),
    [
      [
        'warning',
        'gpt-body-type',
        `${POINTER}/requestBody`,
        `${WHERE}, the request body has no application/json, only multipart/form-data`,
      ],
    ],
  ],
  [
    'a free-form body',
    paths(get(body({ type: 'object', properties: {} }))),
    [
      [
        'info',
        'gpt-free-form',
        `${POINTER}/requestBody/content/application~1json/schema`,
        `${WHERE}, the request body declares no property`,
      ],
    ],
  ],
  [
    'components without schemas',
    document({ components: {} }),
    [['warning', 'gpt-schemas', '/components', 'In components section, schemas subsection is not an object']],
  ],
  [
    'no components',
    document({ components: undefined }),
    [['warning', 'gpt-schemas', '', 'In components section, schemas subsection is not an object']],
  ],
  [
    'a circle, said once',
    components({
      A: { type: 'object', properties: { b: { $ref: '#/components/schemas/B' } } },
      B: { type: 'array', items: { $ref: '#/components/schemas/A' } },
      C: { anyOf: [{ $ref: '#/components/schemas/C' }] },
    }),
    [['error', 'gpt-circular', '/components/schemas/B/items', 'Components section contains a circular dependency']],
  ],
  [
    'references that lead nowhere, or elsewhere',
    components({ A: { allOf: [{ $ref: '#/components/schemas/Nobody' }, { $ref: '#/components/responses/Other' }] } }),
    ['Nobody', 'Other'].map((name, index) => [
      'warning',
      'gpt-component',
      `/components/schemas/A/allOf/${index}`,
      `In context=('components', 'schemas', 'A', 'allOf', '${index}'), reference to unknown component ${name}; using empty schema`,
    ]),
  ],
  [
    'objects without properties, wherever they are',
    {
      ...paths(
        get({
          responses: { '200': { description: '', content: { 'application/json': { schema: { type: 'object' } } } } },
        }),
      ),
      components: { schemas: { A: { type: ['object', 'null'], additionalProperties: { type: 'object' } } } },
    },
    [
      [
        'warning',
        'gpt-object',
        `${POINTER}/responses/200/content/application~1json/schema`,
        "In context=('paths', '/pets', 'get', 'responses', '200', 'content', 'application/json', 'schema'), object schema missing properties",
      ],
      [
        'warning',
        'gpt-object',
        '/components/schemas/A',
        "In context=('components', 'schemas', 'A'), object schema missing properties",
      ],
      [
        'warning',
        'gpt-object',
        '/components/schemas/A/additionalProperties',
        "In context=('components', 'schemas', 'A', 'additionalProperties'), object schema missing properties",
      ],
    ],
  ],
  [
    'OAuth on another domain, but for Google',
    {
      ...components(
        {},
        {
          securitySchemes: {
            a: {
              type: 'oauth2',
              flows: {
                authorizationCode: {
                  authorizationUrl: 'https://accounts.google.com/auth',
                  tokenUrl: 'https://login.other.org/token',
                },
              },
            },
          },
        },
      ),
    },
    [
      [
        'info',
        'gpt-oauth-domain',
        '/components/securitySchemes/a/flows/authorizationCode/tokenUrl',
        'The OAuth endpoint is on login.other.org, and the API on pets.example.com',
      ],
    ],
  ],
  [
    'a very large document',
    document({ 'x-large': 'x'.repeat(1_000_000) }),
    [['info', 'gpt-size', '', expect.stringMatching(/^The document has 1000\d+ characters as JSON$/)]],
  ],
  [
    'several security schemes, one of which the editor has no field for',
    components(
      {},
      {
        securitySchemes: {
          a: { type: 'http', scheme: 'Bearer' },
          b: { type: 'apiKey', in: 'query', name: 'key' },
          c: { type: 'oauth2', flows: { authorizationCode: {} } },
        },
      },
    ),
    [
      [
        'warning',
        'gpt-security',
        '/components/securitySchemes',
        'Found multiple security schemes, only 1 is supported',
      ],
      [
        'info',
        'gpt-security-kind',
        '/components/securitySchemes/b',
        'The editor has no field for an API key in the query',
      ],
    ],
  ],
];

describe('the GPT editor, as we know it', () => {
  it.each(RULES)('says what it says about %s', (_, value, findings) => {
    expect(validate(value)).toEqual(findings);
  });

  it('has nothing to say about a document that keeps its rules', () => {
    expect(validate(document())).toEqual([]);
    const text = readFileSync(repositoryFile('specs/todo-action.yaml'), 'utf8');
    expect(validateForEditor(readSpec(text, { name: 'todo' }))).toEqual([]);
  });

  it('takes no Swagger 2.0', () => {
    const value = { swagger: '2.0', info: { title: 'x', version: '1' }, host: 'a.example.com', paths: {} };
    expect(validate(value)).toContainEqual(['warning', 'gpt-version', '', "('openapi',): Field required"]);
  });

  it('takes one action set for each domain', () => {
    const other = document({ servers: [{ url: 'https://www.pets.example.com/v2' }] });
    expect(validateTogether([spec(document()), spec(other, 'other.json')])).toEqual([
      expect.objectContaining({
        severity: 'error',
        file: 'other.json',
        pointer: '/servers/0/url',
        message: 'Action sets cannot have duplicate domains - pets.example.com already exists on another action',
      }),
    ]);
  });

  it('gives each finding what ChatGPT would do, and a fix', () => {
    for (const [, value] of RULES)
      for (const { effect, hint } of validateForEditor(spec(value))) {
        expect(effect).toMatch(/\w/);
        expect(hint).toMatch(/\w/);
      }
  });
});

describe("the editor's words", () => {
  it.each([
    [
      { $ref: '#/x', in: null, required: true, list: [1, 'a'] },
      "{'$ref': '#/x', 'in': None, 'required': True, 'list': [1, 'a']}",
    ],
    ["it's", `"it's"`],
    [`it's "x"`, `'it\\'s "x"'`],
    ['a\nb\\', "'a\\nb\\\\'"],
  ])('shows %j as Python does', (value, text) => {
    expect(reprOf(value)).toBe(text);
  });

  it('shows a tuple of one with its comma', () => {
    expect([tupleOf(['a']), tupleOf(['a', 'b']), tupleOf([])]).toEqual(["('a',)", "('a', 'b')", '()']);
  });

  it('counts characters as Python does', () => {
    expect(lengthOf('a🐾é')).toBe(3);
  });
});
