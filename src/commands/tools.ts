import { printableLine } from '../diagnostic.ts';
import { BridgeError } from '../errors.ts';
import { EXPORT_FORMATS, type Exported } from '../tool/export/index.ts';
import type { Tool } from '../tool/types.ts';
import { warningsPrinter } from './export-warnings.ts';
import { openFromFlags } from './open.ts';
import type { Command } from './table.ts';

const FORMATS: { readonly [format: string]: (tools: readonly Tool[]) => Pick<Exported, 'text' | 'warnings'> } = {
  table: (tools) => ({ text: `${toTable(tools)}\n`, warnings: [] }),
  ...EXPORT_FORMATS,
};

/** `actionbridge tools <spec>...` */
export const tools: Command = async ({ words, flags }) => {
  const name = String(flags['format'] ?? 'table');
  const format = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
  if (!format) throw new BridgeError('USAGE', `--format ${name} is not one of ${Object.keys(FORMATS).join(', ')}`);
  const print = warningsPrinter(flags['warnings'] ?? 'summary');
  const bridge = await openFromFlags(words, flags);
  const { text, warnings } = format(bridge.registry.tools);
  await bridge.close();
  process.stdout.write(text);
  print(warnings);
  return 0;
};

function toTable(tools: readonly Tool[]): string {
  const rows = tools.map(({ name, request, title }) => [name, request.method, request.path, title].map(printableLine));
  const widths = [0, 1, 2].map((column) => Math.min(64, Math.max(...rows.map((row) => row[column]!.length), 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [...lines, `${rows.length} tool${rows.length === 1 ? '' : 's'}`].join('\n');
}
