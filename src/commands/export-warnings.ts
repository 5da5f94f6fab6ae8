import { BridgeError } from '../errors.ts';
import type { ExportWarning } from '../tool/export/index.ts';

const DETAILS: { readonly [detail: string]: (warnings: readonly ExportWarning[]) => readonly string[] } = {
  summary: (warnings) => [
    ...groupByCode(warnings).map(summarise),
    ...(warnings.length > 0
      ? ['What a tool takes is checked against its own schema all the same; --warnings all lists each place.']
      : []),
  ],
  all: (warnings) => warnings.map(({ tool, pointer, code, message }) => `${tool}#${pointer}: ${code}: ${message}`),
  none: () => [],
};

export type PrintWarnings = (warnings: readonly ExportWarning[]) => void;

/** Prints to stderr what a format does not say as the tools' own schemas do: in sum, each place, or not at all. Throws USAGE. */
export function warningsPrinter(detail: unknown): PrintWarnings {
  const lines = typeof detail === 'string' && Object.hasOwn(DETAILS, detail) ? DETAILS[detail] : undefined;
  if (!lines)
    throw new BridgeError('USAGE', `--warnings ${String(detail)} is not one of ${Object.keys(DETAILS).join(', ')}`);
  return (warnings) => {
    for (const line of lines(warnings)) process.stderr.write(`${line}\n`);
  };
}

function groupByCode(warnings: readonly ExportWarning[]): ExportWarning[][] {
  const groups = new Map<string, ExportWarning[]>();
  for (const warning of warnings) groups.set(warning.code, [...(groups.get(warning.code) ?? []), warning]);
  return [...groups.values()];
}

function summarise(group: readonly ExportWarning[]): string {
  const [{ tool, pointer, code, message }] = group as [ExportWarning];
  const tools = new Set(group.map((warning) => warning.tool)).size;
  const places = `${group.length} place${group.length === 1 ? '' : 's'} in ${tools} tool${tools === 1 ? '' : 's'}`;
  return tool === '' ? `${code}: ${message}` : `${code}: ${message} (${places}; the first is ${tool}#${pointer})`;
}
