import { type Environment, expandVariables } from '../auth/expand.ts';
import { BridgeError } from '../errors.ts';
import { depthIn, MAX_DEPTH } from '../remote/depth.ts';
import type { ServerTarget } from '../remote/types.ts';
import { registerSecret } from '../secrets.ts';
import { registerEnvironment, registerHeader } from './mcp-secrets.ts';

/** How a server is reached, as it is written: the shape of Claude Desktop's, Cursor's and VS Code's files. */
export interface ServerEntry {
  readonly command?: string | undefined;
  readonly args?: readonly string[] | undefined;
  readonly env?: { readonly [name: string]: string | number | boolean } | undefined;
  readonly cwd?: string | undefined;
  readonly url?: string | undefined;
  readonly headers?: { readonly [name: string]: string } | undefined;
  readonly type?: 'stdio' | 'http' | 'streamable-http' | 'streamableHttp' | 'sse' | undefined;
}

/** Where an entry stands, for messages, and the variables it may name. */
export interface ServerPlace {
  readonly file: string;
  /** The key in the file. */
  readonly key: string;
  readonly environment: Environment;
}

/** Throws CONFIG_INVALID when bridges would start bridges without end. */
export function refuseRecursion(file: string, environment: Environment): void {
  if (depthIn(environment) < MAX_DEPTH) return;
  throw new BridgeError('CONFIG_INVALID', `${file}: MCP servers below ${MAX_DEPTH} other bridges are not started`, {
    hint: 'Take the entry that runs this bridge itself out of the file, or name the servers in a file of its own.',
  });
}

/** The name a server's tools are known by: the key, as far as names of tools can hold it. Throws CONFIG_INVALID when nothing is left. */
export function serverName({ file, key }: ServerPlace): string {
  const name = key
    .replace(/[^A-Za-z0-9_-]+/g, '_')
    .replace(/^[^A-Za-z]+|[_-]+$/g, '')
    .slice(0, 32);
  if (name !== '') return name;
  throw new BridgeError('CONFIG_INVALID', `${file}: mcpServers.${key}: the name needs letters of A to Z`, {
    hint: 'Call the server something else.',
  });
}

/** How the server of an entry is reached. `${NAME}` is filled in; secrets are masked from now on. Throws CONFIG_INVALID. */
export function targetOf(entry: ServerEntry, place: ServerPlace): ServerTarget {
  const { command, url, type } = entry;
  if (command !== undefined && url !== undefined) throw wrong(place, '', 'give either a command or a url, not both');
  const wanted = type === undefined ? undefined : type === 'stdio' ? 'stdio' : type === 'sse' ? 'sse' : 'http';
  if (url !== undefined && wanted !== 'stdio') return byUrl(entry, place, wanted ?? 'http');
  if (command !== undefined && (wanted ?? 'stdio') === 'stdio') return byCommand(entry, place);
  if (command === undefined && url === undefined) throw wrong(place, '', 'needs a command, or a url');
  throw wrong(place, '.type', `${JSON.stringify(type)} does not go with ${url === undefined ? 'a command' : 'a url'}`);
}

function byCommand(entry: ServerEntry, place: ServerPlace): ServerTarget {
  const env = Object.entries(entry.env ?? {}).map(([name, written]) => {
    const value = filledIn(String(written), place, `.env.${name}`);
    registerEnvironment(name, value);
    return [name, value] as const;
  });
  return {
    kind: 'stdio',
    command: filledIn(entry.command!, place, '.command'),
    args: (entry.args ?? []).map((word, index) => filledIn(word, place, `.args.${index}`)),
    env: Object.fromEntries(env),
    ...(entry.cwd === undefined ? {} : { cwd: filledIn(entry.cwd, place, '.cwd') }),
  };
}

function byUrl(entry: ServerEntry, place: ServerPlace, kind: 'http' | 'sse'): ServerTarget {
  const url = filledIn(entry.url!, place, '.url');
  if (!URL.canParse(url)) throw wrong(place, '.url', 'is not an http(s) URL');
  if (new URL(url).username !== '' || new URL(url).password !== '')
    throw wrong(place, '.url', 'must not hold a user name or password; give credentials under "headers"');
  const headers = Object.entries(entry.headers ?? {}).map(([name, written]) => {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
      throw wrong(place, '.headers', `${JSON.stringify(name)} is no header`);
    const value = filledIn(written, place, `.headers.${name}`);
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value))
      throw wrong(place, `.headers.${name}`, 'holds characters that no header can carry');
    registerHeader(value);
    return [name, value] as const;
  });
  return { kind, url, headers: Object.fromEntries(headers) };
}

/** `${NAME}`, as everywhere; also `${env:NAME}` (Cursor, VS Code) and `${NAME:-otherwise}` (Claude Code). */
function filledIn(written: string, place: ServerPlace, member: string): string {
  const at = `${place.file}: mcpServers.${place.key}${member}`;
  const plain = written
    .replace(/\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}/g, '${$1}')
    .replace(/\$\{([A-Za-z_][A-Za-z0-9_]*):-([^}]*)\}/g, (_, name: string, otherwise: string) =>
      place.environment[name] ? `\${${name}}` : otherwise,
    );
  const asked = /\$\{input:[^}]*\}/.exec(plain)?.[0];
  if (asked) throw wrong(place, member, `${asked} cannot be asked for here; take it from the environment: \${NAME}`);
  return expandVariables(plain, at, place.environment, registerSecret);
}

function wrong({ file, key }: ServerPlace, member: string, what: string): BridgeError {
  return new BridgeError('CONFIG_INVALID', `${file}: mcpServers.${key}${member}: ${what}`);
}
