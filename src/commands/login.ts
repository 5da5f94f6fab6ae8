import { type AuthApi, entryOf, schemeOf } from '../auth/api.ts';
import type { Auth } from '../auth/auth.ts';
import { interactiveGrant, loginTarget } from '../auth/oauth/login-target.ts';
import { placementOf } from '../auth/placement.ts';
import { saveLogin } from '../auth/save-login.ts';
import type { CredentialStore, StoredEntry } from '../auth/store/types.ts';
import { describeScheme, describeWanted, requirementsOf, type WantedCredential, waysOf } from '../auth/wanted.ts';
import { BridgeError } from '../errors.ts';
import type { Tool } from '../tool/types.ts';
import { loginWithOAuth } from './login-oauth.ts';
import type { Command } from './table.ts';
import type { Terminal } from './terminal.ts';

/** An API to log in to. */
export interface LoginTargetApi {
  readonly auth: Auth;
  readonly api: string;
  readonly tools: readonly Tool[];
  close(): Promise<void>;
}

export interface LoginDependencies {
  /** By a document, or by the name of an API of the config. */
  readonly open: (word: string, flags: Parameters<Command>[0]['flags']) => Promise<LoginTargetApi>;
  readonly openStore: () => Promise<CredentialStore>;
  readonly terminal: () => Terminal;
  readonly openBrowser: (url: string) => Promise<boolean>;
}

/** What the steps of a login share. */
export interface LoginSession extends Pick<LoginDependencies, 'openBrowser'> {
  readonly auth: Auth;
  readonly api: AuthApi;
  readonly terminal: Terminal;
  readonly principal?: string;
  readonly device: boolean;
}

/** `actionbridge login <spec>|<api> [--scheme NAME] [--principal NAME] [--device] [--no-browser]`, `--list`, `--remove NAME` */
export function createLogin(dependencies: LoginDependencies): Command {
  return async ({ words, flags }) => {
    const principal = typeof flags['principal'] === 'string' ? { principal: flags['principal'] } : {};
    if (flags['list'] === true) return list(await dependencies.openStore());
    if (typeof flags['remove'] === 'string')
      return remove(await dependencies.openStore(), flags['remove'], principal.principal);
    const [word, ...rest] = words;
    if (word === undefined || rest.length > 0)
      throw new BridgeError('USAGE', 'login needs one document, or the name of one API of the config', {
        hint: 'For example: actionbridge login openapi.yaml',
      });
    const opened = await dependencies.open(word, flags);
    try {
      const terminal = dependencies.terminal();
      const session: LoginSession = {
        auth: opened.auth,
        api: opened.auth.apiOf(opened.api),
        terminal,
        ...principal,
        device: flags['device'] === true,
        openBrowser: flags['browser'] === false ? async () => false : dependencies.openBrowser,
      };
      return await walk(session, opened.tools, typeof flags['scheme'] === 'string' ? flags['scheme'] : undefined);
    } finally {
      await opened.close();
    }
  };
}

/** Through the schemes of one alternative, one after the other. */
async function walk(session: LoginSession, tools: readonly Tool[], only: string | undefined): Promise<number> {
  const { api, terminal } = session;
  const wanted = describeWanted(api, tools);
  if (only === undefined && wanted.length === 0) {
    terminal.say(`"${api.name}" asks for no credential.`);
    return 0;
  }
  const schemes = only === undefined ? await chooseSchemes(session, tools) : [only];
  for (const scheme of schemes) {
    if (!schemeOf(api, scheme) && !entryOf(api, scheme))
      throw new BridgeError('USAGE', `"${api.name}" has no scheme named "${scheme}"`, {
        hint: `It has ${wanted.map((each) => each.scheme).join(', ') || 'none'}.`,
      });
    await loginTo(session, scheme, wanted.find((each) => each.scheme === scheme)?.scopes ?? []);
  }
  return 0;
}

