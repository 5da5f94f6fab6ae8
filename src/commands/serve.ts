import { mergeHttp } from '../config/http-flags.ts';
import type { BridgeConfig } from '../config/types.ts';
import { BridgeError } from '../errors.ts';
import { openFromConfig, readConfig } from './open.ts';
import type { Command } from './table.ts';
import { untilStopped } from './until-stopped.ts';

/** `actionbridge [serve] <spec>...` */
export const serve: Command = async ({ words, flags }) => {
  const config = await readConfig(words, flags);
  const http = mergeHttp(flags, config.http, config.environment);
  if (words.includes('-') && !http)
    throw new BridgeError('USAGE', 'A document from standard input cannot be served over stdio', {
      hint: 'Give a file or URL, or serve over HTTP.',
    });
  const upstream = await mergeProxy(flags['upstream'], config);
  if (upstream && !http && flags['upstream'] !== undefined)
    throw new BridgeError('USAGE', '--upstream needs --http: the proxy is served over HTTP', {
      hint: 'Add --http 8080.',
    });
  if (http) {
    const { runHttp } = await import('./serve-http.ts');
    await runHttp({ ...config, ...(upstream ? { proxy: upstream } : {}) }, http);
    return 0;
  }
  const [bridge, { serveStdio }] = await Promise.all([openFromConfig(config), import('../serve/stdio.ts')]);
  const listChanged = config.watch || config.mcpServers.length > 0;
  // An audit log that cannot be written is told now, and what a crash left open in it is put on record.
  if (config.audit) await bridge.path();
  await serveStdio(bridge, { listChanged, stopped: untilStopped() }).finally(() => bridge.close());
  return 0;
};

/** Loaded only when the command line asks: serving over stdio needs none of it. */
async function mergeProxy(url: unknown, { proxy, environment }: BridgeConfig): Promise<BridgeConfig['proxy']> {
  if (typeof url !== 'string') return proxy;
  const { mergeUpstream } = await import('../config/proxy-schema.ts');
  return mergeUpstream(url, proxy, environment);
}
