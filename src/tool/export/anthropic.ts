import { listedInput } from '../confirmation.ts';
import type { Tool } from '../types.ts';
import { collectWarnings } from './collect.ts';
import { checkName } from './limits.ts';
import { writePlain } from './plain.ts';
import type { Arguments, Dialect, ExportedTool } from './types.ts';

/** "Property keys should match pattern", or the whole request is refused. */
const MEMBER_NAME = /^[a-zA-Z0-9_.-]{1,64}$/;

/**
 * Messages API: JSON Schema 2020-12 without combinators at the root. Never `strict`: a request may have 20 such tools and 24
 * optional arguments in all of them together, which lists made from documents exceed.
 */
export const anthropic: Dialect = { exportTool, document: (exported) => exported.map(({ definition }) => definition) };

function exportTool(tool: Tool): ExportedTool {
  const list = collectWarnings(tool.name);
  const { schema, restore } = writePlain(listedInput(tool), list.report, MEMBER_NAME);
  const name = checkName(tool.name, 'anthropic', list.report);
  const { description } = tool;
  return {
    tool,
    name,
    description,
    parameters: schema,
    strict: false,
    definition: { name, description, input_schema: schema },
    warnings: list.warnings,
    argumentsFrom: (given) => restore(given) as Arguments,
  };
}
