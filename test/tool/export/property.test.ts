import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { toStrictJsonSchema } from 'openai/lib/transform';
import { describe, expect, it } from 'vitest';
import { createValidator, type Validator } from '../../../src/call/validate.ts';
import { type Arguments, type DialectName, type ExportedTool, exportTool } from '../../../src/tool/export/index.ts';
import type { JsonSchema } from '../../../src/tool/types.ts';
import { checkAnthropic } from '../../corpus/anthropic-checker.mjs';
import { checkGemini } from '../../corpus/gemini-checker.mjs';
import { checkStrict } from '../../corpus/strict-checker.mjs';
import { compileDocument, withBody } from '../../support/documents.ts';
import { say, UNSAID } from '../../support/say.ts';
import { components, schemas } from '../../support/schemas.ts';
import { chooser, exampleOf } from '../../support/values.ts';

const RUNS = 1_000;
/** The same documents each time; another seed finds others. */
const SEED = Number(process.env['SEED'] ?? 20_261_125);
/** Those that write schemas: `responses` has those of `openai`, and `mcp` the tools' own. */
const NAMES = ['openai', 'anthropic', 'gemini'] as const satisfies readonly DialectName[];
/** What a dialect told in words or not at all is for the check before the call to say. */
const UNTOLD = ['constraint-in-description', 'constraint-dropped', 'one-of', 'json-text'];

const documents = fc
  .record({ schema: fc.oneof(schemas.object, schemas.schema), components })
  .map((given) => withBody(given.schema, given.components));

/** Gemini's form as JSON Schema, for ajv. */
function asJsonSchema(schema: JsonSchema): JsonSchema {
  const text = JSON.stringify(schema, (_, value: JsonSchema) =>
    value?.['nullable'] === true ? { anyOf: [{ ...value, nullable: undefined }, { type: 'null' }] } : value,
  );
  const types = /"type":"(STRING|NUMBER|INTEGER|BOOLEAN|ARRAY|OBJECT|NULL)"/g;
  return JSON.parse(text.replace(types, (found) => found.toLowerCase())) as JsonSchema;
}

function accepts(dialect: DialectName, { parameters }: ExportedTool, given: unknown): boolean {
  const schema = dialect === 'gemini' ? asJsonSchema(parameters ?? {}) : (parameters ?? {});
  return new Ajv2020({ strict: false, validateFormats: false, logger: false, ownProperties: true }).validate(
    schema,
    given,
  );
}

/** Whether the arguments became a call; where they did not, somebody must have said why. */
function becomesCall(
  dialect: DialectName,
  exported: ExportedTool,
  { check, seed }: { check: Validator; seed: number },
): boolean {
  const given = exampleOf(exported.parameters ?? { type: 'object' }, chooser(seed)) as Arguments;
  const before = JSON.stringify(given);
  const restored = exported.argumentsFrom(given);
  const issues = check(restored);
  expect(JSON.stringify(given)).toBe(before);
  if (issues.length === 0) return true;
  for (const { argument, message } of issues) expect(Math.min(argument.length, message.length)).toBeGreaterThan(0);
  const told = exported.warnings.some(({ code }) => UNTOLD.includes(code));
  if (!told && accepts(dialect, exported, given))
    expect.fail(JSON.stringify([dialect, exported.tool.input, exported.parameters, given, restored, issues]));
  return false;
}

function checkLegal({ parameters = {}, strict }: ExportedTool, dialect: DialectName): void {
  if (strict) {
    expect(checkStrict(parameters)).toEqual([]);
    expect(toStrictJsonSchema(parameters as never)).toEqual(parameters);
  }
  if (dialect === 'gemini' && Object.keys(parameters).length > 0) expect(checkGemini(parameters)).toEqual([]);
  if (dialect === 'anthropic') expect(checkAnthropic(parameters)).toEqual([]);
}

/** Strict means that no call is lost: what the tool takes can be said, and comes back the same, types that had to be guessed aside. */
function canSay(
  { tool, parameters, argumentsFrom }: ExportedTool,
  { check, seed }: { check: Validator; seed: number },
): void {
  const value = exampleOf(tool.input, chooser(seed)) as Arguments;
  if (value === undefined || check(value).length > 0) return;
  const said = say(parameters!, value);
  if (said === UNSAID) expect.fail(JSON.stringify(['cannot say', value, tool.input, parameters]));
  expect(argumentsFrom(said as Arguments), JSON.stringify([tool.input, parameters, said])).toEqual(value);
}

describe('exported schemas', () => {
  it('are legal, and what they accept becomes a call, or the check says clearly why not', async () => {
    const calls = new Map<DialectName, number>();
    let strict = 0;
    await fc.assert(
      fc.asyncProperty(documents, fc.nat(), async (document, seed) => {
        const { tools } = await compileDocument(document);
        const check = createValidator(tools[0]!.input);
        for (const dialect of NAMES) {
          const exported = exportTool(dialect, tools[0]!);
          checkLegal(exported, dialect);
          if (exported.strict) {
            strict++;
            if (!exported.warnings.some(({ code }) => code === 'type-assumed')) canSay(exported, { check, seed });
          }
          if (becomesCall(dialect, exported, { check, seed })) calls.set(dialect, (calls.get(dialect) ?? 0) + 1);
        }
      }),
      { numRuns: RUNS, seed: SEED },
    );
    for (const dialect of NAMES) expect(calls.get(dialect)).toBeGreaterThan(RUNS / 4);
    expect(strict).toBeGreaterThan(RUNS / 4);
  }, 180_000);
});
