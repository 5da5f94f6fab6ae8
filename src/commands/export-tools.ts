import { EXPORT_FORMATS } from '../tool/export/index.ts';
import { warningsPrinter } from './export-warnings.ts';
import { openFromFlags } from './open.ts';
import type { Command } from './table.ts';

/** `actionbridge export openai <spec>...` and its like: the value of `tools` in a request, on stdout; what it does not say, on stderr. */
export function exportToolsAs(format: string): Command {
  return async ({ words, flags }) => {
    const print = warningsPrinter(flags['warnings'] ?? 'summary');
    const bridge = await openFromFlags(words, flags);
    const { text, warnings } = EXPORT_FORMATS[format]!(bridge.registry.tools);
    await bridge.close();
    process.stdout.write(text);
    print(warnings);
    return 0;
  };
}
