import { createOAuthFetch } from '../auth/oauth-fetch.ts';
import type { Bridge } from '../bridge.ts';
import { isLoopback } from '../config/http-flags.ts';
import type { HttpConfig } from '../config/http-types.ts';
import type { BridgeConfig } from '../config/types.ts';
import { registerSecret } from '../secrets.ts';
import type { HttpApp } from '../serve/app.ts';
import { type HttpServer, serveHttp } from '../serve/http.ts';
import { createTokenVerifier } from '../serve/oauth-resource.ts';
import { createSubjectTokens } from '../serve/subject-tokens.ts';
import { generateToken } from '../serve/tokens.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { EXPORT_FORMATS } from '../tool/export/index.ts';
import { version } from '../version.ts';
import { openFromConfig } from './open.ts';
import { openProxy } from './serve-proxy.ts';
import { untilStopped } from './until-stopped.ts';

/** Serves over HTTP until SIGINT or SIGTERM, then lets calls under way end. What a person needs to connect goes to stderr. */
export async function runHttp(config: BridgeConfig, given: HttpConfig): Promise<void> {
  const needsToken = given.auth === 'token' && given.tokens.length === 0 && given.oauth === undefined;
  const token = needsToken ? generateToken() : undefined;
  const http = token === undefined ? given : { ...given, tokens: [{ token }] };
  for (const each of http.tokens) if (each.token !== token) registerSecret(each.token);
  const stopped = untilStopped();
  const metrics = createMetrics();
  const subjects = createSubjectTokens();
  const bridge = await openFromConfig(config, { observers: [metrics], subjectToken: subjects.find });
  const { store, http: client, files } = await bridge.path();
  const proxy = config.proxy && (await openProxy(config, config.proxy, bridge));
  const server = await serveHttp(bridge, {
    config: http,
    store,
    files,
    metrics,
    formats: EXPORT_FORMATS,
    listChanged: config.watch || config.mcpServers.length > 0,
    ...(proxy ? { extend: (app: HttpApp) => proxy.addTo(app, http) } : {}),
    ...(http.oauth
      ? {
          verifier: subjects.remembering(
            createTokenVerifier(http.oauth, createOAuthFetch(client, { credentialKey: 'http.oauth' })),
          ),
        }
      : {}),
    onError: (error) => bridge.log.error(error.message),
  });
  const stopTelling = bridge.onChange((part) => server.changed(part));
  process.stderr.write(greeting(bridge, http, server, token));
  if (config.proxy)
    process.stderr.write(
      `OpenAI-compatible proxy to ${new URL(config.proxy.upstream.baseUrl).host}: base URL ${server.url}/v1\n`,
    );
  await stopped;
  stopTelling();
  await server.close();
  await proxy?.close();
  metrics.close();
  await bridge.close();
}

function greeting(bridge: Bridge, config: HttpConfig, { url }: HttpServer, token: string | undefined): string {
  const { tools } = bridge.registry;
  const lines = [`actionbridge ${version} serves ${tools.length} tools at ${url}/mcp`];
  lines.push(`Console: ${url}/${token === undefined ? '' : `#token=${token}`}`);
  if (token !== undefined)
    lines.push(
      `Token: ${token}`,
      'It is a new one at every start; choose your own with --token or ACTIONBRIDGE_TOKEN.',
    );
  if (config.auth === 'none') lines.push('No token is asked for: every program on this machine may call the tools.');
  const open = !isLoopback(config.host);
  if (open && !config.tls && config.trustedProxies.length === 0 && !config.publicUrl?.startsWith('https:'))
    lines.push('Tokens travel in the clear: put a proxy with TLS in front, or set http.tls in the config.');
  if (open && config.allowedHosts.length === 0 && config.publicUrl === undefined)
    lines.push('Clients that use a name must have it allowed: --allowed-host NAME.');
  return `${lines.join('\n')}\n`;
}
