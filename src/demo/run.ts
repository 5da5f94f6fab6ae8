import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { startWeatherUpstream } from './upstream.ts';

export interface DemoOptions {
  /** The bridge's own command line, before its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly specPath: string;
  readonly write: (text: string) => void;
}

const CALLS = [
  { name: 'get_weather', arguments: { city: 'Berlin' } },
  { name: 'get_forecast', arguments: { city: 'Tokyo', days: 2, units: 'fahrenheit' } },
  { name: 'get_weather', arguments: { city: 'Atlantis' } },
];

/** The main job, whole: an upstream, the bridge over stdio, a real MCP client that lists and calls, and the config to paste. */
export async function runDemo({ command, specPath, write }: DemoOptions): Promise<void> {
  const upstream = await startWeatherUpstream();
  const words = [...command.slice(1), `weather=${specPath}`, '--base-url', upstream.url];
  write(`1. A weather API runs at ${upstream.url}\n2. The bridge serves ${specPath} over stdio\n`);
  const client = new Client({ name: 'actionbridge-demo', version: '1.0.0' });
  try {
    await client.connect(new StdioClientTransport({ command: command[0], args: words, stderr: 'inherit' }));
    const { tools } = await client.listTools();
    write(`3. An MCP client sees ${tools.length} tools:\n`);
    for (const tool of tools)
      write(`     ${tool.name}(${Object.keys(tool.inputSchema.properties ?? {}).join(', ')})  ${tool.title ?? ''}\n`);
    write('4. It calls them:\n');
    for (const call of CALLS) {
      const result = await client.callTool(call);
      const text = (result.content as { type: string; text?: string }[])
        .map((part) => part.text ?? part.type)
        .join('\n       ');
      write(
        `     ${call.name} ${JSON.stringify(call.arguments)}${result.isError ? ' → error' : ''}\n       ${text.replaceAll('\n', '\n       ')}\n`,
      );
    }
  } finally {
    await client.close();
    await upstream.close();
  }
  write(
    `5. For Claude Desktop, paste this into claude_desktop_config.json (it calls the public weather API of specs/open-meteo.yaml):\n${claudeBlock(command, specPath)}\n`,
  );
}

function claudeBlock(command: readonly [string, ...string[]], specPath: string): string {
  const spec = specPath.replace(/weather\.yaml$/, 'open-meteo.yaml');
  return JSON.stringify(
    { mcpServers: { weather: { command: command[0], args: [...command.slice(1), `weather=${spec}`] } } },
    null,
    2,
  );
}
