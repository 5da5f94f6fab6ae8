import { randomBytes } from 'node:crypto';
import { BridgeError } from '../errors.ts';
import { registerSecret } from '../secrets.ts';
import type { Tool } from '../tool/types.ts';
import { type AuthApi, entryOf } from './api.ts';
import type { Auth } from './auth.ts';
import type { WantedLogin } from './missing.ts';
import { interactiveGrant, loginTarget } from './oauth/login-target.ts';
import { placementOf } from './placement.ts';
import { saveLogin } from './save-login.ts';
import { openSecretPage, type TypedSecret } from './secret-page.ts';
import { entryName } from './store/entry-name.ts';
import type { StoreKey } from './store/types.ts';
import { describeScheme, describeWanted } from './wanted.ts';

/** A login that a person makes in a browser on the machine of the bridge. */
export interface UrlLogin {
  /** Cannot be guessed. */
  readonly id: string;
  readonly scheme: string;
  readonly url: string;
  /** What it is for, in words. */
  readonly message: string;
  /** Rejects with a BridgeError when it does not work out. */
  readonly finished: Promise<unknown>;
}

/** How surfaces reach them. */
export interface LoginSource {
  /**
   * A login to the first of the wanted schemes, or the one to it that is under way. Undefined when no page helps: the client
   * id is not known, only the document vouches for the place, the credential is a certificate.
   */
  start(wanted: WantedLogin & { readonly principal?: string }): Promise<UrlLogin | undefined>;
  /** One that is under way, or that has ended lately. */
  find(id: string): Promise<UrlLogin | undefined>;
}

export interface UrlLogins extends LoginSource {
  /** Gives up what is under way. */
  close(): void;
}

export interface UrlLoginsOptions {
  readonly auth: Auth;
  /** Of what is on offer, for the scopes that it needs. */
  readonly tools: () => readonly Tool[];
  readonly timeoutMs?: number;
}

interface Known extends UrlLogin {
  readonly cancel: () => void;
}

/** Of logins that have ended, for those who come to ask about them. */
const MAX_KNOWN = 100;

/** OAuth in the browser, with its callback to this machine; a page of our own for keys, tokens and passwords. */
export function createUrlLogins(options: UrlLoginsOptions): UrlLogins {
  const known = new Map<string, Known>();
  const underWay = new Map<string, Promise<UrlLogin | undefined>>();

  async function begin(key: StoreKey): Promise<UrlLogin | undefined> {
    const forget = () => void underWay.delete(entryName(key));
    try {
      const begun = await beginLogin(options, key);
      if (!begun) return forget();
      const login = { ...begun, id: randomBytes(16).toString('hex'), scheme: key.scheme };
      known.set(login.id, login);
      for (const id of [...known.keys()].slice(0, -MAX_KNOWN)) known.delete(id);
      login.finished.then(forget, forget);
      return login;
    } catch (error) {
      forget();
      if (error instanceof BridgeError) return undefined;
      throw error;
    }
  }

  return {
    async start({ api, schemes: [scheme], principal }) {
      if (scheme === undefined) return undefined;
      const key: StoreKey = { api, scheme, ...(principal === undefined ? {} : { principal }) };
      const login = underWay.get(entryName(key)) ?? begin(key);
      underWay.set(entryName(key), login);
      return login;
    },
    find: async (id) => known.get(id),
    close() {
      for (const { cancel } of known.values()) cancel();
    },
  };
}

/** By the scheme's name; what comes of it is kept under the name of the entry that says something about it. */
async function beginLogin(options: UrlLoginsOptions, { scheme, ...key }: StoreKey): Promise<Begun | undefined> {
  const { auth } = options;
  const api = auth.apiOf(key.api);
  const target = loginTarget(auth, api, scheme);
  const kept = { ...key, scheme: target.scheme };
  const isOAuth = target.declared?.kind === 'oauth2' || target.declared?.kind === 'openIdConnect';
  return isOAuth || entryOf(api, target.scheme)?.credential.kind === 'oauth'
    ? beginOAuth(options, { target, key: kept, scheme })
    : beginSecret(options, { api, key: kept, scheme });
}

type Begun = Omit<Known, 'id' | 'scheme'>;

async function beginOAuth(
  { auth, tools, timeoutMs }: UrlLoginsOptions,
  { target, key, scheme }: { target: ReturnType<typeof loginTarget>; key: StoreKey; scheme: string },
): Promise<Begun | undefined> {
  if (target.config.clientId === undefined || interactiveGrant(target) !== 'authorization_code') return undefined;
  const { startBrowserLogin } = await import('./oauth/browser-login.ts');
  const config = { ...target.config, grant: 'authorization_code' as const };
  const client = await (await auth.sessions()).client({ ...target, config });
  const wanted = describeWanted(target.api, tools()).find((each) => each.scheme === scheme);
  const login = await startBrowserLogin(auth, {
    target: { ...target, config },
    client,
    key,
    scopes: wanted?.scopes ?? [],
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  const { host } = new URL(login.url);
  return {
    url: login.url,
    message: `Sign in at ${host}, so that calls of "${key.api}" can be made on your behalf (${scheme}).`,
    finished: login.finished,
    cancel: login.cancel,
  };
}

async function beginSecret(
  { auth, timeoutMs }: UrlLoginsOptions,
  { api, key, scheme }: { api: AuthApi; key: StoreKey; scheme: string },
): Promise<Begun | undefined> {
  const { declared } = loginTarget(auth, api, scheme);
  const placement = placementOf(declared, entryOf(api, key.scheme));
  if (!placement) return undefined;
  const { what } = describeScheme(api, scheme);
  const page = await openSecretPage({
    ask: placement.kind === 'basic' ? 'pair' : 'value',
    title: `Credential of ${api.name}`,
    message: `${scheme}: ${what}. It is stored on this machine and sent to ${api.origins.join(', ')} only.`,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  const finished = keepTyped(auth, key, page.typed);
  finished.catch(() => undefined);
  return {
    url: page.url,
    message: `"${api.name}" needs a credential: ${what}. Type it on a page of this machine, where neither the model nor this client sees it.`,
    finished,
    cancel: page.close,
  };
}

async function keepTyped(auth: Auth, key: StoreKey, typed: Promise<TypedSecret>): Promise<void> {
  const { value, answer } = await typed;
  registerSecret(value);
  try {
    const where = await saveLogin(auth, key, { kind: 'secret', value });
    answer(true, `It is stored in ${where}. You can close this page and go back to where you came from.`);
  } catch (error) {
    answer(false, 'It could not be stored; where you came from it says why.');
    throw error;
  }
}