/** The alternatives the tools ask for, most often asked for first; a person chooses when there are several. */
async function chooseSchemes({ api, terminal }: LoginSession, tools: readonly Tool[]): Promise<readonly string[]> {
  const counts = new Map<string, number>();
  for (const tool of tools.filter((each) => each.api === api.name)) {
    for (const requirements of requirementsOf(api, tool.request.security)) {
      if (requirements.length === 0) continue;
      const key = JSON.stringify(requirements.map(({ scheme }) => scheme).sort());
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  const alternatives = [...counts].sort(([, a], [, b]) => b - a).map(([key]) => JSON.parse(key) as string[]);
  if (alternatives.length === 1) return alternatives[0]!;
  const lines = alternatives.map((schemes) =>
    schemes.map((scheme) => `${scheme} (${describeScheme(api, scheme).what})`),
  );
  if (!terminal.interactive)
    throw new BridgeError('USAGE', `"${api.name}" takes ${lines.map((line) => line.join(' with ')).join(', or ')}`, {
      hint: 'Choose one with --scheme NAME.',
    });
  terminal.say(`"${api.name}" takes one of these:`);
  for (const [index, line] of lines.entries()) terminal.say(`  ${index + 1}  ${line.join(' with ')}`);
  const answer = await terminal.ask('Which one? [1] ');
  const chosen = alternatives[answer === '' ? 0 : Number(answer) - 1];
  if (!chosen) throw new BridgeError('USAGE', `There is no number ${answer}`);
  return chosen;
}

async function loginTo(session: LoginSession, scheme: string, scopes: WantedCredential['scopes']): Promise<void> {
  const { auth, api, terminal, principal } = session;
  const target = loginTarget(auth, api, scheme);
  const described = describeScheme(api, scheme);
  const placement = placementOf(target.declared, entryOf(api, target.scheme));
  const isOAuth = target.declared?.kind === 'oauth2' || target.declared?.kind === 'openIdConnect';
  const grant = interactiveGrant(target);
  if (grant !== undefined && (isOAuth || entryOf(api, target.scheme)?.credential.kind === 'oauth'))
    return loginWithOAuth(session, target, { grant: session.device ? 'device_code' : grant, scopes });
  if (!placement)
    throw new BridgeError('AUTH_UNSUPPORTED', `${scheme}: ${described.what} cannot be stored`, {
      hint: `Give it otherwise: ${waysOf(described).slice(0, 1).join()}.`,
    });
  if (described.problem !== undefined) terminal.say(`${scheme}: ${described.problem}.`);
  if (target.declared?.kind === 'oauth2' && target.declared.flows.clientCredentials)
    terminal.say(`${scheme} needs no login when the client is given: ${waysOf(described).slice(1, -1).join(', or ')}.`);
  const value = placement.kind === 'basic' ? await askPair(terminal) : await askValue(terminal, scheme, described.what);
  const key = { api: api.name, scheme: target.scheme, ...(principal === undefined ? {} : { principal }) };
  const where = await saveLogin(auth, key, { kind: 'secret', value });
  terminal.say(`Stored: ${scheme} of "${api.name}" (${described.what}), for ${api.origins.join(', ')}, in ${where}`);
}

async function askPair(terminal: Terminal): Promise<string> {
  const user = await terminal.ask('User name: ');
  if (user.includes(':')) throw new BridgeError('USAGE', 'A user name cannot hold a colon (RFC 7617)');
  return `${user}:${await terminal.askSecret('Password: ')}`;
}

async function askValue(terminal: Terminal, scheme: string, what: string): Promise<string> {
  const value = (await terminal.askSecret(`${scheme}, ${what}: `)).trim();
  if (value === '') throw new BridgeError('USAGE', 'Nothing was typed; nothing is stored');
  return value;
}

async function list(store: CredentialStore): Promise<number> {
  const entries = await store.list();
  const lines = entries.map(
    (entry) => `${nameOf(entry)}\t${KINDS[entry.kind]}\t${new Date(entry.savedAt).toISOString()}\t${entry.where}`,
  );
  process.stdout.write(lines.length === 0 ? `Nothing is stored in ${store.where}\n` : `${lines.join('\n')}\n`);
  return 0;
}

const KINDS: { readonly [kind in StoredEntry['kind']]: string } = { secret: 'secret', tokens: 'OAuth login' };

function nameOf({ key }: StoredEntry): string {
  return `${key.api}/${key.scheme}${key.principal === undefined ? '' : ` of ${key.principal}`}`;
}

/** `api` or `api/scheme`; with a principal, that caller's only. */
async function remove(store: CredentialStore, name: string, principal: string | undefined): Promise<number> {
  const entries = (await store.list()).filter(
    ({ key }) => (key.api === name || `${key.api}/${key.scheme}` === name) && key.principal === principal,
  );
  for (const entry of entries) {
    await store.delete(entry.key);
    process.stdout.write(`Removed ${nameOf(entry)} from ${entry.where}\n`);
  }
  if (entries.length === 0)
    process.stderr.write(`Nothing is stored for ${name}; "actionbridge login --list" shows what is\n`);
  return entries.length === 0 ? 1 : 0;
}
