import type { Bridge } from '../bridge.ts';
import { BridgeError } from '../errors.ts';
import { toMcpTool } from '../tool/mcp-tool.ts';
import { openFromFlags } from './open.ts';
import type { Command } from './table.ts';

const FORMATS: { readonly [format: string]: (bridge: Bridge) => string } = {
  table: toTable,
  mcp: ({ registry }) => JSON.stringify(registry.tools.map(toMcpTool), null, 2),
};

/** `actionbridge tools <spec>...` */
export const tools: Command = async ({ words, flags }) => {
  const format = FORMATS[String(flags['format'] ?? 'table')];
  if (!format)
    throw new BridgeError(
      'USAGE',
      `--format ${String(flags['format'])} is not one of ${Object.keys(FORMATS).join(', ')}`,
    );
  const bridge = await openFromFlags(words, flags);
  process.stdout.write(`${format(bridge)}\n`);
  await bridge.close();
  return 0;
};

function toTable({ registry }: Bridge): string {
  const rows = registry.tools.map(({ name, request, title }) => [name, request.method, request.path, title]);
  const widths = [0, 1, 2].map((column) => Math.min(64, Math.max(...rows.map((row) => row[column]!.length), 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [...lines, `${rows.length} tool${rows.length === 1 ? '' : 's'}`].join('\n');
}
