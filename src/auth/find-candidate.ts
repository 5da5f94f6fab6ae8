import type { SecurityRequirement } from '../operation/types.ts';
import { registerSecret } from '../secrets.ts';
import { type AuthApi, DEFAULT_ENTRY, entryOf, schemeOf } from './api.ts';
import {
  type Candidate,
  type CandidateFrame,
  certificateCandidate,
  emptyCandidate,
  extrasCandidate,
  secretCandidate,
  tokenCandidate,
  valueCandidate,
} from './candidate.ts';
import { environmentNames } from './environment-names.ts';
import type { Environment } from './expand.ts';
import type { OAuthSessions, OAuthTarget } from './oauth/sessions.ts';
import { placementOf } from './placement.ts';
import type { SecretReader } from './secret-reader.ts';
import type { StoredCredential, StoreKey } from './store/types.ts';
import type { AuthEntry, NamedValue, OAuthConfig, Placement, SecretSource } from './types.ts';

export interface CandidateSources {
  readonly environment: Environment;
  readonly reader: SecretReader;
  readonly sessions: () => Promise<OAuthSessions>;
  /** What `login` has stored. */
  readonly stored: (key: StoreKey) => Promise<StoredCredential | undefined>;
  /** After a 401: forgets what was read from the store. */
  readonly forget: (key: StoreKey) => void;
  /** The caller's own token, for token exchange. */
  readonly subjectToken?: (principal: string) => Promise<string | undefined>;
}

export interface CandidateRequest {
  readonly api: AuthApi;
  readonly requirement: SecurityRequirement;
  readonly principal?: string | undefined;
}

/** Finds the credential of a scheme; undefined when it is not there. `byDefault`: by the entry `default` in place of its own. */
export type FindCandidate = (request: CandidateRequest, byDefault?: boolean) => Promise<Candidate | undefined>;

/**
 * In this order: the operator's own header, the config, the documented variables, a login of this caller, client credentials.
 * What is `perUser` is taken from config and variables for the operator only.
 */
