import { type Json, recordOf } from '../chat/lenient.ts';
import type { ProxyConfig } from '../config/proxy-types.ts';
import { BridgeError } from '../errors.ts';
import { createAddressPolicy } from '../net/address.ts';
import { createHttpClient } from '../net/client.ts';
import { NetError } from '../net/errors.ts';
import type { SendRequest } from './chat-turn.ts';
import { openFromConfig, readConfig } from './open.ts';
import type { CommandInput } from './table.ts';

/** The proxy at the other end of a chat: one in this process, or one that is running somewhere. */
export interface ChatEnd {
  readonly send: SendRequest;
  models(): Promise<Json>;
  /** Names of the tools, as far as they are known here. */
  tools(): readonly string[];
  describe(): string;
  close(): Promise<void>;
}

type Flags = CommandInput['flags'];

/** `--proxy URL` names a running proxy; otherwise the documents are opened here. Throws USAGE when there is neither. */
export async function openChatEnd(words: readonly string[], flags: Flags): Promise<ChatEnd> {
  if (typeof flags['proxy'] !== 'string') return openOwn(words, flags);
  if (words.length > 0)
    throw new BridgeError('USAGE', '--proxy names a proxy that has its own documents', {
      hint: 'Leave the documents out.',
    });
  return openRunning(
    flags['proxy'],
    typeof flags['token'] === 'string' ? flags['token'] : process.env['ACTIONBRIDGE_TOKEN'],
  );
}

async function openOwn(words: readonly string[], flags: Flags): Promise<ChatEnd> {
  const config = await readConfig(words, flags);
  const { mergeUpstream } = await import('../config/proxy-schema.ts');
  const given = typeof flags['upstream'] === 'string' ? flags['upstream'] : undefined;
  const proxyConfig = mergeUpstream(given, config.proxy, config.environment);
  if (!proxyConfig)
    throw new BridgeError('USAGE', 'No model provider was given', {
      hint: 'Give its URL with --upstream, such as https://api.openai.com/v1, or "proxy:" in the config.',
    });
  const [bridge, { createChatProxy }] = await Promise.all([openFromConfig(config), import('../chat/proxy.ts')]);
  const proxy = createChatProxy(proxyConfig);
  const request = () => ({
    headers: new Headers({ 'x-actionbridge-approvals': 'ask' }),
    signal: new AbortController().signal,
    source: bridge,
    unsecured: false,
  });
  return {
    send: async (body) => bodyOf(await proxy.complete('responses', { ...request(), body })),
    models: async () => recordOf(await (await proxy.models('/models', request())).json()),
    tools: () => bridge.registry.tools.map(({ name, title }) => `${name}: ${title}`),
    describe: () => `${bridge.registry.tools.length} tools, at ${hostOf(proxyConfig)}`,
    close: async () => {
      await proxy.close();
      await bridge.close();
    },
  };
}

function hostOf({ upstream }: ProxyConfig): string {
  return new URL(upstream.baseUrl.replaceAll('{model}', 'model')).host;
}

function bodyOf(response: Response): { status: number; body: AsyncIterable<Uint8Array> } {
  return { status: response.status, body: response.body as unknown as AsyncIterable<Uint8Array> };
}

function openRunning(url: string, token: string | undefined): ChatEnd {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new BridgeError('USAGE', `--proxy ${JSON.stringify(url)} is not an http(s) URL`, {
      hint: 'Such as http://127.0.0.1:8080/v1.',
    });
  const base = url.replace(/\/+$/, '');
  const minutes = 600_000;
  const client = createHttpClient({
    policy: createAddressPolicy([new URL(url).origin]),
    firstByteTimeoutMs: minutes,
    idleTimeoutMs: minutes,
  });
  const ask = async (path: string, body?: Json) => {
    try {
      return await client.open({
        method: body ? 'POST' : 'GET',
        url: base + path,
        headers: [
          ...(body ? [['content-type', 'application/json'] as const] : []),
          ['x-actionbridge-approvals', 'ask'],
          ...(token === undefined ? [] : [['authorization', `Bearer ${token}`] as const]),
        ],
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
    } catch (error) {
      if (!(error instanceof NetError)) throw error;
      throw new BridgeError('UPSTREAM_FAILED', `The proxy at ${base} cannot be reached: ${error.message}`, {
        cause: error,
        hint: 'Check that it is running, and the URL.',
      });
    }
  };
  return {
    send: (body) => ask('/responses', body),
    models: async () => {
      const { body } = await ask('/models');
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      return recordOf(JSON.parse(Buffer.concat(chunks).toString('utf8')));
    },
    tools: () => [],
    describe: () => `the proxy at ${base}`,
    close: () => client.close(),
  };
}
