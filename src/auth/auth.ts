import { join } from 'node:path';
import { type Clock, systemClock } from '../clock.ts';
import { BridgeError } from '../errors.ts';
import type { HttpClient } from '../net/client.ts';
import type { SecurityRequirement } from '../operation/types.ts';
import { type AuthApi, entryOf } from './api.ts';
import type { Candidate } from './candidate.ts';
import type { Environment } from './expand.ts';
import { createFindCandidate } from './find-candidate.ts';
import { type CredentialMissing, credentialMissing } from './missing.ts';
import type { OAuthSessions } from './oauth/sessions.ts';
import { createSecretReader } from './secret-reader.ts';
import { createSelection, type Selection } from './selection.ts';
import { solve } from './solve.ts';
import { entryName } from './store/entry-name.ts';
import { homeFolder } from './store/home.ts';
import type { CredentialStore, StoredCredential, StoreKey } from './store/types.ts';
import { requirementsOf } from './wanted.ts';

export interface AuthOptions {
  /** By the name an API is served under. */
  readonly apiOf: (name: string) => AuthApi | undefined;
  readonly http: HttpClient;
  /** With the files of `--env-file` in it. */
  readonly environment: Environment;
  readonly warn?: (message: string) => void;
  readonly clock?: Clock;
  readonly openStore?: () => Promise<CredentialStore>;
  readonly runCommand?: (argv: readonly string[]) => Promise<string>;
  /** A caller's own token, for RFC 8693; it goes to the token endpoint and never to the API. */
  readonly subjectToken?: (principal: string) => Promise<string | undefined>;
  readonly oauthTimeoutMs?: number;
}

/** What is asked for, and by whom. */
export interface AuthRequest {
  readonly api: string;
  readonly security: readonly (readonly SecurityRequirement[])[];
  readonly principal?: string | undefined;
}

/** What came of choosing; why something is missing is put into words only when somebody asks. */
export type Choice =
  | { readonly kind: 'selected'; readonly selection: Selection }
  | { readonly kind: 'missing'; readonly error: () => CredentialMissing };

/** Every credential of every API, whatever it is and wherever it comes from. */
export interface Auth {
  /** Which credentials go with a call; nothing is fetched. */
  choose(request: AuthRequest): Choice | Promise<Choice>;
  /** The same. Throws CREDENTIAL_MISSING or AUTH_UNSUPPORTED naming what is missing and how to give it. */
  select(request: AuthRequest): Promise<Selection>;
  /** Loaded when OAuth is first needed, as is the store: most calls need neither. */
  sessions(): Promise<OAuthSessions>;
  readonly environment: Environment;
  readonly clock: Clock;
  apiOf(name: string): AuthApi;
  store(): Promise<CredentialStore>;
  /** Forgets what was read from the store: a login has changed it. */
  forget(key: StoreKey): void;
}

