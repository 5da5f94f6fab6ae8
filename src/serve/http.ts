import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Bridge } from '../bridge.ts';
import type { FileLinks } from '../call/file-links.ts';
import { isLoopback } from '../config/http-flags.ts';
import type { Caller, HttpConfig } from '../config/http-types.ts';
import type { ToolSource } from '../mcp/server.ts';
import type { Part } from '../remote/types.ts';
import type { PolicyStore } from '../store/types.ts';
import { type AppOptions, createApp, createAppListener } from './app.ts';
import { MAX_BODY_BYTES } from './body.ts';
import { viewFor } from './caller.ts';
import { createGuard, type GuardOptions } from './guard.ts';
import { type Listening, listen } from './listener.ts';
import { createMcpEndpoint } from './mcp-endpoint.ts';
import type { TokenVerifier } from './oauth-resource.ts';
import { createPublicUrl, type PublicUrlOf } from './public-url.ts';
import { RequestRefused, sendRefusal } from './refusal.ts';
import { sessionKey } from './session-ids.ts';
import { createTokenTable } from './tokens.ts';

export interface HttpOptions extends Pick<AppOptions, 'formats' | 'metrics' | 'extend'> {
  readonly config: HttpConfig;
  /** Told where the listener is reached, for links to files of callers. */
  readonly files?: FileLinks;
  /** Rates of tokens and sessions of older clients; replicas share it. */
  readonly store: Pick<PolicyStore, 'windows' | 'cells'>;
  /** Checks tokens of the authorization server that `config.oauth` names. */
  readonly verifier?: TokenVerifier;
  /** The tools may change while this serves: `changed` is called then. */
  readonly listChanged?: boolean;
  /** Milliseconds between progress notifications; default 2 s. */
  readonly progressEveryMs?: number;
  /** Told of what should not have happened. */
  readonly onError?: (error: Error) => void;
}

/** The listener with everything it serves. */
export interface HttpServer {
  /** Without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Tells clients that a list is another one. */
  changed(part: Part): void;
  /** Not ready from now on: no new connection, requests under way may end, and what is left after `graceMs` is cut off. */
  close(graceMs?: number): Promise<void>;
}

/** SECURITY.md, "Defaults". */
const DRAIN_MS = 10_000;
/** So long answers only say that the connection ends: whoever keeps connections learns it before one is closed under a request. */
const NOTICE_MS = 300;

/**
 * Serves `/mcp`, the tools as plain HTTP, probes and metrics on one listener. Throws CONFIG_INVALID for tokens, TLS files
 * or addresses that cannot be used, USAGE when it cannot listen.
 */
export async function serveHttp(bridge: Bridge, options: HttpOptions): Promise<HttpServer> {
  const { config } = options;
  const publicUrl = createPublicUrl({ ...config, secure: config.tls !== undefined });
  const views = createViews(bridge, options);
  const guard = createGuard(guardOptions(options, publicUrl));
  const state = { stopping: false };
  const mcp = createMcpEndpoint({
    viewFor: views,
    isFiltered: isFiltered(config),
    listChanged: options.listChanged ?? false,
    cells: options.store.cells,
    sessionKey: () => sessionKey(config, options.store.cells),
    ...(options.progressEveryMs === undefined ? {} : { progressEveryMs: options.progressEveryMs }),
    ...(options.onError ? { onError: options.onError } : {}),
  });
  const app = createApp({
    formats: options.formats,
    isReady: () => !state.stopping,
    publicUrl,
    secured: config.auth === 'token',
    ...(options.files ? { files: options.files } : {}),
    ...(options.metrics ? { metrics: options.metrics } : {}),
    ...(config.oauth ? { oauth: config.oauth } : {}),
    ...(options.extend ? { extend: options.extend } : {}),
    ...(options.onError ? { onError: options.onError } : {}),
  });
  const serveApp = createAppListener(app);

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (state.stopping) response.shouldKeepAlive = false;
    const admitted = await guard(request);
    if (admitted.path === '/mcp') return await mcp.serve(request, response, admitted);
    serveApp(request, response, { admitted, tools: views(admitted.caller) });
  }

  const listening = await listen(handlerFor(serve, options.onError), { ...config, maxBodyBytes: MAX_BODY_BYTES });
  const url = urlOf(config, listening);
  options.files?.serveAt(config.publicUrl ?? url);
  return {
    url,
    port: listening.port,
    changed: (part) => mcp.changed(part),
    async close(graceMs = DRAIN_MS) {
      state.stopping = true;
      if (graceMs > NOTICE_MS) await new Promise((resolve) => setTimeout(resolve, NOTICE_MS));
      const closed = listening.close(graceMs);
      await Promise.all([closed, mcp.endStreams()]);
      await mcp.close();
    },
  };
}

function guardOptions({ config, verifier }: HttpOptions, publicUrl: PublicUrlOf): GuardOptions {
  const named = config.publicUrl === undefined ? [] : [new URL(config.publicUrl).host];
  const shared = { host: config.host, allowedOrigins: config.allowedOrigins, publicUrl };
  return {
    ...shared,
    allowedHosts: [...config.allowedHosts, ...named],
    ...(config.auth === 'token' ? { tokens: createTokenTable(config.tokens) } : {}),
    ...(config.oauth && verifier ? { oauth: { verifier, scopes: config.oauth.scopes ?? [] } } : {}),
  };
}

/** The bridge as each caller may use it, made once a caller. */
function createViews(bridge: Bridge, { config, store }: HttpOptions): (caller: Caller) => ToolSource {
  const views = new WeakMap<Caller, ToolSource>();
  return (caller) => {
    let view = views.get(caller);
    if (!view) {
      view = viewFor(bridge, caller, { windows: store.windows, logins: isLocal(config) });
      views.set(caller, view);
    }
    return view;
  };
}

/** Nobody but programs of this machine connects: pages on 127.0.0.1 are the person's own. */
function isLocal({ host, publicUrl, trustedProxies }: HttpConfig): boolean {
  return isLoopback(host) && publicUrl === undefined && trustedProxies.length === 0;
}

function isFiltered({ tokens, oauth }: HttpConfig): boolean {
  return [...tokens, ...(oauth ? [oauth] : [])].some(
    (caller) => caller.tools !== undefined || caller.readOnly === true,
  );
}

type Serve = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A refusal is answered; anything else that is thrown is a fault of ours, which must not reach the process. */
function handlerFor(serve: Serve, onError: HttpOptions['onError']) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    serve(request, response).catch((error: unknown) => {
      const isMcp = pathOf(request) === '/mcp';
      if (error instanceof RequestRefused) return sendRefusal(response, error.refusal, isMcp);
      onError?.(error as Error);
      sendRefusal(
        response,
        { status: 500, code: 'INTERNAL', message: 'The request could not be served', rpcCode: -32603 },
        isMcp,
      );
    });
  };
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0]!;
}

function urlOf({ host, tls, publicUrl }: HttpConfig, { port }: Listening): string {
  if (publicUrl !== undefined) return publicUrl.replace(/\/$/, '');
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `${tls ? 'https' : 'http'}://${name}:${port}`;
}
