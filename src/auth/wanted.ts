import { unreachable } from '../errors.ts';
import type { SecurityScheme } from '../operation/security-schemes.ts';
import type { Tool } from '../tool/types.ts';
import { type AuthApi, DEFAULT_ENTRY, entryOf, schemeOf } from './api.ts';
import { wantedVariables } from './environment-names.ts';
import { describePlacement, placementOf } from './placement.ts';
import type { AuthEntry, Placement } from './types.ts';

/** A credential that a document asks for, and how to give it. Holds no secret. */
export interface WantedCredential {
  readonly api: string;
  readonly scheme: string;
  /** In words: `API key in the header X-API-Key`. */
  readonly what: string;
  /** Tools that ask for it; of these those that work without any credential, and those that take no other in its place. */
  readonly tools: number;
  readonly optional: number;
  readonly required: number;
  readonly scopes: readonly string[];
  /** Variables that count, as alternatives of names that belong together. */
  readonly environment: readonly (readonly string[])[];
  /** A line for the config. */
  readonly config: string;
  readonly login: string;
  /** Why the document's own way cannot be used, if it cannot. */
  readonly problem?: string;
}

/**
 * Every credential that the tools of an API ask for, in the order in which they do; schemes that nobody asks for or that the
 * config has switched off are left out.
 */
export function describeWanted(api: AuthApi, tools: readonly Tool[]): WantedCredential[] {
  const seen = new Map<string, { tools: number; optional: number; required: number; scopes: Set<string> }>();
  for (const tool of tools.filter((each) => each.api === api.name)) {
    const alternatives = requirementsOf(api, tool.request.security);
    const optional = alternatives.some((requirements) => requirements.length === 0);
    const named = new Map(alternatives.flat().map((requirement) => [requirement.scheme, requirement.scopes] as const));
    for (const [scheme, scopes] of named) {
      if (entryOf(api, scheme)?.credential.kind === 'none') continue;
      const entry = seen.get(scheme) ?? { tools: 0, optional: 0, required: 0, scopes: new Set<string>() };
      seen.set(scheme, entry);
      entry.tools++;
      if (optional) entry.optional++;
      if (alternatives.every((each) => each.some((requirement) => requirement.scheme === scheme))) entry.required++;
      for (const scope of scopes) entry.scopes.add(scope);
    }
  }
  return [...seen].map(([scheme, { tools: count, optional, required, scopes }]) => ({
    ...describeScheme(api, scheme),
    tools: count,
    optional,
    required,
    scopes: [...scopes].sort(),
  }));
}

/** What an operation asks for; where a document asks for nothing anywhere, `default` is what every operation asks for. */
export function requirementsOf(api: AuthApi, security: Tool['request']['security']): Tool['request']['security'] {
  if (security.length > 0 || api.declarations.declared || !entryOf(api, DEFAULT_ENTRY)) return security;
  return [[{ scheme: DEFAULT_ENTRY, scopes: [] }]];
}

type SchemeDescription = Omit<WantedCredential, 'tools' | 'optional' | 'required' | 'scopes'>;

/** One scheme of an API, in words. */
export function describeScheme(api: AuthApi, scheme: string): SchemeDescription {
  const declared = schemeOf(api, scheme);
  const entry = entryOf(api, scheme) ?? entryOf(api, DEFAULT_ENTRY);
  const placement = placementOf(declared, entry);
  const problem = declared ? problemOf(declared) : 'the document does not declare it';
  return {
    api: api.name,
    scheme,
    what: declared ? describeKind(declared) : describeEntry(entry, placement),
    environment: placement ? wantedVariables(api.name, scheme, declared ?? { kind: 'bearer' }) : [],
    config: `auth: { ${quoted(scheme)}: { ${declared ? configFor(declared) : configForEntry(entry)} } }`,
    login: `actionbridge login ${api.name}`,
    ...(problem === undefined || (entry && placement) ? {} : { problem }),
  };
}

