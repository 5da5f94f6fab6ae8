import type { AttackCase } from './cases.ts';

/** Per principal: A and B have credentials of their own, kept as a login keeps them. */
export const PRINCIPALS = ['A', 'B'] as const;

interface AuthWords {
  readonly type?: string;
  readonly value?: string;
  readonly in?: string;
  readonly name?: string;
  readonly username?: string;
  readonly password?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
}

interface ConfigWords {
  readonly baseUrl?: string | null;
  readonly auth?: AuthWords;
  readonly rateLimit?: { readonly enabled: boolean };
  readonly cache?: { readonly enabled: boolean };
  readonly limits?: { readonly callDeadlineMs: number };
  readonly breaker?: { readonly openMs: number };
  readonly operations?: { readonly [tool: string]: { readonly idempotencyKey: string } };
  readonly specUrl?: string;
  readonly specs?: readonly { readonly id: string; readonly baseUrl?: string; readonly auth?: AuthWords }[];
  readonly env?: { readonly [name: string]: string };
  readonly dns?: { readonly [host: string]: readonly string[] };
  readonly dnsSequence?: { readonly [host: string]: readonly (readonly string[])[] };
}

export interface Places {
  readonly upstream: string;
  readonly upstreamHost: string;
  readonly secret: string;
  /** The document of the case. */
  readonly spec: string;
  /** A document of one harmless read, and where it is served. */
  readonly benign: { readonly spec: string; readonly baseUrl: string };
  readonly audit: string;
}

export function wordsOf(attack: AttackCase): ConfigWords {
  return (attack.config ?? {}) as ConfigWords;
}

/** The config file that says what `baseConfig` and the case's own words mean. */
export function configFile(attack: AttackCase, places: Places): object {
  const words = wordsOf(attack);
  const perUser = attack.call.as !== undefined;
  const auth = words.auth ?? { type: 'bearer', value: places.secret };
  const shared = {
    ...(words.cache?.enabled ? { cache: { maxSeconds: 300 } } : {}),
    ...(words.breaker ? { breaker: { open: words.breaker.openMs / 1000 }, retry: false } : {}),
    ...(words.operations ? { tools: Object.fromEntries(Object.entries(words.operations).map(idempotent)) } : {}),
  };
  const baseUrl = words.baseUrl === null ? {} : { baseUrl: words.baseUrl ?? `${places.upstream}/v1` };
  const apis = words.specs
    ? words.specs.map((api) => [
        api.id,
        { spec: places.spec, baseUrl: api.baseUrl ?? `${places.upstream}/v1`, ...authOf(api.auth, false) },
      ])
    : [['api', { spec: words.specUrl ?? places.spec, ...baseUrl, ...authOf(auth, perUser), ...shared }]];
  return {
    apis: { ...Object.fromEntries(apis), benign: places.benign },
    allowHosts: [places.upstreamHost],
    rateLimit: words.rateLimit?.enabled ? { calls: 60, seconds: 60 } : 0,
    cacheTools: false,
    audit: { file: places.audit, payloads: true },
    ...(words.limits ? { timeout: words.limits.callDeadlineMs / 1000 } : {}),
  };
}

function idempotent([tool, { idempotencyKey }]: [string, { readonly idempotencyKey: string }]) {
  return [tool, { idempotencyKey: { header: idempotencyKey } }] as const;
}

function authOf(auth: AuthWords | undefined, perUser: boolean): object {
  if (!auth) return {};
  const own = perUser ? { perUser: true } : {};
  switch (auth.type) {
    case 'bearer':
      return { auth: { default: { token: auth.value, ...own } } };
    case 'apiKey':
      return {
        auth: { default: { apiKey: auth.value ?? 'the operator has another', in: auth.in, name: auth.name, ...own } },
      };
    case 'basic':
      return { auth: { default: { username: auth.username, password: auth.password } } };
    case 'oauth2_client_credentials':
      return { auth: { default: { oauth: { clientId: auth.clientId, clientSecret: auth.clientSecret } } } };
    default:
      throw new Error(`attacks.json has a kind of credential this test does not know: ${auth.type}`);
  }
}
