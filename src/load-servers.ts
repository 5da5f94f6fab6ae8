import type { ApiConfig, BridgeConfig, McpServerConfig } from './config/types.ts';
import type { Diagnostic } from './diagnostic.ts';
import { BridgeError } from './errors.ts';
import type { ServedApi } from './load-apis.ts';
import type { LoadedTools } from './load-tools.ts';
import type { Log } from './log.ts';
import type { SecurityDeclarations } from './operation/security-schemes.ts';
import { cleanText } from './operation/text.ts';
import { compileRemoteTools } from './remote/compile-tools.ts';
import { createOffers, type RemoteOffers } from './remote/offers.ts';
import { openRemoteServers, type RemoteServers, type ServerState } from './remote/servers.ts';
import { applyToolConfig, configFor } from './tool/configure.ts';
import { withConfirmation } from './tool/confirmation.ts';
import { createRegistry, joinRegistries } from './tool/registry.ts';
import type { Tool } from './tool/types.ts';

/** The MCP servers of a bridge. */
export interface ServedServers extends Pick<RemoteServers, 'settle' | 'send' | 'onChange' | 'close'> {
  readonly offers: RemoteOffers;
  /** `withServers`, of these. */
  join(documents: LoadedTools): LoadedTools;
}

/** The MCP servers of a config: started, and not waited for. */
export function openServers(config: BridgeConfig, log: Log): ServedServers {
  const remote = openRemoteServers({
    servers: config.mcpServers.map(({ name, target }) => ({ name, target })),
    allowHosts: config.allowHosts,
    environment: config.environment,
    ...(config.ca === undefined ? {} : { ca: config.ca }),
    log,
  });
  return { ...remote, offers: createOffers(remote), join: (documents) => withServers(documents, remote, config) };
}

/**
 * The documents' tools with those that the servers offer now. A server that is not there is a diagnostic and has no tools.
 * Throws CONFIG_INVALID when a server has the name of an API.
 */
export function withServers(documents: LoadedTools, remote: RemoteServers, config: BridgeConfig): LoadedTools {
  refuseClashes(documents.apis, config.mcpServers);
  const names = new Set<string>();
  const isTaken = (name: string) => names.has(name) || documents.registry.get(name) !== undefined;
  const parts = remote.servers.map((state, index) => {
    const part = loadServer(config, config.mcpServers[index]!, state, isTaken);
    for (const { name } of part.tools) names.add(name);
    return part;
  });
  return {
    ...documents,
    registry: joinRegistries(documents.registry, createRegistry(parts.flatMap(({ tools }) => tools))),
    apis: [...documents.apis, ...parts.map(({ api }) => api)],
    configs: [...documents.configs, ...config.mcpServers.map(asApi)],
    security: [...documents.security, ...parts.map(() => NO_SECURITY)],
    diagnostics: [...documents.diagnostics, ...parts.flatMap(({ diagnostics }) => diagnostics)],
  };
}

interface LoadedServer {
  readonly tools: readonly Tool[];
  readonly api: ServedApi;
  readonly diagnostics: readonly Diagnostic[];
}

function loadServer(
  config: BridgeConfig,
  server: McpServerConfig,
  { offer, failure }: ServerState,
  isTaken: (name: string) => boolean,
): LoadedServer {
  const compiled = compileRemoteTools(offer?.tools ?? [], {
    server: server.name,
    filter: filterOf(config, server),
    isTaken,
  });
  const configured = applyToolConfig(compiled.tools, {
    of: () => server.tools,
    apis: offer ? [{ api: server.name, names: Object.keys(server.tools) }] : [],
    select: config.select,
  });
  const tools = configured.tools.map((tool) =>
    withConfirmation(tool, {
      bridge: config.confirm,
      api: server.confirm,
      tool: configFor(tool, server.tools)?.confirm,
    }),
  );
  const found = [...compiled.diagnostics, ...configured.diagnostics].map((each) => placed(each, server));
  return {
    tools,
    api: {
      name: server.name,
      title: cleanText(offer?.title || server.key),
      description: cleanText(offer?.instructions ?? ''),
      version: offer?.version ?? '',
      operations: offer?.tools.length ?? 0,
    },
    diagnostics: [...absence(server, offer ? undefined : failure, offer !== undefined), ...ignored(server), ...found],
  };
}

function filterOf(config: BridgeConfig, { include, exclude }: McpServerConfig) {
  return {
    include: [...config.include, ...include],
    exclude: [...config.exclude, ...exclude],
    readOnly: config.readOnly,
  };
}

function absence(server: McpServerConfig, failure: string | undefined, there: boolean): Diagnostic[] {
  if (there) return [];
  const message = failure ?? `The MCP server "${server.name}" has not introduced itself yet`;
  const hint = 'Its tools appear as soon as it is there.';
  return [{ severity: 'error', code: 'mcp-server-down', file: server.file, pointer: pointerOf(server), message, hint }];
}

function ignored(server: McpServerConfig): Diagnostic[] {
  if (server.ignored.length === 0) return [];
  const message = `"${server.name}" has members that mean nothing here: ${server.ignored.join(', ')}`;
  return [{ severity: 'info', code: 'mcp-config-ignored', file: server.file, pointer: pointerOf(server), message }];
}

function placed(diagnostic: Diagnostic, server: McpServerConfig): Diagnostic {
  const rest = diagnostic.pointer.replace(/^\/(?:apis|mcpServers)\/[^/]*/, '');
  return { ...diagnostic, file: server.file, pointer: `${pointerOf(server)}${rest}` };
}

function pointerOf({ key }: McpServerConfig): string {
  return `/mcpServers/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function refuseClashes(apis: readonly ServedApi[], servers: readonly McpServerConfig[]): void {
  for (const [index, { name, file, key }] of servers.entries()) {
    const twice = servers.findIndex((other) => other.name === name) < index;
    if (!twice && !apis.some((api) => api.name === name)) continue;
    throw new BridgeError(
      'CONFIG_INVALID',
      `${file}: mcpServers.${key}: ${twice ? 'another server' : 'an API'} is called "${name}" already`,
      { hint: 'Give one of them another name.' },
    );
  }
}

/** What policies are looked up in: a server is to them what an API is. */
function asApi({ name, include, exclude, tools, policy, confirm }: McpServerConfig): ApiConfig {
  return {
    name,
    spec: `mcp://${name}`,
    headers: [],
    serverVariables: {},
    include,
    exclude,
    auth: {},
    tools,
    ...(policy ? { policy } : {}),
    ...(confirm ? { confirm } : {}),
  };
}

/** Its credentials are in its environment, or its headers: nothing is asked for by a tool. */
const NO_SECURITY: SecurityDeclarations = { schemes: {}, declared: false, servers: [], diagnostics: [] };