export function createFindCandidate(sources: CandidateSources): FindCandidate {
  const { environment, reader, sessions } = sources;

  return async (request, byDefault = false) => {
    const { api, requirement, principal } = request;
    const declared = schemeOf(api, requirement.scheme);
    const name = byDefault ? DEFAULT_ENTRY : requirement.scheme;
    const entry = entryOf(api, name);
    if (byDefault && !entry) return undefined;
    const placement = placementOf(declared, entry);
    if (!byDefault && isCovered(api.headers, placement, declared?.kind)) return emptyCandidate(name, 'header');
    const shared = principal === undefined || !entry?.perUser;
    const configured = shared && entry ? fromConfig(name, entry, placement) : undefined;
    if (configured) return configured;
    if (!placement) return undefined;
    const frame = { scheme: name, entry, placement };
    return (shared ? fromEnvironment(api, frame) : undefined) ?? fromOAuth(request, frame, shared);
  };

  function fromConfig(scheme: string, entry: AuthEntry, placement: Placement | undefined): Candidate | undefined {
    const { credential } = entry;
    const secret = (...from: SecretSource[]) =>
      placement && from.every((source) => reader.has(source))
        ? secretCandidate({ scheme, entry, placement }, from, reader)
        : undefined;
    switch (credential.kind) {
      case 'none':
        return emptyCandidate(scheme, 'none');
      case 'extras':
        return extrasCandidate(scheme, entry);
      case 'certificate':
        return certificateCandidate(scheme, entry, credential.files);
      case 'token':
      case 'apiKey':
      case 'pair':
        return secret(credential.source);
      case 'basic':
        return secret(credential.username, credential.password);
      case 'oauth':
      case 'documented':
        return undefined;
    }
  }

  /** `API_SCHEME`, and for basic also `…_USERNAME` with `…_PASSWORD`. */
  function fromEnvironment(api: AuthApi, frame: CandidateFrame): Candidate | undefined {
    const kind = frame.entry?.credential.kind;
    if (kind !== undefined && kind !== 'documented' && kind !== 'oauth') return undefined;
    const names = environmentNames(api.name, frame.scheme);
    const variable = (name: string): SecretSource => ({ from: 'environment', name });
    const pair = [variable(names.username), variable(names.password)];
    if (reader.has(variable(names.value))) return secretCandidate(frame, [variable(names.value)], reader);
    if (frame.placement.kind === 'basic' && pair.every((source) => reader.has(source)))
      return secretCandidate(frame, pair, reader);
    return undefined;
  }

  async function fromOAuth(
    { api, requirement, principal }: CandidateRequest,
    frame: CandidateFrame,
    shared: boolean,
  ): Promise<Candidate | undefined> {
    const declared = schemeOf(api, requirement.scheme);
    const config = oauthConfigOf(api, frame, environment);
    const target: OAuthTarget = { api, scheme: frame.scheme, declared, config };
    const scopes = config.scopes ?? requirement.scopes;
    const identity = [config.clientId ?? '', config.clientSecret ?? '', config.tokenUrl ?? '', ...scopes];
    const service = async () => tokenCandidate(frame, (await sessions()).clientCredentials(target, scopes), identity);
    const isService = shared && config.clientId !== undefined && config.clientSecret !== undefined;
    if (isService && config.grant === 'client_credentials') return service();
    const subject = await subjectOf(config, principal);
    if (subject)
      return tokenCandidate(frame, (await sessions()).exchanged(target, scopes, subject), [
        ...identity,
        subject.principal,
      ]);
    const login = await fromStore(api, frame, principal);
    if (login) return login;
    const declaresService = declared?.kind === 'oauth2' && declared.flows.clientCredentials !== undefined;
    return isService && config.grant === undefined && declaresService ? service() : undefined;
  }

  async function subjectOf(config: OAuthConfig, principal: string | undefined) {
    if (!config.exchange || principal === undefined || !sources.subjectToken) return undefined;
    const { subjectToken } = sources;
    if ((await subjectToken(principal)) === undefined) return undefined;
    return {
      principal,
      token: async () => {
        const token = (await subjectToken(principal)) ?? '';
        registerSecret(token);
        return token;
      },
    };
  }

  async function fromStore(
    api: AuthApi,
    frame: CandidateFrame,
    principal: string | undefined,
  ): Promise<Candidate | undefined> {
    const key: StoreKey = { api: api.name, scheme: frame.scheme, ...(principal === undefined ? {} : { principal }) };
    const found = await sources.stored(key);
    if (!found) return undefined;
    // A stored credential is bound to where the API was when it was given, whatever a document of that name says now.
    const origins = { origins: found.origins };
    if (found.kind === 'tokens')
      return { ...tokenCandidate(frame, (await sessions()).stored(key, found), [found.id]), ...origins };
    const renew = async () => {
      sources.forget(key);
      const now = await sources.stored(key);
      return now !== undefined && now.id !== found.id;
    };
    return { ...valueCandidate(frame, found.value), ...origins, renew };
  }
}

/** The operator's OAuth set-up with what the documented variables add to it. */
export function oauthConfigOf(
  api: AuthApi,
  frame: { scheme: string; entry: AuthEntry | undefined },
  environment: Environment,
): OAuthConfig {
  const credential = frame.entry?.credential;
  const base: OAuthConfig =
    credential?.kind === 'oauth' ? credential.oauth : { trusted: true, tokenRequest: 'form', parameters: {} };
  const names = environmentNames(api.name, frame.scheme);
  const read = (name: string) => environment[name]?.trim() || undefined;
  const clientId = base.clientId ?? read(names.clientId);
  const clientSecret = base.clientSecret ?? read(names.clientSecret);
  const tokenUrl = read(names.tokenUrl);
  if (clientSecret !== undefined) registerSecret(clientSecret);
  return {
    ...base,
    ...(clientId === undefined ? {} : { clientId }),
    ...(clientSecret === undefined ? {} : { clientSecret }),
    ...(tokenUrl === undefined ? {} : { tokenUrl, trusted: true }),
  };
}

/** Whether one of the operator's own headers stands where the credential would. */
function isCovered(
  headers: readonly NamedValue[],
  placement: Placement | undefined,
  kind: string | undefined,
): boolean {
  if (kind === 'mutualTLS') return false;
  const has = (name: string) => headers.some(([each]) => each.toLowerCase() === name.toLowerCase());
  switch (placement?.kind) {
    case 'header':
      return has(placement.name);
    case 'basic':
    case undefined:
      return has('Authorization');
    case 'query':
      return false;
    case 'cookie':
      return headers.some(
        ([name, value]) =>
          name.toLowerCase() === 'cookie' && value.split(/;\s*/).some((pair) => pair.startsWith(`${placement.name}=`)),
      );
  }
}
