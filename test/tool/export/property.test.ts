import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { toStrictJsonSchema } from 'openai/lib/transform';
import { describe, expect, it } from 'vitest';
import { createValidator } from '../../../src/call/validate.ts';
import {
  type Arguments,
  DIALECTS,
  type DialectName,
  type ExportedTool,
  exportTool,
} from '../../../src/tool/export/index.ts';
import type { Tool } from '../../../src/tool/types.ts';
import { checkStrict } from '../../corpus/strict-checker.mjs';
import { compileDocument, withBody } from '../../support/documents.ts';
import { components, schemas } from '../../support/schemas.ts';
import { chooser, valueOf } from '../../support/values.ts';

const RUNS = 1_000;
const NAMES = Object.keys(DIALECTS) as DialectName[];
/** What a dialect told in words or not at all is for the check before the call to say. */
const UNTOLD = ['constraint-in-description', 'constraint-dropped', 'one-of', 'json-text'];

const documents = fc
  .record({ schema: fc.oneof(schemas.object, schemas.schema), components })
  .map((given) => withBody(given.schema, given.components));

async function compile(document: object): Promise<Tool> {
  const { tools } = await compileDocument(document);
  return tools[0]!;
}

function accepts({ parameters }: ExportedTool, given: unknown): boolean {
  return new Ajv2020({ strict: false, validateFormats: false, logger: false, ownProperties: true }).validate(
    parameters ?? {},
    given,
  );
}

describe('exported schemas', () => {
  it('turn any arguments they accept into a call, or the check says clearly why not', async () => {
    const calls: { [dialect: string]: number } = {};
    await fc.assert(
      fc.asyncProperty(documents, fc.nat(), async (document, seed) => {
        const tool = await compile(document);
        const check = createValidator(tool.input);
        for (const dialect of NAMES) {
          const exported = exportTool(dialect, tool);
          const given = valueOf(exported.parameters ?? { type: 'object' }, chooser(seed)) as Arguments;
          const before = JSON.stringify(given);
          const restored = exported.argumentsFrom(given);
          const issues = check(restored);
          expect(JSON.stringify(given)).toBe(before);
          if (issues.length === 0) calls[dialect] = (calls[dialect] ?? 0) + 1;
          const told = issues.length === 0 || exported.warnings.some(({ code }) => UNTOLD.includes(code));
          const shown = () => JSON.stringify([dialect, tool.input, exported.parameters, given, restored, issues]);
          expect(told || !accepts(exported, given), told ? '' : shown()).toBe(true);
          for (const { argument, message } of issues)
            expect(Math.min(argument.length, message.length)).toBeGreaterThan(0);
        }
      }),
      { numRuns: RUNS },
    );
    for (const dialect of NAMES) expect(calls[dialect]).toBeGreaterThan(RUNS / 2);
  }, 180_000);
});

describe('openai, strict', () => {
  it('writes what OpenAI takes, and what its own SDK would not change', async () => {
    let strict = 0;
    await fc.assert(
      fc.asyncProperty(documents, async (document) => {
        const { parameters, ...exported } = exportTool('openai', await compile(document));
        if (!exported.strict) return;
        strict++;
        expect(checkStrict(parameters!)).toEqual([]);
        expect(toStrictJsonSchema(parameters as never)).toEqual(parameters);
        new Ajv2020({ strict: false, validateFormats: false }).compile(parameters!);
      }),
      { numRuns: RUNS },
    );
    expect(strict).toBeGreaterThan(RUNS / 5);
  }, 180_000);
});
