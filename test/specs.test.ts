import { readdirSync, readFileSync } from 'node:fs';
import SwaggerParser from '@apidevtools/swagger-parser';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { repositoryFile, runBridge } from './support/bridge-process.ts';

interface Operation {
  readonly operationId: string;
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly { readonly description?: string }[];
  readonly 'x-openai-isConsequential'?: boolean;
}

interface Document {
  readonly servers: readonly { readonly url: string }[];
  readonly paths: { readonly [path: string]: { readonly [key: string]: unknown } };
  readonly components: { readonly securitySchemes?: object };
}

const FILES = readdirSync(repositoryFile('specs'));
const METHODS = ['get', 'put', 'post', 'patch', 'delete'];

function read(name: string): Document {
  return load(readFileSync(repositoryFile(`specs/${name}`), 'utf8')) as Document;
}

function operationsOf({ paths }: Document): Operation[] {
  return Object.values(paths).flatMap((item) => METHODS.flatMap((method) => (item[method] as Operation) ?? []));
}

describe.each(FILES)('specs/%s', (name) => {
  it('is a valid OpenAPI document', async () => {
    await expect(SwaggerParser.validate(repositoryFile(`specs/${name}`))).resolves.toBeDefined();
  });

  it('says what each operation and parameter is for', () => {
    for (const operation of operationsOf(read(name))) {
      expect(operation).toMatchObject({
        operationId: expect.stringMatching(/^[A-Za-z][A-Za-z_]*$/),
        summary: expect.any(String),
        description: expect.any(String),
      });
    }
  });

  it('is served whole, with nothing to complain of', async () => {
    const { code, stdout } = await runBridge(['check', repositoryFile(`specs/${name}`), '--format', 'json']);
    expect(code).toBe(0);
    const { tools, diagnostics } = JSON.parse(stdout) as { tools: number; diagnostics: { severity: string }[] };
    expect(tools).toBe(operationsOf(read(name)).length);
    expect(diagnostics.filter(({ severity }) => severity !== 'info')).toEqual([]);
  });
});

describe('specs/todo-action.yaml', () => {
  const document = read('todo-action.yaml');

  it('keeps the rules of GPT Actions', () => {
    expect(document.servers).toHaveLength(1);
    expect(document.servers[0]!.url).toMatch(/^https:/);
    expect(Object.keys(document.components.securitySchemes ?? {})).toHaveLength(1);
    const operations = operationsOf(document);
    expect(operations.length).toBeLessThanOrEqual(30);
    for (const { summary, description, parameters } of operations) {
      expect(Math.max(summary!.length, description!.length)).toBeLessThanOrEqual(300);
      for (const parameter of parameters ?? []) expect(parameter.description!.length).toBeLessThanOrEqual(700);
    }
  });

  it('says of each operation whether it is consequential', () => {
    const flags = operationsOf(document).map((operation) => operation['x-openai-isConsequential']);
    expect(new Set(flags)).toEqual(new Set([true, false]));
  });
});
