import { type GetPromptResult, type ListPromptsResult, ProtocolError, type Server } from '@modelcontextprotocol/server';
import type { PromptSource } from '../bridge.ts';
import { type OfferedPrompt, toPromptResult } from './prompts.ts';
import { answerOf } from './remote-answer.ts';

const INVALID_PARAMS = -32602;

/** Texts of GPTs and plugins, and the prompts of MCP servers. */
export function offerPrompts(server: Server, own: readonly OfferedPrompt[], remote: PromptSource | undefined): void {
  server.setRequestHandler('prompts/list', () => {
    const listed = own.map(({ text: _, ...prompt }) => prompt);
    return { prompts: [...listed, ...(remote?.list() ?? [])] as ListPromptsResult['prompts'] };
  });
  server.setRequestHandler('prompts/get', async ({ params: { name, arguments: args } }) => {
    const prompt = own.find((each) => each.name === name);
    if (prompt) return toPromptResult(prompt);
    const answer = await answerOf(async () => remote?.get(name, args ?? {}));
    if (!answer) throw new ProtocolError(INVALID_PARAMS, `There is no prompt named ${JSON.stringify(name)}`);
    return answer as GetPromptResult;
  });
}
