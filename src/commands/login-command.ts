import { openInBrowser } from '../auth/browser.ts';
import { openCredentialStore } from '../auth/store/open-store.ts';
import type { Bridge } from '../bridge.ts';
import { BridgeError } from '../errors.ts';
import { createLogin, type LoginTargetApi } from './login.ts';
import { openFromFlags } from './open.ts';
import type { Command, CommandInput } from './table.ts';
import { openTerminal } from './terminal.ts';

const warn = (message: string) => void process.stderr.write(`${message}\n`);

/** `actionbridge login <spec>|<api>` */
export const login: Command = createLogin({
  open: openApi,
  openStore: () => openCredentialStore({ environment: process.env, warn }),
  terminal: openTerminal,
  openBrowser: openInBrowser,
});

/** A word without a dot or slash is the name of an API of the config, if there is one of that name; else it is a document. */
async function openApi(word: string, flags: CommandInput['flags']): Promise<LoginTargetApi> {
  const { bridge, api } = await openNamed(word, flags);
  return { auth: await bridge.auth(), api, tools: bridge.registry.tools, close: () => bridge.close() };
}

async function openNamed(word: string, flags: CommandInput['flags']): Promise<{ bridge: Bridge; api: string }> {
  if (!/^[A-Za-z][A-Za-z0-9_-]*$/.test(word)) return openDocument(word, flags);
  const bridge = await openFromFlags([], flags).catch((error: unknown) => {
    if (error instanceof BridgeError && error.code === 'USAGE') return undefined;
    throw error;
  });
  if (bridge?.apis.some(({ name }) => name === word)) return { bridge, api: word };
  await bridge?.close();
  if (!bridge) return openDocument(word, flags);
  throw new BridgeError('USAGE', `The config has no API named "${word}"`, {
    hint: `It has ${bridge.apis.map(({ name }) => name).join(', ')}.`,
  });
}

async function openDocument(word: string, flags: CommandInput['flags']): Promise<{ bridge: Bridge; api: string }> {
  const bridge = await openFromFlags([word], flags);
  return { bridge, api: bridge.apis[0]!.name };
}
