import type { Server } from '@modelcontextprotocol/server';
import { serveStdio as serve } from '@modelcontextprotocol/server/stdio';
import type { Bridge } from '../bridge.ts';
import { createMcpServerFactory } from '../mcp/server.ts';
import { readLocalFile } from './local-files.ts';
import { PreparedListTransport } from './prepared-list-transport.ts';

export interface StdioOptions {
  /** Tools may change while this serves, and the client is told. */
  readonly listChanged?: boolean;
}

/** MCP over stdin and stdout, both generations, until the client closes stdin. */
export async function serveStdio(bridge: Bridge, { listChanged = false }: StdioOptions = {}): Promise<void> {
  const factory = createMcpServerFactory(bridge, {
    surface: 'stdio',
    readFile: readLocalFile,
    listIsWrittenByTransport: true,
    listChanged,
  });
  const transport = new PreparedListTransport(() => bridge.registry.listBytes());
  /** One a connection, but that the SDK may make another to tell the generations apart. */
  const servers: Server[] = [];
  const stopListening = bridge.onChange(() => {
    for (const server of servers) void server.sendToolListChanged().catch(() => undefined);
  });
  await new Promise<void>((resolve) => {
    process.stdin.once('end', resolve);
    process.stdin.once('close', resolve);
    process.stdout.once('error', () => resolve());
    serve(
      () => {
        const server = factory();
        servers.push(server);
        return server;
      },
      { transport },
    );
  });
  stopListening();
}
