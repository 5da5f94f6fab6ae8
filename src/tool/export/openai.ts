import { listedInput } from '../confirmation.ts';
import type { JsonSchema, Tool } from '../types.ts';
import { collectWarnings } from './collect.ts';
import { checkDescription, checkName, listLimit } from './limits.ts';
import { writePlain } from './plain.ts';
import { readShapes } from './read-shape.ts';
import { STRICT } from './strict.ts';
import { strictLimits } from './strict-limits.ts';
import type { Arguments, Dialect, ExportedTool, Report } from './types.ts';
import { writeShapes } from './write-shape.ts';

interface Function {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonSchema;
  readonly strict: boolean;
}

/** Chat Completions: `{ type: "function", function: { … } }`, at most 128. */
export const openai: Dialect = {
  exportTool: (tool) => exportFunction(tool, (definition) => ({ type: 'function', function: definition })),
  document: (exported) => exported.map(({ definition }) => definition),
  listWarnings: (exported) => listLimit(exported, 128, 'OpenAI takes 128 tools in one request'),
};

/** Responses: flat; `strict` is always said, since what is meant by its absence differs. */
export const responses: Dialect = {
  exportTool: (tool) => exportFunction(tool, (definition) => ({ type: 'function', ...definition })),
  document: (exported) => exported.map(({ definition }) => definition),
};

function exportFunction(tool: Tool, shape: (definition: Function) => JsonSchema): ExportedTool {
  const { report, ...collected } = collectStrictOrPlain(tool);
  const name = checkName(tool.name, 'openai', report);
  checkDescription(tool.description, report);
  const { parameters, strict, restore } = collected;
  const definition = { name, description: tool.description, parameters, strict };
  return {
    tool,
    ...definition,
    definition: shape(definition),
    warnings: collected.list.warnings,
    argumentsFrom: (given) => restore(given) as Arguments,
  };
}

/** Strict where every call that the tool takes can be said so; else the tool's own schema, and why. */
function collectStrictOrPlain(tool: Tool) {
  const input = listedInput(tool);
  const list = collectWarnings(tool.name);
  const { schema, restore, losses } = writeStrict(input, list.report);
  if (losses.length === 0) return { list, report: list.report, parameters: schema, strict: true, restore };
  const plain = collectWarnings(tool.name);
  for (const { pointer, message } of losses) plain.report('not-strict', pointer, `Not strict: ${message}`);
  const written = writePlain(input, plain.report);
  return { list: plain, report: plain.report, parameters: written.schema, strict: false, restore: written.restore };
}

function writeStrict(input: JsonSchema, report: Report) {
  const { schema, definitions, restore, losses } = writeShapes(readShapes(input, report), STRICT, report);
  const whole = Object.keys(definitions).length === 0 ? schema : { ...schema, $defs: definitions };
  const over = strictLimits(whole).map((message) => ({ pointer: '', message }));
  return { schema: whole, restore, losses: [...losses, ...over] };
}
