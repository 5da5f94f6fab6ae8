import { BridgeError } from '../errors.ts';
import type { Server } from '../operation/types.ts';

export interface ServerChoice {
  /** Replaces whatever the document says. */
  readonly baseUrl?: string;
  readonly variables: { readonly [name: string]: string };
}

/**
 * The absolute URL requests of an operation go to: the given base URL, else the operation's first server with its
 * variables filled in (OAS 3.2 §4.6–4.7). Throws SERVER_MISSING or SERVER_INVALID.
 */
export function resolveServer(servers: readonly Server[], choice: ServerChoice): string {
  if (choice.baseUrl !== undefined) return choice.baseUrl;
  const server = servers[0];
  const url = server ? fill(server, choice.variables) : '/';
  if (!/^[a-z][a-z0-9+.-]*:/i.test(url)) {
    throw new BridgeError(
      'SERVER_MISSING',
      `The document names no server that a file can be relative to (its server is "${url}")`,
    );
  }
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !/^https?:$/.test(parsed.protocol))
    throw new BridgeError('SERVER_INVALID', `The document's server "${url}" is not an http(s) URL`);
  if (parsed.username !== '' || parsed.password !== '')
    throw new BridgeError('SERVER_INVALID', `The document's server at ${parsed.host} holds a user name or password`);
  return url;
}

function fill(server: Server, chosen: ServerChoice['variables']): string {
  return server.url.replace(/\{([^{}]+)\}/g, (_, name: string) => {
    const variable = Object.hasOwn(server.variables, name) ? server.variables[name] : undefined;
    const value = Object.hasOwn(chosen, name) ? chosen[name]! : variable?.default;
    if (value === undefined || value === '') {
      throw new BridgeError('SERVER_INVALID', `The server "${server.url}" has no value for {${name}}`, {
        hint: `Give one with --server-var ${name}=VALUE, or the whole server with --base-url URL.`,
      });
    }
    if (variable?.enum && !variable.enum.includes(value)) {
      throw new BridgeError(
        'SERVER_INVALID',
        `{${name}} of the server "${server.url}" cannot be ${JSON.stringify(value)}`,
        { hint: `Use one of ${variable.enum.join(', ')}.` },
      );
    }
    return value;
  });
}
