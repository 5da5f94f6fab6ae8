import { ProtocolError, type Server } from '@modelcontextprotocol/server';
import type { Bridge } from '../bridge.ts';
import { answerOf } from './remote-answer.ts';

const INVALID_PARAMS = -32602;
/** Of one connection. */
const MAX_SUBSCRIPTIONS = 1_000;

/** `resources/subscribe` of the revisions before 2026-07-28, until the connection ends. */
export function offerSubscriptions(server: Server, { resources }: Pick<Bridge, 'resources'>): void {
  const subscriptions = new Map<string, Promise<() => void>>();

  async function begin(uri: string): Promise<() => void> {
    const tell = () => void server.sendResourceUpdated({ uri }).catch(() => undefined);
    const stop = await answerOf(() => resources.watch(uri, tell));
    if (!stop) throw new ProtocolError(INVALID_PARAMS, `There is no resource ${uri}, or not any more`, { uri });
    return stop;
  }

  function end(uri: string): void {
    subscriptions.get(uri)?.then(
      (stop) => stop(),
      () => undefined,
    );
    subscriptions.delete(uri);
  }

  server.setRequestHandler('resources/subscribe', async ({ params: { uri } }) => {
    if (subscriptions.size >= MAX_SUBSCRIPTIONS && !subscriptions.has(uri))
      throw new ProtocolError(INVALID_PARAMS, `No more than ${MAX_SUBSCRIPTIONS} resources can be subscribed to`);
    const beginning = subscriptions.get(uri) ?? begin(uri);
    subscriptions.set(uri, beginning);
    await beginning.catch((error: unknown) => {
      subscriptions.delete(uri);
      throw error;
    });
    return {};
  });
  server.setRequestHandler('resources/unsubscribe', ({ params: { uri } }) => {
    end(uri);
    return {};
  });
  server.onclose = () => {
    for (const uri of subscriptions.keys()) end(uri);
  };
}
