import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openBridge } from '../../src/bridge.ts';
import { EMPTY_CONFIG, mergeFlags } from '../../src/config/flags.ts';
import { formatReport } from '../../src/fidelity/format.ts';
import { reportFidelity } from '../../src/fidelity/report.ts';
import type { DocumentReport } from '../../src/fidelity/types.ts';
import { expandedSize } from '../../src/fidelity/validate.ts';
import type { InspectedApi } from '../../src/load-apis.ts';

const folder = mkdtempSync(join(tmpdir(), 'fidelity-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function report(document: object, flags: object = {}): Promise<DocumentReport> {
  const file = join(folder, 'document.json');
  writeFileSync(file, JSON.stringify(document));
  const inspected: InspectedApi[] = [];
  const config = mergeFlags([`api=${file}`], flags, { ...EMPTY_CONFIG, environment: {} });
  const bridge = await openBridge(config, { inspect: (api) => void inspected.push(api) });
  const reports = await reportFidelity(inspected, bridge.registry.tools, bridge.diagnostics);
  await bridge.close();
  return reports[0]!;
}

const BODY = { content: { 'application/json': { schema: { $ref: '#/components/schemas/Outer' } } } };
const OK = { responses: { 200: { description: 'ok' } } };
const DOCUMENT = {
  openapi: '3.0.3',
  info: { title: 'Mixed', version: '1' },
  servers: [{ url: 'https://mixed.example' }],
  paths: {
    '/exact': { get: { ...OK, operationId: 'exact' } },
    '/styled': {
      parameters: [{ name: 'q', in: 'query', style: 'matrix', schema: { type: 'string' } }],
      get: { ...OK, operationId: 'styled' },
      delete: { ...OK, operationId: 'gone' },
    },
    '/deep': { post: { ...OK, operationId: 'deep', requestBody: BODY } },
    '/lost': { get: { ...OK, operationId: 'lost', parameters: [{ $ref: '#/components/parameters/Nowhere' }] } },
    '/looks': {
      get: {
        ...OK,
        operationId: 'looks',
        parameters: [{ name: 'p', in: 'query', schema: { type: 'string', pattern: '^(?!x).*$' } }],
      },
    },
    nowhere: { get: { ...OK, operationId: 'nowhere' } },
  },
  components: {
    schemas: {
      Outer: { type: 'object', properties: { inner: { $ref: '#/components/schemas/Inner' } } },
      Inner: { type: 'object', properties: { odd: { type: 'strange' } } },
    },
  },
};

describe('the fidelity report', () => {
  it('gives each operation a verdict, its reasons and their places', async () => {
    const { operations, counts } = await report(DOCUMENT, { exclude: ['gone'] });
    const rows = operations.map(({ verdict, method, path, findings }) => [
      verdict,
      `${method} ${path}`,
      ...findings.map(({ code, pointer }) => `${code} ${pointer}`),
    ]);
    expect(rows).toEqual([
      ['exact', 'GET /exact'],
      ['degraded', 'GET /styled', 'style-invalid /paths/~1styled/parameters/0/style'],
      ['left-out', 'DELETE /styled', 'style-invalid /paths/~1styled/parameters/0/style'],
      ['degraded', 'POST /deep', 'type-unknown /components/schemas/Inner/properties/odd'],
      ['exact', 'GET /looks', 'pattern-unchecked /paths/~1looks/get'],
      ['refused', 'GET /lost', 'parameter-unresolved /paths/~1lost/get/parameters/0'],
      ['refused', 'GET nowhere', 'path-invalid /paths/nowhere'],
    ]);
    expect(counts).toEqual({ exact: 2, degraded: 2, refused: 2, 'left-out': 1 });
  });

  it('is lines for people: what is refused first, every line with its place', async () => {
    const lines = formatReport(await report(DOCUMENT));
    expect(lines[1]).toBe('  7 operations: 2 exact, 3 degraded, 2 refused');
    const heads = lines.filter((line) => /^ {2}(?:refused|degraded|exact)/.test(line)).map((line) => line.trim());
    expect(heads).toEqual([
      'refused: GET /lost',
      'refused: GET nowhere',
      'degraded: GET /styled (styled)',
      'degraded: DELETE /styled (gone)',
      'degraded: POST /deep (deep)',
      'exact: GET /looks (looks)',
    ]);
    expect(lines.join('\n')).toContain('document.json#/components/schemas/Inner/properties/odd: warning type-unknown');
  });

  it('places what stands in Swagger 2.0 where it was written', async () => {
    const { operations } = await report({
      swagger: '2.0',
      info: { title: 'Old', version: '1' },
      host: 'old.example',
      paths: {
        '/a': {
          post: {
            ...OK,
            parameters: [
              { name: 'b', in: 'body', schema: { $ref: '#/definitions/B' } },
              { name: 'h', in: 'header', type: 'string', pattern: '(' },
            ],
          },
        },
      },
      definitions: { B: { type: 'object', properties: { x: { $ref: '#/definitions/Lost' } } } },
    });
    expect(operations[0]!.findings.map(({ code, pointer }) => `${code} ${pointer}`)).toEqual([
      'pattern-invalid /paths/~1a/post/parameters',
      'ref-dangling /definitions/B/properties/x',
    ]);
  });
});

describe('validation by the schemas of OpenAPI', () => {
  const sound = { ...DOCUMENT, paths: { '/exact': DOCUMENT.paths['/exact'] }, components: {} };

  it('finds nothing in a sound document', async () => {
    expect((await report(sound)).validation).toEqual([]);
  });

  it('warns, with place and reason, and the document is served', async () => {
    const wrong = { ...sound, paths: { '/exact': { get: { ...OK, tags: 'one', colour: 'red' } } } };
    const { validation, counts } = await report(wrong);
    expect(validation.map(({ severity, pointer, message }) => [severity, pointer, message])).toEqual([
      ['warning', '/paths/~1exact/get/tags', 'By the OpenAPI schema this must be array'],
    ]);
    expect(counts.exact).toBe(1);
  });

  it('tells rules that no schema can say', async () => {
    const twice = { ...OK, operationId: 'same' };
    const { validation } = await report({
      swagger: '2.0',
      info: { title: 'Old', version: '1' },
      paths: { '/a': { get: twice }, '/b': { get: twice } },
    });
    expect(validation.map(({ message }) => message)).toEqual([expect.stringContaining('same')]);
  });

  it('says where it did not look', async () => {
    const { validation } = await report({ ...sound, openapi: '3.2.0' });
    expect(validation.map(({ code, severity }) => [code, severity])).toEqual([['not-validated', 'info']]);
  });

  it('does not begin what would not end', async () => {
    const schemas = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => {
        const next = { $ref: `#/components/schemas/S${index + 1}` };
        return [`S${index}`, index === 59 ? { type: 'string' } : { type: 'object', properties: { a: next, b: next } }];
      }),
    );
    const { validation } = await report({ ...sound, components: { schemas } });
    expect(validation.map(({ code }) => code)).toEqual(['not-validated']);
  });

  it('counts what refers to itself once', () => {
    const node = { properties: { child: { $ref: '#/definitions/Node' }, other: { $ref: '#/definitions/Node' } } };
    expect(expandedSize({ definitions: { Node: node } })).toBeLessThan(20);
  });
});