export function createAuth(options: AuthOptions): Auth {
  const { environment, http } = options;
  const clock = options.clock ?? systemClock;
  const warn = options.warn ?? (() => undefined);
  const home = homeFolder(environment);
  let opened: Promise<CredentialStore> | undefined;
  const store = () => {
    opened ??= options.openStore?.() ?? openUserStore(environment, warn);
    return opened;
  };
  let started: Promise<OAuthSessions> | undefined;
  const sessions = () => {
    started ??= import('./oauth/sessions.ts').then(({ createOAuthSessions }) =>
      createOAuthSessions({
        http,
        clock,
        store,
        folder: join(home, 'locks'),
        warn,
        ...(options.oauthTimeoutMs === undefined ? {} : { timeoutMs: options.oauthTimeoutMs }),
      }),
    );
    return started;
  };
  const stored = rememberStored(store, clock);
  const chosen = new WeakMap<AuthRequest['security'], Chosen>();
  let generation = 0;
  const find = createFindCandidate({
    environment,
    sessions,
    reader: createSecretReader({ environment, ...(options.runCommand ? { runCommand: options.runCommand } : {}) }),
    stored: stored.get,
    forget,
    ...(options.subjectToken ? { subjectToken: options.subjectToken } : {}),
  });
  return { choose, select, sessions, environment, clock, apiOf, store, forget };

  function forget(key: StoreKey): void {
    generation++;
    stored.forget(key);
  }

  function apiOf(name: string): AuthApi {
    const api = options.apiOf(name);
    if (!api) throw new BridgeError('INTERNAL', `There is no API named ${JSON.stringify(name)}`);
    return api;
  }

  async function select(request: AuthRequest): Promise<Selection> {
    const choice = await choose(request);
    if (choice.kind === 'missing') throw choice.error();
    return choice.selection;
  }

  function choose(request: AuthRequest): Choice | Promise<Choice> {
    const { api, principal, security } = request;
    const known = principal === undefined ? chosen.get(security) : undefined;
    const counts = known?.api === api && known.generation === generation && clock.now() < known.until;
    return counts ? known.choice : chooseAndKeep(request);
  }

  async function chooseAndKeep(request: AuthRequest): Promise<Choice> {
    const { api, principal, security } = request;
    const asked = generation;
    const choice = await chooseAnew(request);
    const lasting = choice.kind === 'selected' && choice.selection.lasting;
    const until = lasting ? Number.POSITIVE_INFINITY : clock.now() + ABSENT_MS;
    if (principal === undefined && (lasting || choice.kind === 'missing'))
      chosen.set(security, { api, choice, until, generation: asked });
    return choice;
  }

  async function chooseAnew({ api: name, security, principal }: AuthRequest): Promise<Choice> {
    const api = apiOf(name);
    const requirements = requirementsOf(api, security);
    const own = await candidates(api, requirements, principal, false);
    let solution = solve(requirements, ({ scheme }) => own.get(scheme));
    if (solution.kind !== 'use' && entryOf(api, 'default')) {
      const others = await candidates(api, requirements, principal, true);
      solution = solve(requirements, ({ scheme }) => own.get(scheme) ?? others.get(scheme));
    }
    if (solution.kind === 'missing') {
      const { alternatives } = solution;
      return { kind: 'missing', error: () => credentialMissing(api, alternatives) };
    }
    const used = solution.kind === 'use' ? solution.credentials : [];
    return { kind: 'selected', selection: createSelection(api, used, principal) };
  }

  async function candidates(
    api: AuthApi,
    requirements: AuthRequest['security'],
    principal: string | undefined,
    byDefault: boolean,
  ): Promise<Map<string, Candidate>> {
    const found = new Map<string, Candidate>();
    for (const requirement of requirements.flat()) {
      if (found.has(requirement.scheme)) continue;
      const candidate = await find({ api, requirement, principal }, byDefault);
      if (candidate) found.set(requirement.scheme, candidate);
    }
    return found;
  }
}

/** What was chosen for an operation, and how long that counts: for good, or as long as absence is believed. */
interface Chosen {
  readonly api: string;
  readonly choice: Choice;
  readonly until: number;
  /** Of what is stored: a login makes a new one. */
  readonly generation: number;
}

/** That nothing is stored is believed this long: calls that need no credential do not look at the disk each time. */
const ABSENT_MS = 2_000;

/** What has been read from the store; a login of another process is seen after a moment, or after a 401. */
function rememberStored(store: () => Promise<CredentialStore>, clock: Clock) {
  const known = new Map<string, { readonly found: StoredCredential | undefined; readonly until: number }>();
  return {
    async get(key: StoreKey): Promise<StoredCredential | undefined> {
      const name = entryName(key);
      const kept = known.get(name);
      if (kept && clock.now() < kept.until) return kept.found;
      const found = await (await store()).get(key);
      known.set(name, { found, until: found ? Number.POSITIVE_INFINITY : clock.now() + ABSENT_MS });
      return found;
    },
    forget: (key: StoreKey) => void known.delete(entryName(key)),
  };
}

async function openUserStore(environment: Environment, warn: (message: string) => void): Promise<CredentialStore> {
  return (await import('./store/open-store.ts')).openCredentialStore({ environment, warn });
}
