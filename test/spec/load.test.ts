import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { BridgeError } from '../../src/errors.ts';
import { loadSpec, parseSource } from '../../src/spec/load.ts';
import { createReferences, own } from '../../src/spec/references.ts';
import { compileFile, hasShared, SHARED } from '../support/documents.ts';

const parse = (text: string, name = 'doc') => parseSource({ bytes: Buffer.from(text), source: { name } });
const HEAD = 'openapi: 3.0.3\ninfo: {title: t, version: "1"}\npaths: {}\n';

describe('parseSource', () => {
  test.each([
    ['an empty file', '', /empty/],
    ['a page', '<!doctype html><title>Login</title>', /HTML/],
    ['a list', '[1, 2]', /a list/],
    ['a text', '"text"', /a string/],
    ['cut JSON', '{"openapi": "3.0.0", "info": {', /doc:1:\d+: not JSON/],
    ['JSON twice', '{"openapi": "3.0.0"}\n{"a": 1}', /doc:2:1: not JSON/],
    ['broken YAML', 'openapi: 3.0.0\n a: b\n  - c', /doc:\d+:\d+: not YAML/],
    ['no version', '{"info": {}}', /neither "openapi" nor "swagger"/],
    ['Swagger 1.2', '{"swaggerVersion": "1.2"}', /swaggerVersion "1.2"/],
    ['a version to come', 'openapi: 4.0.0', /#\/openapi: openapi "4.0.0"/],
    ['AsyncAPI', 'asyncapi: 2.6.0', /asyncapi/],
    ['paths as a list', 'openapi: 3.0.0\npaths: []', /doc#\/paths: paths is a list/],
  ])('it refuses %s with one clear message', async (_, text, message) => {
    const error = await parse(text).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BridgeError);
    expect((error as BridgeError).message).toMatch(message);
    expect((error as BridgeError).message).toMatch(/^doc/);
    expect((error as BridgeError).hint).not.toBe('');
  });

  test.each([
    ['a byte order mark', `\uFEFF${JSON.stringify({ openapi: '3.0.0', info: { title: 't' }, paths: {} })}`, 0],
    ['a version that is a number', 'swagger: 2.0\ninfo: {title: t}\npaths: {}', 1],
    ['a missing title', 'openapi: 3.1.0\npaths: {}', 1],
    ['duplicate keys', `${HEAD}x-a: 1\nx-a: 2\n`, 1],
    ['missing paths in 3.1', 'openapi: 3.1.0\ninfo: {title: t}', 0],
  ])('it takes %s with %i warnings', async (_, text, warnings) => {
    expect((await parse(text)).diagnostics).toHaveLength(warnings);
  });

  it('it reads YAML 1.2: timestamps, yes and no stay text, merge keys merge, keys are text', async () => {
    const { document } = await parse(
      `${HEAD}x-a: &a {b: 2024-01-01, c: yes, d: 010}\nx-e: {<<: *a, c: 1}\nx-f: {200: ok}\n`,
    );
    expect(document['x-a']).toEqual({ b: '2024-01-01', c: 'yes', d: 10 });
    expect(document['x-e']).toEqual({ b: '2024-01-01', c: 1, d: 10 });
    expect(document['x-f']).toEqual({ 200: 'ok' });
  });

  it('it reads flow mappings that close at a lower indentation', async () => {
    const { document } = await parse(`${HEAD}x-a:\n  b:\n    c: {\n      "d": 1\n    }\n  e: 2\n`);
    expect(document['x-a']).toEqual({ b: { c: { d: 1 } }, e: 2 });
  });

  it('it refuses aliases that expand without end, quickly', async () => {
    const levels = Array.from(
      { length: 12 },
      (_, level) =>
        `${'abcdefghijkl'[level]}: &${'abcdefghijkl'[level]} [${Array(9)
          .fill(level === 0 ? 'lol' : `*${'abcdefghijkl'[level - 1]}`)
          .join(', ')}]`,
    );
    await expect(parse(`${HEAD}x-bomb:\n  ${levels.join('\n  ')}\n`)).rejects.toThrow(/aliases expand/);
  });

  it('it gives diagnostics or a clear error for any text, never a crash', async () => {
    const piece = fc.oneof(
      fc.string(),
      fc.json(),
      fc.constantFrom(
        'openapi: 3.1.0\n',
        'swagger: "2.0"\n',
        'paths:\n',
        '  /a:\n',
        '    get: {parameters: [{$ref: "#/x"}]}\n',
        '{"openapi":"3.0.0","paths":{"/a":',
        '}',
        '&a [*a]',
        '\t',
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (pieces) => {
        const error = await parse(pieces.join('')).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        if (error !== undefined) expect(error).toBeInstanceOf(BridgeError);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('createReferences', () => {
  const document = {
    $self: 'https://x.example/doc',
    a: { 'b/c': { '~d': 1 } },
    loop: { $ref: '#/loop' },
    one: { $ref: '#/two' },
    two: { $ref: '#/one' },
    hop: { $ref: '#/a/b~1c' },
    anchored: { $anchor: 'here', type: 'string' },
    id: { $id: 'https://x.example/s' },
  };
  const references = createReferences(document);
  test.each([
    ['#/a/b~1c/~0d', 1],
    ['#/a/b%2Fc', undefined],
    ['#/a/b~1c/%7E0d', 1],
    ['#/hop', { '~d': 1 }],
    ['#here', document.anchored],
    ['https://x.example/s', document.id],
    ['https://x.example/doc#/a/b~1c/~0d', 1],
    ['#/loop', undefined],
    ['#/one', undefined],
    ['#/missing', undefined],
    ['#/__proto__', undefined],
    ['#/a/constructor', undefined],
    ['other.yaml#/a', undefined],
  ])('it resolves %s to %j', (ref, node) => {
    expect(references.resolve(ref)?.node).toEqual(node);
  });

  it('it finds any key through its escaped pointer', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 4 }), (keys) => {
        const holder = keys.reduceRight<unknown>(
          (inner, key) => Object.defineProperty({}, key, { value: inner, enumerable: true }),
          'end',
        ) as { [key: string]: unknown };
        const pointer = keys
          .map((key) => `/${encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1').toWellFormed())}`)
          .join('');
        if (keys.some((key) => !key.isWellFormed())) return;
        expect(createReferences(holder).resolve(`#${pointer}`)?.node).toBe('end');
      }),
      { numRuns: 1000 },
    );
  });

  it('it reads own members only', () => {
    expect(own({}, 'constructor')).toBeUndefined();
    expect(own(JSON.parse('{"__proto__": 5}'), '__proto__')).toBe(5);
  });
});

describe('documents of several files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'actionbridge-'));
  mkdirSync(join(folder, 'api', 'parts'), { recursive: true });
  writeFileSync(join(folder, 'secret.yaml'), 'type: string\n');
  writeFileSync(
    join(folder, 'api', 'parts', 'item.yaml'),
    'type: object\nproperties:\n  next: {$ref: "item.yaml"}\n  kind: {$ref: "../kinds.json#/Kind"}\n  root: {$ref: "../openapi.yaml#/components/schemas/Root"}\n',
  );
  writeFileSync(
    join(folder, 'api', 'kinds.json'),
    '{"Kind": {"type": "string", "default": {"$ref": "parts/none.yaml"}}}',
  );
  writeFileSync(
    join(folder, 'api', 'openapi.yaml'),
    `${HEAD}components:\n  schemas:\n    Root: {type: integer}\n    Item: {$ref: parts/item.yaml}\n    Up: {$ref: ../secret.yaml}\n    Web: {$ref: "https://x.example/y.yaml"}\n    Gone: {$ref: gone.yaml}\n`,
  );

  it('it follows files below the folder and nothing else', async () => {
    const { references, diagnostics, files } = await loadSpec(join(folder, 'api'), {});
    const item = references.resolve('#/components/schemas/Item')?.node as {
      properties: { [name: string]: { $ref: string } };
    };
    expect(references.resolve(item.properties['kind']!.$ref)?.node).toMatchObject({ type: 'string' });
    expect(references.resolve(item.properties['root']!.$ref)?.node).toEqual({ type: 'integer' });
    expect(references.resolve(item.properties['next']!.$ref)?.node).toBe(item);
    expect(diagnostics.map(({ message }) => message.replace(/^"([^"]+)".*: /, '$1: '))).toEqual([
      expect.stringMatching(/secret.yaml: .*outside/),
      'https://x.example/y.yaml: references to URLs are never fetched',
      'gone.yaml: there is no such file',
    ]);
    expect(files).toHaveLength(2);
  });

  it('it reads no file for a document that came by URL', async () => {
    const { diagnostics, files } = await parse(`${HEAD}components: {schemas: {A: {$ref: "/etc/passwd"}}}\n`);
    expect([diagnostics.length, files.length]).toEqual([1, 0]);
  });
});

describe.runIf(hasShared)('the hard cases', () => {
  const root = join(SHARED, 'specs', 'hard');
  const cases = hasShared ? readdirSync(root).filter((name) => existsSync(join(root, name, 'expected.json'))) : [];
  test.each(cases)('it loads or refuses %s as it should', async (name) => {
    const { load, spec } = JSON.parse(readFileSync(join(root, name, 'expected.json'), 'utf8'));
    const outcome = await compileFile(join(root, name, spec)).catch((error: unknown) => error);
    if (outcome instanceof Error) {
      expect(outcome).toBeInstanceOf(BridgeError);
      expect(load.ok).not.toBe(true);
      return;
    }
    expect(load.ok).not.toBe(false);
    const { tools } = outcome as Awaited<ReturnType<typeof compileFile>>;
    const missing = new Set(load.may_be_missing ?? []);
    const served = tools.map(({ request }) => `${request.method} ${request.path}`);
    for (const operation of load.operations ?? []) if (!missing.has(operation)) expect(served).toContain(operation);
    expect(served.length).toBeLessThanOrEqual((load.operations ?? served).length);
  });
});
