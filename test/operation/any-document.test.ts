import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMPTY_CONFIG, mergeFlags } from '../../src/config/flags.ts';
import { BridgeError } from '../../src/errors.ts';
import { loadApis } from '../../src/load-apis.ts';
import type { Tool } from '../../src/tool/types.ts';

/** Of each kind of thing that a document has one; every run breaks some of it. */
const SCHEMA = {
  type: 'object',
  required: ['id', 'kind'],
  properties: {
    id: { type: 'integer', minimum: 1, readOnly: true },
    kind: { type: 'string', enum: ['a', 'b'], nullable: true },
    tags: { type: 'array', items: { type: 'string', pattern: '^x' } },
    next: { $ref: '#/components/schemas/Node' },
    any: {
      oneOf: [{ type: 'string' }, { $ref: '#/components/schemas/Node' }],
      discriminator: { propertyName: 'kind' },
    },
  },
  additionalProperties: { type: 'string' },
};
const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'Any', version: '1' },
  servers: [{ url: 'https://{host}.example/v1', variables: { host: { default: 'api', enum: ['api'] } } }],
  security: [{ key: [] }],
  paths: {
    '/nodes/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
      get: {
        operationId: 'getNode',
        tags: ['nodes'],
        parameters: [
          { name: 'filter', in: 'query', style: 'deepObject', explode: true, schema: SCHEMA },
          { name: 'json', in: 'query', content: { 'application/json': { schema: { type: 'array' } } } },
          { $ref: '#/components/parameters/Page' },
        ],
        responses: { 200: { description: 'ok', content: { 'application/json': { schema: SCHEMA } } } },
      },
      post: {
        summary: 'Make a node',
        requestBody: {
          required: true,
          content: {
            'application/json': { schema: { allOf: [{ $ref: '#/components/schemas/Node' }, { type: 'object' }] } },
            'multipart/form-data': {
              schema: { type: 'object', properties: { file: { type: 'string', format: 'binary' } } },
              encoding: { file: { contentType: 'image/png', headers: { 'X-A': { schema: { const: 'b' } } } } },
            },
            'application/xml': { schema: { $ref: '#/components/schemas/Node' } },
          },
        },
        responses: { default: { description: 'any' } },
      },
    },
  },
  components: {
    parameters: { Page: { name: 'page', in: 'query', schema: { type: ['integer', 'null'] } } },
    schemas: { Node: SCHEMA },
    securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-Key' } },
  },
};

/** Every place of the document, as the keys that lead there. */
const PLACES = placesIn(DOCUMENT, []);
const REFERENCES = PLACES.map(
  (keys) => `#/${keys.map((key) => key.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`,
);

const value = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(...REFERENCES).map(($ref) => ({ $ref })),
  fc.constantFrom(...REFERENCES).map(($ref) => ({ allOf: [{ $ref }, { $ref: '#/components/schemas/Node' }] })),
  fc.constantFrom<unknown>(
    null,
    [],
    {},
    '',
    0,
    true,
    { type: 'strange' },
    { $ref: 'other.yaml' },
    { $ref: 7 },
    '__proto__',
  ),
);
const change = fc.record({ place: fc.constantFrom(...PLACES), value });

describe('any document', () => {
  it('becomes sound tools and diagnostics, or is refused with a clear error', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const loaded = await load(changes.reduce(changed, DOCUMENT as unknown)).catch((error: unknown) => {
          expect(error).toBeInstanceOf(BridgeError);
          return undefined;
        });
        for (const { code, message, pointer } of loaded?.diagnostics ?? []) {
          expect(code).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
          expect(message.length).toBeGreaterThan(10);
          expect(pointer === '' || pointer.startsWith('/')).toBe(true);
        }
        for (const tool of loaded?.tools ?? []) expectSound(tool);
      }),
      { numRuns: 1_000 },
    );
  });
});

function load(document: unknown) {
  const config = mergeFlags(['api=-'], {}, { ...EMPTY_CONFIG, environment: {} });
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  return loadApis(config, [{ bytes, source: { name: '<any>' } }]);
}

function expectSound({ name, input }: Tool): void {
  expect(name).toMatch(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/);
  expect(input.type).toBe('object');
  expect(Buffer.byteLength(JSON.stringify(input))).toBeLessThanOrEqual(16_384);
  for (const argument of Object.keys(input.properties)) expect(argument).toMatch(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/);
  for (const ajv of VALIDATORS) expect([ajv.validateSchema(input), ajv.errors]).toEqual([true, null]);
  for (const ref of referencesIn(input)) expect(input['$defs']).toHaveProperty([ref.slice('#/$defs/'.length)]);
}

const VALIDATORS = [Ajv, Ajv2020].map((Validator) => new Validator({ strict: false, logger: false }));
const DATA = ['enum', 'const', 'default'];

function referencesIn(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([keyword, inner]) => {
    if (keyword === '$ref' && typeof inner === 'string') return [inner];
    return DATA.includes(keyword) ? [] : referencesIn(inner);
  });
}

function placesIn(node: unknown, keys: readonly string[]): (readonly string[])[] {
  if (typeof node !== 'object' || node === null) return [keys];
  return [keys, ...Object.entries(node).flatMap(([key, inner]) => placesIn(inner, [...keys, key]))].filter(
    (place) => place.length > 0,
  );
}

/** A copy with another value at the place; where the place is gone, the same document. */
function changed(document: unknown, { place, value: put }: { place: readonly string[]; value: unknown }): unknown {
  const copy = structuredClone(document);
  let node = copy as { [key: string]: unknown };
  for (const key of place.slice(0, -1)) {
    const next = Object.hasOwn(node, key) ? node[key] : undefined;
    if (typeof next !== 'object' || next === null) return document;
    node = next as { [key: string]: unknown };
  }
  node[place.at(-1)!] = put;
  return copy;
}
