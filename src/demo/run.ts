import { basename, dirname, join } from 'node:path';
import { type CallToolResult, Client, type Tool } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { version } from '../version.ts';
import { startWeatherUpstream } from './upstream.ts';

export interface DemoOptions {
  /** What starts the bridge: the interpreter, then the bundle. */
  readonly command: readonly string[];
  /** `weather.yaml`, with `open-meteo.yaml` beside it; absolute. */
  readonly specPath: string;
  readonly write: (text: string) => void;
}

/** The calls the demonstration makes, as an assistant would. */
const CALLS: readonly { readonly name: string; readonly arguments: { readonly [name: string]: unknown } }[] = [
  { name: 'get_weather', arguments: { city: 'Lisbon' } },
  { name: 'get_forecast', arguments: { city: 'Lisbon', days: 3, units: 'metric' } },
];

/**
 * The main job on what ships, without internet: serves `weather.yaml` over stdio to a real MCP client against the embedded
 * upstream, and says what happened. Throws when the bridge does not start, a tool is missing or a call fails.
 */
export async function runDemo({ command, specPath, write }: DemoOptions): Promise<void> {
  const upstream = await startWeatherUpstream();
  const client = new Client({ name: 'actionbridge-demo', version }, { versionNegotiation: { mode: 'auto' } });
  try {
    const [interpreter, ...words] = command;
    const bridge = [interpreter!, ...words, `weather=${specPath}`, '--base-url', upstream.url];
    write(
      `The API: the weather service that ships with actionbridge, at ${upstream.url}\nThe bridge, as an MCP client starts it:\n  ${bridge.join(' ')}\n\n`,
    );
    await client.connect(new StdioClientTransport({ command: bridge[0]!, args: bridge.slice(1), stderr: 'inherit' }));
    const server = client.getServerVersion();
    write(`Connected over stdio to ${server?.name} ${server?.version}, MCP ${client.getNegotiatedProtocolVersion()}\n`);
    const { tools } = await client.listTools();
    write(`${tools.length} tools:\n${tools.map(describeTool).join('')}\n`);
    for (const call of CALLS) write(describeCall(call, (await client.callTool(call)) as CallToolResult));
  } finally {
    await client.close();
    await upstream.close();
  }
  write(closing(command, specPath));
}

function describeTool(tool: Tool): string {
  const required = new Set(tool.inputSchema.required ?? []);
  const names = Object.keys(tool.inputSchema.properties ?? {}).map((name) => (required.has(name) ? name : `${name}?`));
  return `  ${tool.name}(${names.join(', ')})  ${tool.title ?? ''}\n`;
}

function describeCall(call: (typeof CALLS)[number], result: CallToolResult): string {
  const text = result.content.map((part) => (part.type === 'text' ? part.text : `(${part.type})`)).join('\n');
  if (result.isError) throw new Error(`${call.name} failed: ${text}`);
  return `Called ${call.name} with ${JSON.stringify(call.arguments)}\n${indent(pretty(text))}\n\n`;
}

function closing(command: readonly string[], specPath: string): string {
  const spec = join(dirname(specPath), 'open-meteo.yaml');
  const block = { mcpServers: { weather: { command: command[0], args: [...command.slice(1), spec] } } };
  return [
    'It works. To give Claude Desktop real weather (Open-Meteo: public, no key), paste this into claude_desktop_config.json',
    '(Settings, Developer, Edit Config) and start it anew:',
    '',
    JSON.stringify(block, null, 2),
    '',
    `For an API of yours, put its OpenAPI document (file or URL) in the place of ${basename(spec)}.`,
    '',
  ].join('\n');
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}
