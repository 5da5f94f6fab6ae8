import { openInBrowser } from '../auth/browser.ts';
import { openCredentialStore } from '../auth/store/open-store.ts';
import { createLogin } from './login.ts';
import { openFromFlags } from './open.ts';
import type { Command } from './table.ts';
import { openTerminal } from './terminal.ts';

const warn = (message: string) => void process.stderr.write(`${message}\n`);

/** `actionbridge login <spec>|<api>` */
export const login: Command = createLogin({
  async open(word, flags) {
    const bridge = await openFromFlags([word], flags);
    const { name: api } = bridge.apis[0]!;
    return { auth: await bridge.auth(), api, tools: bridge.registry.tools, close: () => bridge.close() };
  },
  openStore: () => openCredentialStore({ environment: process.env, warn }),
  terminal: openTerminal,
  openBrowser: openInBrowser,
});
