import type { Tool } from '../types.ts';
import { openai, responses } from './openai.ts';
import type { Dialect, ExportedTool, ExportWarning } from './types.ts';

export type { Arguments, Dialect, ExportedTool, ExportWarning, WarningCode } from './types.ts';

/** Every dialect. A new one is a file and a row. */
export const DIALECTS = { openai, responses } satisfies { readonly [name: string]: Dialect };

export type DialectName = keyof typeof DIALECTS;

export interface Exported {
  /** JSON: the value of the request's `tools`. */
  readonly document: unknown;
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
  return {
    document: dialect.document(exported),
    warnings: [...(dialect.listWarnings?.(exported) ?? []), ...exported.flatMap(({ warnings }) => warnings)],
  };
}
