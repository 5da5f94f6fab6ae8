import { ProtocolError, type ReadResourceResult, type Server } from '@modelcontextprotocol/server';
import type { Bridge } from '../bridge.ts';
import { wantedInputOf } from '../call/server-input.ts';
import { capabilitiesOf } from './elicit.ts';
import { asInputRequired, inputOf } from './elicit-server.ts';
import { answerOf } from './remote-answer.ts';

const INVALID_PARAMS = -32602;

const SAVED_TEMPLATE = {
  uriTemplate: 'actionbridge://responses/{id}{?page}',
  name: 'answer',
  description: 'A page of an answer that was too large to be shown; the call that brought it names its id.',
};

/** Answers that were kept, and the resources of MCP servers. */
export function offerResources(server: Server, { resources }: Pick<Bridge, 'resources'>): void {
  server.setRequestHandler('resources/list', async () => ({ resources: [...(await resources.list(undefined))] }));
  server.setRequestHandler('resources/templates/list', () => ({
    resourceTemplates: [SAVED_TEMPLATE, ...resources.templates()],
  }));
  server.setRequestHandler('resources/read', async ({ params: { uri } }, context) => {
    const input = inputOf(context, capabilitiesOf(server, context));
    const answer = await answerOf(() => resources.read({ uri, input }, undefined));
    if (!answer) throw new ProtocolError(INVALID_PARAMS, `There is no resource ${uri}, or not any more`, { uri });
    const wanted = wantedInputOf(answer);
    return wanted ? asInputRequired(wanted, wanted.state) : (answer as ReadResourceResult);
  });
}
