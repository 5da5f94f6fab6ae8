import type { Implementation, ServerCapabilities } from '@modelcontextprotocol/server';
import { instructionsFor } from './instructions.ts';
import { type OfferedPrompt, promptsOf } from './prompts.ts';
import type { McpOptions, ToolSource } from './server.ts';
import { serverInfoFor } from './server-info.ts';

const LIST_TTL_MS = 300_000;

/** What a server tells of itself when a client connects, and how long its list may be kept. */
export interface Introduction {
  readonly info: Implementation;
  readonly instructions: string;
  readonly prompts: readonly OfferedPrompt[];
  readonly listHint: { readonly ttlMs: number; readonly cacheScope: 'public' | 'private' };
  readonly capabilities: ServerCapabilities;
}

export function introduce(
  source: Pick<ToolSource, 'apis' | 'prompts'>,
  { listChanged, listScope = 'public' }: Pick<McpOptions, 'listChanged' | 'listScope'>,
): Introduction {
  const prompts = promptsOf(source.apis);
  const hasPrompts = prompts.length > 0 || source.prompts !== undefined;
  const fromServers = listChanged && source.prompts ? { listChanged: true } : {};
  return {
    info: serverInfoFor(source.apis),
    instructions: instructionsFor(source.apis),
    prompts,
    listHint: { ttlMs: LIST_TTL_MS, cacheScope: listScope },
    capabilities: {
      tools: listChanged ? { listChanged: true } : {},
      resources: source.prompts ? { ...fromServers, subscribe: true } : {},
      logging: {},
      ...(hasPrompts ? { prompts: fromServers } : {}),
      ...(source.prompts ? { completions: {} } : {}),
    },
  };
}