/** What is asked for by the config, or by the record of a plugin or GPT, where no document declares it. */
function describeEntry(entry: AuthEntry | undefined, placement: Placement | undefined): string {
  const { credential, placement: override } = entry ?? {};
  if (credential?.kind === 'oauth') {
    const { authorizationUrl, grant } = credential.oauth;
    const where = authorizationUrl === undefined ? (grant ?? '') : `sign in at ${new URL(authorizationUrl).host}`;
    return `OAuth access token${where === '' ? '' : ` (${where})`}`;
  }
  if (override?.basic !== undefined) return 'user name and password';
  if (override?.prefix === 'Bearer') return 'bearer token';
  return placement ? `credential in the ${describePlacement(placement)}` : 'credential';
}

function configForEntry(entry: AuthEntry | undefined): string {
  if (entry?.credential.kind === 'oauth') return 'oauth: { clientId: …, clientSecret: … }';
  return entry?.placement.basic === undefined ? 'token: …' : 'basic: …';
}

/** A kind of scheme, in words. */
function describeKind(scheme: SecurityScheme): string {
  switch (scheme.kind) {
    case 'apiKey':
      if (scheme.name.toLowerCase() === 'authorization')
        return 'whole value of the header Authorization, its word (Bearer, Token …) included';
      return `API key in the ${describePlacement({ kind: scheme.in, name: scheme.name })}`;
    case 'basic':
      return 'user name and password';
    case 'bearer':
      return scheme.format === undefined ? 'bearer token' : `bearer token (${scheme.format})`;
    case 'http':
      return `credential after the word ${scheme.scheme}`;
    case 'oauth2': {
      const flows = Object.keys(scheme.flows);
      return flows.length === 0 ? 'OAuth access token' : `OAuth access token (${flows.join(', ')})`;
    }
    case 'openIdConnect':
      return 'OpenID Connect access token';
    case 'mutualTLS':
      return 'client certificate';
    case 'unsupported':
      return `credential of the kind ${scheme.type}`;
    default:
      return unreachable(scheme);
  }
}

/** Why a scheme cannot be used, or only with a token got elsewhere (RFC 9700 §2.1.2, §2.4). */
function problemOf(scheme: SecurityScheme): string | undefined {
  if (scheme.kind === 'unsupported') return scheme.reason;
  if (scheme.kind !== 'oauth2') return undefined;
  const { authorizationCode, clientCredentials, deviceAuthorization, implicit, password } = scheme.flows;
  if (authorizationCode || clientCredentials || deviceAuthorization) return undefined;
  if (implicit) return 'the implicit flow hands tokens to whoever reads the address and is not used; give a token';
  if (password) return "the password flow hands a person's password to programs and is not used; give a token";
  return 'no usable flow is declared; give a token, or the endpoints in the config';
}

function configFor(scheme: SecurityScheme | undefined): string {
  switch (scheme?.kind) {
    case 'apiKey':
      return 'apiKey: …';
    case 'basic':
      return 'username: …, password: …';
    case 'oauth2':
      return problemOf(scheme) === undefined ? 'oauth: { clientId: …, clientSecret: … }' : 'token: …';
    case 'openIdConnect':
      return 'oauth: { clientId: …, clientSecret: … }';
    case 'mutualTLS':
      return 'certificate: { cert: …, key: … }';
    case 'bearer':
    case 'http':
    case 'unsupported':
    case undefined:
      return 'token: …';
  }
}

function quoted(key: string): string {
  return /^[A-Za-z_][\w-]*$/.test(key) ? key : JSON.stringify(key);
}

/** One line for people. */
export function formatWanted(wanted: WantedCredential): string {
  const { api, scheme, what, tools, problem } = wanted;
  const count = `${tools} ${tools === 1 ? 'tool' : 'tools'}, ${need(wanted)}`;
  return `${api}: ${scheme}: ${what} (${count}): ${problem === undefined ? '' : `${problem}; `}${waysOf(wanted).join(', or ')}`;
}

function need({ tools, optional, required }: WantedCredential): string {
  if (optional === tools) return 'optional';
  if (required === tools) return 'needed';
  return required === 0 ? 'one of several ways' : `needed for ${required}`;
}

/** Every way to give a credential, each a phrase. */
export function waysOf({ environment, config, login }: SchemeDescription): string[] {
  return [
    ...environment.map((names) => `set ${names.join(' and ')}`),
    `"${config}" in the config`,
    ...(environment.length > 0 ? [`run "${login}"`] : []),
  ];
}
