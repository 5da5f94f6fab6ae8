import { mergeHttp } from '../config/http-flags.ts';
import { BridgeError } from '../errors.ts';
import { openFromConfig, readConfig } from './open.ts';
import type { Command } from './table.ts';

/** `actionbridge [serve] <spec>...` */
export const serve: Command = async ({ words, flags }) => {
  const config = await readConfig(words, flags);
  const http = mergeHttp(flags, config.http, config.environment);
  if (words.includes('-') && !http)
    throw new BridgeError('USAGE', 'A document from standard input cannot be served over stdio', {
      hint: 'Give a file or URL, or serve over HTTP.',
    });
  if (http) {
    const { runHttp } = await import('./serve-http.ts');
    await runHttp(config, http);
    return 0;
  }
  const [bridge, { serveStdio }] = await Promise.all([openFromConfig(config), import('../serve/stdio.ts')]);
  await serveStdio(bridge, { listChanged: config.watch }).finally(() => bridge.close());
  return 0;
};
