import { existsSync, readFileSync } from 'node:fs';
import type { Environment } from '../auth/expand.ts';
import { BridgeError } from '../errors.ts';
import { refuseRecursion, serverName, targetOf } from './mcp-servers.ts';
import { foreignServerSchema, serverShape } from './mcp-servers-schema.ts';
import type { McpServerConfig } from './types.ts';

/** The servers of files that other programs have written: `mcpServers` (Claude, Cursor, Windsurf) or `servers` (VS Code). Throws CONFIG_INVALID. */
export function readMcpConfigFiles(paths: readonly string[], environment: Environment): McpServerConfig[] {
  return paths.flatMap((file) => readMcpConfigFile(file, environment));
}

function readMcpConfigFile(file: string, environment: Environment): McpServerConfig[] {
  const content = parse(file);
  const { mcpServers, servers } = content as { readonly mcpServers?: unknown; readonly servers?: unknown };
  const listed = mcpServers ?? servers;
  if (typeof listed !== 'object' || listed === null || Array.isArray(listed))
    throw new BridgeError('CONFIG_INVALID', `${file}: there is no "mcpServers" in it`, {
      hint: 'Give a file such as claude_desktop_config.json or .cursor/mcp.json.',
    });
  refuseRecursion(file, environment);
  return Object.entries(listed).flatMap(([key, entry]) => {
    const place = { file, key, environment };
    const parsed = foreignServerSchema.safeParse(entry);
    if (!parsed.success) {
      const words = parsed.error.issues.map(
        ({ path, message }) => `${file}: mcpServers.${[key, ...path].join('.')}: ${message}`,
      );
      throw new BridgeError('CONFIG_INVALID', words.join('\n'));
    }
    if (parsed.data.disabled) return [];
    return [
      {
        name: serverName(place),
        target: targetOf(parsed.data, place),
        file,
        key,
        ignored: Object.keys(parsed.data).filter((member) => !Object.hasOwn(serverShape, member)),
        include: [],
        exclude: [],
        tools: {},
      },
    ];
  });
}

function parse(file: string): object {
  if (!existsSync(file))
    throw new BridgeError('CONFIG_INVALID', `${file}: no such file`, {
      hint: 'Check the path given with --mcp-config.',
    });
  try {
    const content: unknown = JSON.parse(withoutComments(readFileSync(file, 'utf8')));
    if (typeof content === 'object' && content !== null) return content;
    throw new Error('it is no JSON object');
  } catch (error) {
    throw new BridgeError('CONFIG_INVALID', `${file}: ${(error as Error).message.split('\n')[0]}`, {
      cause: error,
      hint: 'Correct the file at the place named above.',
    });
  }
}

/** Editors' files are JSON with comments and commas at the end; strings are passed over. */
function withoutComments(text: string): string {
  const kept = text
    .replace(/^\uFEFF/, '')
    .replace(/"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (found) => (found.startsWith('"') ? found : ' '));
  return kept.replace(/"(?:[^"\\]|\\.)*"|,(?=\s*[}\]])/g, (found) => (found.startsWith('"') ? found : ''));
}
