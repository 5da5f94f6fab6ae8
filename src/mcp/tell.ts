import type { Server } from '@modelcontextprotocol/server';
import { unreachable } from '../errors.ts';
import type { Part } from '../remote/types.ts';

/** Tells the client of a connection that a list is another one. Rejects when it cannot be told. */
export function tellChanged(server: Server, part: Part): Promise<void> {
  switch (part) {
    case 'tools':
      return server.sendToolListChanged();
    case 'resources':
      return server.sendResourceListChanged();
    case 'prompts':
      return server.sendPromptListChanged();
    default:
      return unreachable(part);
  }
}
