import { BridgeError } from '../errors.ts';
import { originOf } from '../net/origin.ts';
import type { Server } from '../operation/types.ts';
import { resolveServer, type ServerChoice } from './server.ts';

/**
 * Where requests of an API go: to the base URL, else to the servers the document names, their variables filled in by the
 * operator. A server that cannot be filled in serves nothing, and is left out.
 */
export function apiOrigins(servers: readonly Server[], choice: ServerChoice): string[] {
  if (choice.baseUrl !== undefined) return [new URL(choice.baseUrl).origin];
  const origins = servers.flatMap((server) => {
    try {
      return [originOf(new URL(resolveServer([server], choice)).href)];
    } catch (error) {
      if (error instanceof BridgeError) return [];
      throw error;
    }
  });
  return [...new Set(origins)];
}
