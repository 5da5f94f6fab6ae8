import type { AuthApi } from './auth/api.ts';
import { apiOrigins } from './call/api-origins.ts';
import type { ApiRuntime } from './call/execute.ts';
import type { ApiConfig } from './config/types.ts';
import { originsOf } from './network.ts';
import type { SecurityDeclarations } from './operation/security-schemes.ts';
import type { Tool } from './tool/types.ts';

/** What is known of an API that is served. */
export interface KnownApi {
  readonly config: ApiConfig;
  readonly security: SecurityDeclarations;
}

/** By the name an API is served under; it may change when documents do. */
export type ApiOf = (name: string) => KnownApi | undefined;

/** What requests of an API are made with, worked out once for each config. */
export function createRuntimes(apiOf: ApiOf): (tool: Tool) => ApiRuntime {
  const known = new WeakMap<ApiConfig, ApiRuntime>();
  return ({ api }) => {
    const config = apiOf(api)?.config;
    if (!config) return { headers: [], variables: {} };
    const runtime = known.get(config) ?? { ...choiceOf(config), headers: config.headers };
    known.set(config, runtime);
    return runtime;
  };
}

function choiceOf({ baseUrl, serverVariables }: ApiConfig) {
  return { ...(baseUrl === undefined ? {} : { baseUrl }), variables: serverVariables };
}

/** What `auth/` knows of each API, worked out once for each snapshot of its document. */
export function createAuthApis(apiOf: ApiOf): (name: string) => AuthApi | undefined {
  const made = new WeakMap<KnownApi, AuthApi>();
  return (name) => {
    const known = apiOf(name);
    if (!known) return undefined;
    const api = made.get(known) ?? authApiOf(name, known);
    made.set(known, api);
    return api;
  };
}

function authApiOf(name: string, { config, security }: KnownApi): AuthApi {
  return {
    name,
    declarations: security,
    config: config.auth,
    origins: apiOrigins(security.servers, choiceOf(config)),
    namedOrigins: originsOf([config.spec, config.baseUrl]),
    headers: config.headers,
    ...(config.baseUrl === undefined ? {} : { baseUrl: config.baseUrl }),
  };
}
