import { type IncomingHttpHeaders, request } from 'node:http';
import { type Bridge, openBridge } from '../../src/bridge.ts';
import { EMPTY_CONFIG, mergeFlags } from '../../src/config/flags.ts';
import { DEFAULT_HTTP } from '../../src/config/http-flags.ts';
import type { HttpConfig } from '../../src/config/http-types.ts';
import { type HttpOptions, type HttpServer, serveHttp } from '../../src/serve/http.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { repositoryFile } from '../support/bridge-process.ts';
import { type FakeApi, type Script, startFakeApi } from '../support/fake-api.ts';

export const TOKEN = 'operator-token-0123456789';

export interface Served {
  readonly api: FakeApi;
  readonly bridge: Bridge;
  readonly server: HttpServer;
  /** With the operator's token unless `authorization` is among the headers (empty: none is sent). */
  send(request: Partial<Request>): Promise<Answer>;
  close(): Promise<void>;
}

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  /** A string is sent as it is, anything else as JSON. */
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface ServeOptions extends Partial<Omit<HttpOptions, 'config'>> {
  readonly config?: Partial<HttpConfig>;
  readonly script?: Script;
  /** What is served instead of the bridge over `test/fixtures/items.yaml`. */
  readonly wrap?: (bridge: Bridge) => Bridge;
}

/** `test/fixtures/items.yaml` over HTTP on a free port, with a fake API behind it. */
export async function serveItems({ config, script, wrap, ...options }: ServeOptions = {}): Promise<Served> {
  const api = await startFakeApi(script ?? { json: [] });
  const spec = `items=${repositoryFile('test/fixtures/items.yaml')}`;
  const opened = await openBridge(mergeFlags([spec], { baseUrl: [`${api.url}/v1`], cacheTools: false }, EMPTY_CONFIG));
  const bridge = wrap?.(opened) ?? opened;
  const server = await serveHttp(bridge, {
    config: { ...DEFAULT_HTTP, tokens: [{ token: TOKEN }], ...config },
    store: createMemoryStore(),
    formats: {},
    ...options,
  });
  return {
    api,
    bridge,
    server,
    send: (asked) => send(server.port, asked),
    async close() {
      await server.close(0);
      await opened.close();
      await api.close();
    },
  };
}

/** One request as the test writes it, on a connection of its own. */
export function send(port: number, { method, path = '/mcp', headers = {}, body }: Partial<Request>): Promise<Answer> {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const given: { [name: string]: string } = {
    authorization: `Bearer ${TOKEN}`,
    ...(text === undefined ? {} : { 'content-type': 'application/json' }),
    ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
  };
  const sent = Object.entries(given).filter(([, value]) => value !== '');
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method: method ?? (text === undefined ? 'GET' : 'POST'),
        headers: Object.fromEntries(sent),
        agent: false,
      },
      (answer) => {
        let received = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          received += chunk;
        });
        answer.once('end', () => resolve({ status: answer.statusCode!, headers: answer.headers, text: received }));
        answer.once('error', reject);
      },
    );
    outgoing.once('error', reject);
    outgoing.end(text);
  });
}

export const STATELESS = '2026-07-28';

/** The headers and the body of a request of the revision without sessions. */
export function stateless(method: string, params: { readonly [name: string]: unknown } = {}): Partial<Request> {
  const name = params['name'] as string | undefined;
  return {
    headers: {
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': STATELESS,
      'mcp-method': method,
      ...(name === undefined ? {} : { 'mcp-name': name }),
    },
    body: {
      jsonrpc: '2.0',
      id: 1,
      method,
      params: {
        ...params,
        _meta: {
          'io.modelcontextprotocol/protocolVersion': STATELESS,
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    },
  };
}

export function callOf(name: string, args: { readonly [name: string]: unknown } = {}): Partial<Request> {
  return stateless('tools/call', { name, arguments: args });
}
