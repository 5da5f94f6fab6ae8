import { type Bridge, openBridge } from '../bridge.ts';
import { EMPTY_CONFIG, type Flags, mergeFlags } from '../config/flags.ts';
import { formatDiagnostic } from '../diagnostic.ts';

/** The bridge that words, flags and config file describe. Errors of documents go to stderr, the rest is what `check` is for. */
export async function openFromFlags(specs: readonly string[], flags: Flags): Promise<Bridge> {
  const file = flags.config !== undefined || specs.length === 0 ? await readConfig(flags.config) : undefined;
  const bridge = await openBridge(mergeFlags(specs, flags, file ?? EMPTY_CONFIG), { stdin: readStdin });
  for (const diagnostic of bridge.diagnostics) {
    if (diagnostic.severity === 'error') process.stderr.write(`${formatDiagnostic(diagnostic)}\n`);
  }
  return bridge;
}

async function readConfig(path: string | undefined) {
  const { readConfigFile } = await import('../config/file.ts');
  return readConfigFile(path, process.env);
}

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
