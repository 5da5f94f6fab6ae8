import OpenAI from 'openai';
import { type ChatProxy, createChatProxy, type ProxyDependencies } from '../../src/chat/proxy.ts';
import { DEFAULT_PROXY_LIMITS, type ProxyConfig } from '../../src/config/proxy-types.ts';
import { type Bridge, type BridgeOptions, openBridge } from '../../src/index.ts';
import { addChatRoutes } from '../../src/serve/chat-routes.ts';
import { type HttpServer, serveHttp } from '../../src/serve/http.ts';
import { type FakeApi, type Reply, startFakeApi } from '../support/fake-api.ts';
import { type ScriptedUpstream, startScriptedUpstream } from './scripted-upstream.ts';

export const TOKEN = 'a-token-of-the-bridge-0123456789';
export const PROVIDER_KEY = 'sk-provider-key-0123456789';

export interface ProxySetup {
  readonly model: ScriptedUpstream;
  readonly api: FakeApi;
  readonly bridge: Bridge;
  readonly server: HttpServer;
  readonly proxy: ChatProxy;
  readonly client: OpenAI;
  /** A raw request to the proxy. */
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

export interface SetupOptions {
  readonly config?: Partial<ProxyConfig>;
  readonly upstream?: Partial<ProxyConfig['upstream']>;
  readonly limits?: Partial<ProxyConfig['limits']>;
  readonly bridge?: Partial<BridgeOptions>;
  /** Default: specs/weather.yaml. */
  readonly spec?: string;
  readonly policy?: BridgeOptions['policy'];
  readonly dependencies?: ProxyDependencies;
  readonly auth?: 'token' | 'none';
  readonly tokens?: readonly { token: string; principal?: string; tools?: readonly string[] }[];
}

/** The whole of it on real sockets: a scripted model, an API, the bridge over it, and the proxy on the listener. */
export async function startProxy(options: SetupOptions = {}): Promise<ProxySetup> {
  const [model, api] = await Promise.all([startScriptedUpstream(), startFakeApi(createWeather())]);
  const bridge = await openBridge({
    specs: [{ spec: options.spec ?? 'specs/weather.yaml', baseUrl: api.url }],
    ...options.bridge,
    policy: { retry: { tries: 1 }, breaker: false, rateLimit: false, ...options.policy },
  });
  const proxy = createChatProxy(configFor(model.url, options), options.dependencies);
  const auth = options.auth ?? 'token';
  const server = await serveHttp(bridge, {
    config: {
      host: '127.0.0.1',
      port: 0,
      auth,
      tokens: auth === 'none' ? [] : (options.tokens ?? [{ token: TOKEN }]),
      trustedProxies: [],
      allowedHosts: [],
      allowedOrigins: [],
    },
    store: (await bridge.path()).store,
    formats: {},
    extend: (app) => addChatRoutes(app, proxy, { unsecured: auth === 'none' }),
    onError: (error) => console.error(error),
  });
  return {
    model,
    api,
    bridge,
    server,
    proxy,
    client: new OpenAI({ apiKey: TOKEN, baseURL: `${server.url}/v1`, maxRetries: 0 }),
    post: (path, body, init = {}) =>
      fetch(`${server.url}${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
        ...init,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}`, ...init.headers },
      }),
    async close() {
      await server.close(0);
      await Promise.all([proxy.close(), bridge.close(), model.close(), api.close()]);
    },
  };
}

export function configFor(baseUrl: string, { config, upstream, limits }: SetupOptions = {}): ProxyConfig {
  return {
    upstream: {
      baseUrl,
      apiKey: PROVIDER_KEY,
      keyHeader: 'authorization',
      headers: [],
      query: {},
      dialect: 'auto',
      toolSchemas: 'auto',
      retries: 0,
      timeoutMs: 60_000,
      ...upstream,
    },
    passThroughKey: false,
    perModel: [],
    maxTools: 128,
    limits: { ...DEFAULT_PROXY_LIMITS, ...limits },
    rate: { maxWaitSeconds: 1 },
    ...config,
  };
}

/** Answers as the weather API does; some cities are special. */
function createWeather(): (request: { readonly target: string }) => Reply {
  let next = () => {};
  return ({ target }) => {
    const url = new URL(target, 'http://api');
    const city = url.searchParams.get('city') ?? '';
    if (city !== 'Slow') next();
    const answer = { json: { city, units: 'metric', temperature: 21.4, path: url.pathname } };
    // Slow is answered after another city has been asked for.
    if (city === 'Slow') return { ...answer, after: new Promise<void>((resolve) => (next = resolve)) };
    return SPECIAL[city] ?? answer;
  };
}

const SPECIAL: { readonly [city: string]: Reply } = {
  Nowhere: { status: 404, json: { title: 'Not Found', detail: 'There is no such city' } },
  Broken: { status: 500, json: { title: 'Internal Server Error' } },
  Down: { status: 503, json: { title: 'Service Unavailable' } },
  Reset: { end: 'reset' },
  Never: { after: new Promise(() => {}) },
  Picture: { headers: { 'content-type': 'image/png' }, body: Buffer.from([0x89, 0x50, 0x4e, 0x47]) },
  Empty: { status: 204 },
};
