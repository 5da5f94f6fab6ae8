import { BridgeError } from '../errors.ts';
import type { Command } from './table.ts';

/** What tools can be exported as, each loaded when it is asked for. Its words are the documents. */
const FORMATS: { readonly [format: string]: () => Promise<Command> } = {
  openai: () => asTools('openai'),
  responses: () => asTools('responses'),
  anthropic: () => asTools('anthropic'),
  gemini: () => asTools('gemini'),
  'gpt-action': async () => (await import('./export-gpt-action.ts')).exportGptAction,
};

/** `actionbridge export <format> <spec>...`; the format may also come last. */
export const exportTools: Command = async ({ words, flags }) => {
  const place = words.findIndex((word) => Object.hasOwn(FORMATS, word));
  const format = words[place];
  const load = format === undefined ? undefined : FORMATS[format];
  if (!load)
    throw new BridgeError('USAGE', `export needs one of ${Object.keys(FORMATS).join(', ')}`, {
      hint: 'For example: actionbridge export gpt-action openapi.yaml',
    });
  return (await load())({ words: words.filter((_, index) => index !== place), flags });
};

async function asTools(format: string): Promise<Command> {
  return (await import('./export-tools.ts')).exportToolsAs(format);
}
