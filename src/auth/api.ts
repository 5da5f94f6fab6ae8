import type { SecurityDeclarations, SecurityScheme } from '../operation/security-schemes.ts';
import type { AuthConfig, AuthEntry, NamedValue } from './types.ts';

/** What `auth/` knows about an API that is served. */
export interface AuthApi {
  readonly name: string;
  readonly declarations: SecurityDeclarations;
  /** The operator's `auth:`; `default` may come from a plugin manifest. */
  readonly config: AuthConfig;
  /** Where its requests go: credentials go there and nowhere else. */
  readonly origins: readonly string[];
  /** Origins the operator has named besides, e.g. that of the document: OAuth endpoints on them are trusted. */
  readonly namedOrigins: readonly string[];
  /** What relative OAuth URLs begin at, in place of the document's server. */
  readonly baseUrl?: string;
  /** The operator's own headers (`--header`): one of them may be the credential. */
  readonly headers: readonly NamedValue[];
}

/** The name of the entry that stands for every scheme without its own. */
export const DEFAULT_ENTRY = 'default';

export function entryOf(api: AuthApi, scheme: string): AuthEntry | undefined {
  return Object.hasOwn(api.config, scheme) ? api.config[scheme] : undefined;
}

export function schemeOf(api: AuthApi, scheme: string): SecurityScheme | undefined {
  return Object.hasOwn(api.declarations.schemes, scheme) ? api.declarations.schemes[scheme] : undefined;
}
