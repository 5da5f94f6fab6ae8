import { type Bridge, openBridge as open } from './bridge.ts';
import { EMPTY_CONFIG, parseSpecArgument } from './config/flags.ts';
import { type ServerEntry, serverName, targetOf } from './config/mcp-servers.ts';
import type { ApiConfig, BridgeConfig, McpServerConfig } from './config/types.ts';
import { type DialectName, type Exported, exportTools as exportList } from './tool/export/index.ts';

export type { Bridge, CallOptions, CallOutcome } from './bridge.ts';

export { renderResult } from './call/render.ts';
export type { CallResult, Content, RequestPlan } from './call/types.ts';
export type { Diagnostic } from './diagnostic.ts';
export { formatDiagnostic } from './diagnostic.ts';
export { BridgeError, type ErrorCode } from './errors.ts';
export {
  type Arguments,
  type DialectName,
  type Exported,
  type ExportedTool,
  type ExportWarning,
  exportTool,
} from './tool/export/index.ts';
export { fingerprint } from './tool/fingerprint.ts';
export type { Tool } from './tool/types.ts';

/** What `openBridge` takes: the options of the command line under the names of the config file. */
export type BridgeOptions = Partial<Omit<BridgeConfig, 'apis' | 'mcpServers'>> & {
  /** Paths or URLs, `name=<spec>`, or APIs with their own options. */
  readonly specs: readonly (string | (Partial<ApiConfig> & { readonly spec: string }))[];
  /** MCP servers by name, in the shape of Claude Desktop's file, with what the config file allows besides. */
  readonly mcpServers?: { readonly [name: string]: ServerEntry & ServerExtras };
};

type ServerExtras = Partial<Pick<McpServerConfig, 'include' | 'exclude' | 'policy' | 'confirm' | 'tools'>>;

/** Opens documents as tools, without any transport: list `registry.tools`, call with `call`, end with `close`. Throws BridgeError. */
export async function openBridge({ specs, mcpServers = {}, ...options }: BridgeOptions): Promise<Bridge> {
  const apis = specs.map((spec) =>
    typeof spec === 'string' ? parseSpecArgument(spec) : { ...parseSpecArgument(''), ...spec },
  );
  const config = { ...EMPTY_CONFIG, cacheTools: false, environment: process.env, ...options, apis };
  const servers = Object.entries(mcpServers).map(([key, entry]) => toServer(key, entry, config));
  return open({ ...config, mcpServers: servers });
}

function toServer(key: string, entry: ServerEntry & ServerExtras, { environment }: BridgeConfig): McpServerConfig {
  const { include = [], exclude = [], tools = {}, policy, confirm } = entry;
  const place = { file: 'openBridge', key, environment };
  return {
    name: serverName(place),
    target: targetOf(entry, place),
    file: place.file,
    key,
    ignored: [],
    include,
    exclude,
    tools,
    ...(policy ? { policy } : {}),
    ...(confirm ? { confirm } : {}),
  };
}

/**
 * The tools as the value of `tools` in a request to OpenAI (`openai` for Chat Completions, `responses`), Anthropic or Gemini,
 * or as MCP lists them, with what that does not say as the tools' own schemas do. `exportTool` gives one tool, and the way
 * back of the arguments a model gives it.
 */
export function exportTools({ registry }: Pick<Bridge, 'registry'>, format: DialectName): Exported {
  return exportList(format, registry.tools);
}
