import type { Bridge } from '../bridge.ts';
import type { HttpConfig } from '../config/http-types.ts';
import type { ProxyConfig } from '../config/proxy-types.ts';
import type { BridgeConfig } from '../config/types.ts';
import type { HttpApp } from '../serve/app.ts';

/** The OpenAI-compatible proxy of a listener. */
export interface ServedProxy {
  addTo(app: HttpApp, http: Pick<HttpConfig, 'auth' | 'oauth'>): void;
  close(): Promise<void>;
}

/** Loads and opens the proxy. Replicas that share Redis continue each other's conversations. */
export async function openProxy({ redis }: BridgeConfig, config: ProxyConfig, bridge: Bridge): Promise<ServedProxy> {
  const [{ createChatProxy }, { addChatRoutes }, { store }] = await Promise.all([
    import('../chat/proxy.ts'),
    import('../serve/chat-routes.ts'),
    bridge.path(),
  ]);
  const proxy = createChatProxy(config, {
    ...(redis ? { cells: store.cells } : {}),
    log: bridge.log,
  });
  return {
    addTo: (app, { auth, oauth }) => addChatRoutes(app, proxy, { unsecured: auth === 'none' && oauth === undefined }),
    close: () => proxy.close(),
  };
}
