import { serveStdio as serve } from '@modelcontextprotocol/server/stdio';
import type { Bridge } from '../bridge.ts';
import { createMcpServerFactory } from '../mcp/server.ts';
import { readLocalFile } from './local-files.ts';
import { PreparedListTransport } from './prepared-list-transport.ts';

/** MCP over stdin and stdout, both generations, until the client closes stdin. */
export async function serveStdio(bridge: Bridge): Promise<void> {
  const factory = createMcpServerFactory(bridge, {
    surface: 'stdio',
    readFile: readLocalFile,
    listIsWrittenByTransport: true,
  });
  const transport = new PreparedListTransport(() => bridge.registry.listBytes());
  await new Promise<void>((resolve) => {
    process.stdin.once('end', resolve);
    process.stdin.once('close', resolve);
    process.stdout.once('error', () => resolve());
    serve(factory, { transport });
  });
}
