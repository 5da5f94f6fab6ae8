import { listedInput } from '../confirmation.ts';
import type { JsonSchema, Tool } from '../types.ts';
import { collectWarnings } from './collect.ts';
import { GEMINI } from './gemini-syntax.ts';
import { checkName } from './limits.ts';
import { readShapes } from './read-shape.ts';
import type { Arguments, Dialect, ExportedTool } from './types.ts';
import { writeShapes } from './write-shape.ts';

/** Levels tried in turn until the schema, references written out, fits; what is deeper is JSON text. */
const DEPTHS = [Number.POSITIVE_INFINITY, 8, 6, 5, 4, 3, 2, 1];
/** Twice what a tool's own schema may have: references are written out here. */
const MAX_CHARACTERS = 32_768;
const MAX_PLACES = 1_000;

/**
 * Function declarations with `parameters`, the restricted form, and not `parametersJsonSchema`: every endpoint and version
 * takes it (Gemini API, Vertex AI, Live, and what imitates them), while the other is not taken by all, and where it is,
 * recursion is only followed in optional members. What the restricted form cannot say (maps, any value, deep recursion)
 * is JSON text that is decoded before the call, so that nothing is lost by the choice.
 */
export const gemini: Dialect = {
  exportTool,
  document: (exported) => [{ functionDeclarations: exported.map(({ definition }) => definition) }],
};

function exportTool(tool: Tool): ExportedTool {
  const { written, list } = writeToFit(tool);
  const name = checkName(tool.name, 'gemini', list.report);
  const isEmpty = Object.keys(written.schema['properties'] as JsonSchema).length === 0;
  const parameters = isEmpty ? undefined : written.schema;
  const { description } = tool;
  return {
    tool,
    name,
    description,
    parameters,
    strict: false,
    definition: { name, description, ...(parameters === undefined ? {} : { parameters }) },
    warnings: list.warnings,
    argumentsFrom: (given) => written.restore(given) as Arguments,
  };
}

function writeToFit(tool: Tool) {
  const attempt = (depth: number) => {
    const list = collectWarnings(tool.name);
    const shapes = readShapes(listedInput(tool), list.report);
    return { list, written: writeShapes(shapes, GEMINI, list.report, { depth, places: MAX_PLACES }) };
  };
  for (const depth of DEPTHS) {
    const made = attempt(depth);
    if (!made.written.cut && JSON.stringify(made.written.schema).length <= MAX_CHARACTERS) return made;
  }
  return attempt(1);
}
