import {
  type Client,
  type McpSubscription,
  ProtocolError,
  type SubscriptionFilter,
} from '@modelcontextprotocol/client';
import type { Part } from './types.ts';

export const PARTS: readonly Part[] = ['tools', 'resources', 'prompts'];

const INVALID_PARAMS = -32602;
const AGAIN_MS = [1_000, 2_000, 4_000, 15_000, 60_000];

interface Following {
  readonly filter: SubscriptionFilter;
  readonly isOpen: () => boolean;
  /** The stream is another one: what came in between was not seen. */
  readonly onAgain: () => void;
}

/** Servers since 2026-07-28 tell of changes to those who listen. */
export async function followLists(
  client: Client,
  isOpen: () => boolean,
  onChanged: (part: Part) => void,
): Promise<void> {
  const capabilities = client.getServerCapabilities() ?? {};
  const parts = PARTS.filter((part) => capabilities[part]?.listChanged === true);
  if (parts.length === 0) return;
  const filter = Object.fromEntries(parts.map((part) => [`${part}ListChanged`, true]));
  const first = await client.listen(filter).catch(() => undefined);
  await follow(client, first, { filter, isOpen, onAgain: () => onChanged('tools') });
}

/** A stream that ends is opened again. */
async function follow(client: Client, first: McpSubscription | undefined, how: Following): Promise<void> {
  let stream = first;
  for (let failures = first ? 0 : 1; how.isOpen(); ) {
    if (stream && (await stream.closed) === 'local') return;
    const wait = AGAIN_MS[Math.min(failures, AGAIN_MS.length - 1)]!;
    await new Promise((resolve) => setTimeout(resolve, wait).unref());
    if (!how.isOpen()) return;
    stream = await client.listen(how.filter).catch(() => undefined);
    failures = stream ? 0 : failures + 1;
    if (stream) how.onAgain();
  }
}

export interface Watching {
  /** From now on the server tells when that resource changes. Throws where it does not. */
  watch(uri: string): Promise<void>;
  unwatch(uri: string): Promise<void>;
}

/** By a request of its own in the older generation, by a stream of its own since 2026-07-28. */
export function createWatching(client: Client, onUpdated: (uri: string) => void): Watching {
  const ends = new Map<string, AbortController>();

  async function open(uri: string): Promise<void> {
    const end = new AbortController();
    ends.set(uri, end);
    const filter = { resourceSubscriptions: [uri] };
    const isOpen = () => !end.signal.aborted && client.transport !== undefined;
    const first = await client.listen(filter).catch((error: unknown) => {
      ends.delete(uri);
      throw error;
    });
    end.signal.addEventListener('abort', () => void first.close().catch(() => undefined));
    void follow(client, first, { filter, isOpen, onAgain: () => onUpdated(uri) });
  }

  return {
    async watch(uri) {
      if (!client.getServerCapabilities()?.resources?.subscribe)
        throw new ProtocolError(INVALID_PARAMS, 'It does not tell of changes of a resource');
      if (client.getProtocolEra() !== 'modern') await client.subscribeResource({ uri });
      else if (!ends.has(uri)) await open(uri);
    },
    async unwatch(uri) {
      if (client.getProtocolEra() !== 'modern') return void (await client.unsubscribeResource({ uri }));
      ends.get(uri)?.abort();
      ends.delete(uri);
    },
  };
}
