import type { JSONRPCRequest } from '@modelcontextprotocol/server';
import type { Bridge } from '../bridge.ts';
import { META, STATELESS_REVISION } from './protocol.ts';

/** Of one request. */
const MAX_RESOURCES = 1_000;

/** Watches the resources that clients of 2026-07-28 listen to; the SDK knows who listens, and passes on what it is told of. */
export interface ResourceListeners {
  begin(request: JSONRPCRequest, source: Pick<Bridge, 'resources'>): Promise<Listening>;
}

export interface Listening {
  /** Without the resources that are not there for this caller: the SDK acknowledges what it is asked for. */
  readonly request: JSONRPCRequest;
  /** Nobody listens any more. */
  end(): void;
}

/** Whether a message asks to be told of changes (MCP 2026-07-28, `subscriptions/listen`). */
export function isListen(message: unknown): message is JSONRPCRequest {
  const { method, id, params } = (message ?? {}) as Partial<JSONRPCRequest>;
  const revision = params?._meta?.[META.protocolVersion];
  return method === 'subscriptions/listen' && id !== undefined && revision === STATELESS_REVISION;
}

/** `tell`: a resource has changed. It is called once a change, however many listen: whoever does is told by the SDK. */
export function createResourceListeners(tell: (uri: string) => void): ResourceListeners {
  const listeners = new Map<string, Set<object>>();

  async function watch(uri: string, { resources }: Pick<Bridge, 'resources'>): Promise<(() => void) | undefined> {
    const listener = {};
    const onUpdated = () => {
      const [first] = listeners.get(uri) ?? [];
      if (first === listener) tell(uri);
    };
    // A resource that cannot be watched is left out, for whatever reason: the client sees that it is.
    const stop = await resources.watch(uri, onUpdated).catch(() => undefined);
    if (!stop) return undefined;
    const listening = listeners.get(uri) ?? new Set();
    listeners.set(uri, listening.add(listener));
    return () => {
      stop();
      listening.delete(listener);
      if (listening.size === 0) listeners.delete(uri);
    };
  }

  return {
    async begin(request, source) {
      const uris = [...new Set(urisOf(request))].slice(0, MAX_RESOURCES);
      const watched = await Promise.all(uris.map(async (uri) => ({ uri, stop: await watch(uri, source) })));
      const there = watched.filter(({ stop }) => stop !== undefined);
      return {
        request:
          uris.length === 0
            ? request
            : withUris(
                request,
                there.map(({ uri }) => uri),
              ),
        end() {
          for (const { stop } of there.splice(0)) stop?.();
        },
      };
    },
  };
}

function notificationsOf({ params }: JSONRPCRequest): { readonly resourceSubscriptions?: unknown } {
  return (params?.['notifications'] ?? {}) as { readonly resourceSubscriptions?: unknown };
}

/** Nothing where they are not as they must be: the SDK refuses them. */
function urisOf(request: JSONRPCRequest): readonly string[] {
  const { resourceSubscriptions: uris } = notificationsOf(request);
  return Array.isArray(uris) && uris.every((uri) => typeof uri === 'string') ? uris : [];
}

function withUris(request: JSONRPCRequest, uris: readonly string[]): JSONRPCRequest {
  const notifications = { ...notificationsOf(request), resourceSubscriptions: uris };
  return { ...request, params: { ...request.params, notifications } };
}
