import { ProtocolError, type Server } from '@modelcontextprotocol/server';
import type { Bridge } from '../bridge.ts';
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
  server.setRequestHandler('resources/read', async ({ params: { uri } }) => {
    const contents = await answerOf(() => resources.read(uri, undefined));
    if (!contents) throw new ProtocolError(INVALID_PARAMS, `There is no resource ${uri}, or not any more`, { uri });
    return { contents: contents as { uri: string; text: string }[] };
  });
}
