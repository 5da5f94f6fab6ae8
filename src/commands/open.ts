import { existsSync } from 'node:fs';
import { type Bridge, type BridgeDependencies, openBridge } from '../bridge.ts';
import { EMPTY_CONFIG, type Flags, isApiName, mergeFlags } from '../config/flags.ts';
import type { BridgeConfig } from '../config/types.ts';
import { formatDiagnostic } from '../diagnostic.ts';

/** The config that words, flags, config file and environment make together. Throws USAGE and CONFIG_INVALID. */
export async function readConfig(specs: readonly string[], flags: Flags): Promise<BridgeConfig> {
  const environment = await readEnvironment(flags.envFile ?? []);
  // A word that is no file may be the name of an API of the config.
  const named = specs.some((word) => isApiName(word) && !existsSync(word));
  const wanted = flags.config !== undefined || specs.length === 0 || named;
  const file = wanted ? await (await import('../config/file.ts')).readConfigFile(flags.config, environment) : undefined;
  return mergeFlags(specs, flags, await withMcpConfig(flags, file ?? { ...EMPTY_CONFIG, environment }));
}

async function withMcpConfig({ mcpConfig = [] }: Flags, config: BridgeConfig): Promise<BridgeConfig> {
  if (mcpConfig.length === 0) return config;
  const { readMcpConfigFiles } = await import('../config/mcp-config-file.ts');
  return { ...config, mcpServers: [...config.mcpServers, ...readMcpConfigFiles(mcpConfig, config.environment)] };
}

async function readEnvironment(files: readonly string[]): Promise<BridgeConfig['environment']> {
  if (files.length === 0) return process.env;
  return (await import('../auth/env-file.ts')).readEnvFiles(files, process.env);
}

/** A command that ends has no later at which a server could come. */
export const ONE_SHOT_WAIT_MS = 30_000;

/** The bridge that words, flags and config file describe. Errors of documents go to stderr, the rest is what `check` is for. */
export async function openFromFlags(
  specs: readonly string[],
  flags: Flags,
  dependencies: BridgeDependencies = {},
): Promise<Bridge> {
  return openFromConfig(await readConfig(specs, flags), { serversWaitMs: ONE_SHOT_WAIT_MS, ...dependencies });
}

/** The same for a config that has been read. */
export async function openFromConfig(config: BridgeConfig, dependencies: BridgeDependencies = {}): Promise<Bridge> {
  const bridge = await openBridge(config, { stdin: readStdin, ...dependencies });
  for (const diagnostic of bridge.diagnostics) {
    if (diagnostic.severity === 'error') process.stderr.write(`${formatDiagnostic(diagnostic)}\n`);
  }
  return bridge;
}

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
