import { createHash } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { BridgeError } from '../../errors.ts';
import type { HttpClient } from '../../net/client.ts';
import type { SecurityScheme } from '../../operation/security-schemes.ts';
import type { AuthApi } from '../api.ts';
import { createOAuthFetch } from '../oauth-fetch.ts';
import { entryName } from '../store/entry-name.ts';
import { withLock } from '../store/lock.ts';
import type { CredentialStore, StoredClient, StoredTokens, StoreKey } from '../store/types.ts';
import type { OAuthConfig } from '../types.ts';
import { type OAuthServer, resolveOAuthServer } from './server.ts';
import { createStoredLogin } from './stored-login.ts';
import { createTokenHolder, type TokenHolder } from './token-holder.ts';
import { type OAuthClient, requestToken } from './token-request.ts';

/** Which scheme of which API, and how the operator has set it up. */
export interface OAuthTarget {
  readonly api: AuthApi;
  readonly scheme: string;
  readonly declared: SecurityScheme | undefined;
  readonly config: OAuthConfig;
}

/** Tokens of all APIs, each fetched once and kept fresh. */
export interface OAuthSessions {
  /** Our place at the target's server. Throws OAUTH_DISCOVERY, AUTH_UNSUPPORTED. `agreed`: origins a person has agreed to. */
  client(target: OAuthTarget, agreed?: readonly string[]): Promise<OAuthClient>;
  clientCredentials(target: OAuthTarget, scopes: readonly string[]): TokenHolder;
  stored(key: StoreKey, login: StoredTokens): TokenHolder;
  /** RFC 8693: tokens of the API for a caller, by the caller's own. */
  exchanged(target: OAuthTarget, scopes: readonly string[], subject: Subject): TokenHolder;
}

export interface Subject {
  readonly principal: string;
  token(): Promise<string>;
}

export interface OAuthSessionsOptions {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly store: () => Promise<CredentialStore>;
  /** Where locks lie. */
  readonly folder: string;
  readonly warn: (message: string) => void;
  readonly timeoutMs?: number;
}

export function createOAuthSessions(options: OAuthSessionsOptions): OAuthSessions {
  const servers = new Map<string, Promise<OAuthServer>>();
  const holders = new Map<string, TokenHolder>();
  return { client, clientCredentials, stored, exchanged };

  async function client(target: OAuthTarget, agreed: readonly string[] = []): Promise<OAuthClient> {
    const { config } = target;
    if (config.clientId === undefined) throw noClient(target);
    const fetch = fetchFor(config.clientId, config.clientSecret);
    return {
      server: await server(target, agreed),
      clientId: config.clientId,
      ...(config.clientSecret === undefined ? {} : { clientSecret: config.clientSecret }),
      ...(config.clientAuthentication === undefined ? {} : { authentication: config.clientAuthentication }),
      tokenRequest: config.tokenRequest,
      parameters: config.parameters,
      fetch,
      clock: options.clock,
    };
  }

  /** Found once; a failure is tried again by the next call. */
  function server({ api, scheme, declared, config }: OAuthTarget, agreed: readonly string[]): Promise<OAuthServer> {
    const key = JSON.stringify([api.name, scheme, config.grant ?? '', agreed]);
    let found = servers.get(key);
    if (!found) {
      const base = api.baseUrl ?? api.declarations.base;
      const trusted = [...api.origins, ...api.namedOrigins, ...agreed];
      const request = { api: api.name, scheme, declared, config, trusted, ...(base === undefined ? {} : { base }) };
      found = resolveOAuthServer(request, fetchFor(config.clientId ?? '', undefined));
      servers.set(key, found);
      found.catch(() => servers.delete(key));
    }
    return found;
  }

  function fetchFor(clientId: string, clientSecret: string | undefined) {
    return createOAuthFetch(options.http, {
      credentialKey: `oauth ${digest([clientId, clientSecret ?? ''])}`,
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    });
  }

  function clientCredentials(target: OAuthTarget, scopes: readonly string[]): TokenHolder {
    return held(['client', target.api.name, target.scheme, ...sorted(scopes)], () =>
      createTokenHolder({
        clock: options.clock,
        obtain: async () => requestToken(await client(target), { kind: 'client_credentials', scopes: sorted(scopes) }),
        expired: () => noClient(target),
      }),
    );
  }

  function exchanged(target: OAuthTarget, scopes: readonly string[], subject: Subject): TokenHolder {
    const { exchange } = target.config;
    return held(['exchange', target.api.name, target.scheme, subject.principal, ...sorted(scopes)], () =>
      createTokenHolder({
        clock: options.clock,
        obtain: async () =>
          requestToken(await client(target), {
            kind: 'token_exchange',
            subjectToken: await subject.token(),
            subjectTokenType: exchange?.subjectTokenType ?? 'urn:ietf:params:oauth:token-type:access_token',
            ...(exchange?.audience === undefined ? {} : { audience: exchange.audience }),
            ...(exchange?.resource === undefined ? {} : { resource: exchange.resource }),
            scopes: sorted(scopes),
          }),
        expired: () => noClient(target),
      }),
    );
  }

  function stored(key: StoreKey, login: StoredTokens): TokenHolder {
    return held(['stored', entryName(key), login.id], () => {
      const opened = options.store();
      return createStoredLogin(login, {
        store: lazily(opened),
        key,
        clock: options.clock,
        request: (client, grant) => requestToken(clientOf(client), grant),
        exclusively: (work) => withLock(options.folder, digest([entryName(key)]), work),
        warn: options.warn,
      });
    });
  }

  /** A refresh goes where the login was made, whatever the document says by now. */
  function clientOf(stored: StoredClient): OAuthClient {
    const { clientId, clientSecret, authentication, tokenRequest, parameters, tokenUrl } = stored;
    return {
      server: { metadata: { issuer: new URL(tokenUrl).origin, token_endpoint: tokenUrl }, discovered: false },
      clientId,
      ...(clientSecret === undefined ? {} : { clientSecret }),
      ...(authentication === undefined ? {} : { authentication }),
      tokenRequest,
      parameters,
      fetch: fetchFor(clientId, clientSecret),
      clock: options.clock,
    };
  }

  function held(key: readonly string[], make: () => TokenHolder): TokenHolder {
    const name = JSON.stringify(key);
    let holder = holders.get(name);
    if (!holder) {
      holder = make();
      holders.set(name, holder);
    }
    return holder;
  }
}

function lazily(opened: Promise<CredentialStore>): Pick<CredentialStore, 'get' | 'set'> {
  return {
    get: async (key) => (await opened).get(key),
    set: async (key, credential) => (await opened).set(key, credential),
  };
}

function sorted(scopes: readonly string[]): string[] {
  return [...new Set(scopes)].sort();
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

function noClient({ api, scheme }: OAuthTarget): BridgeError {
  return new BridgeError('CREDENTIAL_MISSING', `The scheme "${scheme}" of "${api.name}" needs a client id`, {
    hint: `Give it in the config: "auth: { ${scheme}: { oauth: { clientId: …, clientSecret: … } } }".`,
  });
}
