import { mergeHttp } from '../config/http-flags.ts';
import { BridgeError } from '../errors.ts';
import { openFromFlags } from './open.ts';
import type { Command } from './table.ts';

/** `actionbridge [serve] <spec>...` */
export const serve: Command = async ({ words, flags }) => {
  const http = mergeHttp(flags, undefined, process.env);
  if (words.includes('-') && !http)
    throw new BridgeError('USAGE', 'A document from standard input cannot be served over stdio', {
      hint: 'Give a file or URL, or serve over HTTP.',
    });
  const opened = openFromFlags(words, flags);
  if (http) {
    const [bridge, { runHttp }] = await Promise.all([opened, import('./serve-http.ts')]);
    await runHttp(bridge, http).finally(() => bridge.close());
    return 0;
  }
  const [bridge, { serveStdio }] = await Promise.all([opened, import('../serve/stdio.ts')]);
  await serveStdio(bridge).finally(() => bridge.close());
  return 0;
};
