import { BridgeError } from '../errors.ts';
import { openFromFlags } from './open.ts';
import type { Command } from './table.ts';

/** `actionbridge [serve] <spec>...` */
export const serve: Command = async ({ words, flags }) => {
  if (words.includes('-'))
    throw new BridgeError('USAGE', 'A document from standard input cannot be served over stdio', {
      hint: 'Give a file or URL.',
    });
  const [bridge, { serveStdio }] = await Promise.all([openFromFlags(words, flags), import('../serve/stdio.ts')]);
  try {
    await serveStdio(bridge);
  } finally {
    await bridge.close();
  }
  return 0;
};
