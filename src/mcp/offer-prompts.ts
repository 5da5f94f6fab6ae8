import {
  type CompleteResult,
  type GetPromptResult,
  type ListPromptsResult,
  ProtocolError,
  type Server,
} from '@modelcontextprotocol/server';
import type { PromptSource } from '../bridge.ts';
import { wantedInputOf } from '../call/server-input.ts';
import { capabilitiesOf } from './elicit.ts';
import { asInputRequired, inputOf } from './elicit-server.ts';
import { type OfferedPrompt, toPromptResult } from './prompts.ts';
import { answerOf } from './remote-answer.ts';

const INVALID_PARAMS = -32602;

/** Texts of GPTs and plugins, and the prompts of MCP servers. */
export function offerPrompts(server: Server, own: readonly OfferedPrompt[], remote: PromptSource | undefined): void {
  server.setRequestHandler('prompts/list', () => {
    const listed = own.map(({ text: _, ...prompt }) => prompt);
    return { prompts: [...listed, ...(remote?.list() ?? [])] as ListPromptsResult['prompts'] };
  });
  server.setRequestHandler('prompts/get', async ({ params: { name, arguments: args } }, context) => {
    const prompt = own.find((each) => each.name === name);
    if (prompt) return toPromptResult(prompt);
    const input = inputOf(context, capabilitiesOf(server, context));
    const answer = await answerOf(async () => remote?.get({ name, arguments: args ?? {}, input }));
    if (!answer) throw new ProtocolError(INVALID_PARAMS, `There is no prompt named ${JSON.stringify(name)}`);
    const wanted = wantedInputOf(answer);
    return wanted ? asInputRequired(wanted, wanted.state) : (answer as GetPromptResult);
  });
}

/** Values for arguments of the prompts and templates of MCP servers; nothing of the bridge's own has any. */
export function offerCompletions(server: Server, remote: PromptSource): void {
  server.setRequestHandler('completion/complete', async ({ params }) => {
    const completion = await answerOf(() => remote.complete(params));
    return { completion: { values: [], ...completion } as CompleteResult['completion'] };
  });
}
