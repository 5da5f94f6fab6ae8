import type { Tool } from '../types.ts';
import { anthropic } from './anthropic.ts';
import { gemini } from './gemini.ts';
import { mcp } from './mcp.ts';
import { openai, responses } from './openai.ts';
import type { Dialect, ExportedTool, ExportWarning } from './types.ts';

export type { Arguments, Dialect, ExportedTool, ExportWarning, WarningCode } from './types.ts';

/** Every dialect. A new one is a file and a row. */
export const DIALECTS = { mcp, openai, responses, anthropic, gemini } satisfies { readonly [name: string]: Dialect };

export type DialectName = keyof typeof DIALECTS;

export interface Exported {
  /** JSON: the value of the request's `tools`. */
  readonly document: unknown;
  /** The document as every surface gives it: indented JSON and a line end. */
  readonly text: string;
  readonly warnings: readonly ExportWarning[];
}

const known = new WeakMap<Tool, Map<DialectName, ExportedTool>>();

/** One tool in a dialect, with the way back of its arguments. Made once a tool and dialect. */
export function exportTool(name: DialectName, tool: Tool): ExportedTool {
  const made = known.get(tool) ?? new Map<DialectName, ExportedTool>();
  known.set(tool, made);
  const exported = made.get(name) ?? DIALECTS[name].exportTool(tool);
  made.set(name, exported);
  return exported;
}

/** The value of `tools` in a request of that dialect, and all that it does not say as the tools' own schemas do. */
export function exportTools(name: DialectName, tools: readonly Tool[]): Exported {
  const dialect: Dialect = DIALECTS[name];
  const exported = tools.map((tool) => exportTool(name, tool));
  const document = dialect.document(exported);
  return {
    document,
    text: `${JSON.stringify(document, null, 2)}\n`,
    warnings: [...(dialect.listWarnings?.(exported) ?? []), ...exported.flatMap(({ warnings }) => warnings)],
  };
}

/** The dialects as formats of a list of tools: for `--format`, `export` and `GET /v1/tools`. */
export const EXPORT_FORMATS: { readonly [format: string]: (tools: readonly Tool[]) => Exported } = Object.fromEntries(
  (Object.keys(DIALECTS) as DialectName[]).map((name) => [name, (tools: readonly Tool[]) => exportTools(name, tools)]),
);
