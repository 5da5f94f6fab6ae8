import { type Tool as McpTool, ProtocolError, Server, type ServerContext } from '@modelcontextprotocol/server';
import type { Bridge } from '../bridge.ts';
import type { Surface } from '../call/execute.ts';
import { BridgeError } from '../errors.ts';
import { toMcpTool } from '../tool/mcp-tool.ts';
import { version } from '../version.ts';
import { instructionsFor } from './instructions.ts';

const INVALID_PARAMS = -32602;
const LIST_TTL_MS = 300_000;

export interface McpOptions {
  readonly surface: Surface;
  /** Reads a file that a `path` argument names; only given on local surfaces. */
  readonly readFile?: (path: string) => Uint8Array;
  /** The transport puts the list's text into the (empty) result itself: see `serve/prepared-list-transport.ts`. */
  readonly listIsWrittenByTransport?: boolean;
}

/** Makes MCP servers over one bridge: one a connection (stdio), or one a request (HTTP). Making one is cheap. */
export function createMcpServerFactory(bridge: Bridge, options: McpOptions): () => Server {
  let list: McpTool[] | undefined;
  const instructions = instructionsFor(bridge.apis);
  return () => {
    const server = new Server(
      { name: 'actionbridge', title: bridge.apis.map((api) => api.title).join(', '), version },
      {
        capabilities: { tools: {} },
        instructions,
        cacheHints: {
          'tools/list': { ttlMs: LIST_TTL_MS, cacheScope: 'public' },
          'server/discover': { ttlMs: LIST_TTL_MS, cacheScope: 'public' },
        },
      },
    );
    server.setRequestHandler('tools/list', ({ params }) => {
      if (params?.cursor !== undefined)
        throw new ProtocolError(INVALID_PARAMS, 'Unknown cursor: the list has one page');
      if (options.listIsWrittenByTransport) return { tools: [] };
      list ??= bridge.registry.tools.map(toMcpTool) as unknown as McpTool[];
      return { tools: list };
    });
    server.setRequestHandler('tools/call', ({ params }, context) => callTool(bridge, options, params, context));
    return server;
  };
}

async function callTool(
  bridge: Bridge,
  options: McpOptions,
  params: { name: string; arguments?: unknown },
  context: ServerContext,
) {
  try {
    const outcome = await bridge.call(params.name, params.arguments ?? {}, {
      ...options,
      signal: context.mcpReq.signal,
    });
    const { renderOutcome } = await import('./render-outcome.ts');
    return renderOutcome(outcome);
  } catch (error) {
    if (error instanceof BridgeError && error.code === 'TOOL_UNKNOWN')
      throw new ProtocolError(INVALID_PARAMS, error.message);
    throw error;
  }
}
