import { registerSecret } from '../secrets.ts';
import type { AuthEntryInput, AuthInput } from './config-schema.ts';
import { type Environment, expandVariables } from './expand.ts';
import { convertGptRecord } from './gpt-record.ts';
import type { AuthConfig, AuthEntry, CredentialConfig, NamedValue, OAuthConfig, SecretSource } from './types.ts';

/**
 * What `auth:` of an API says, with `${NAME}` filled in; every secret in it is masked from now on. `place` begins the key in
 * messages, e.g. `actionbridge.yaml: apis.github.auth`. Throws CONFIG_INVALID naming the key.
 */
export function readAuthConfig(input: AuthInput, place: string, environment: Environment): AuthConfig {
  return Object.fromEntries(
    Object.entries(input).map(([scheme, entry]) => [scheme, readEntry(entry, `${place}.${scheme}`, environment)]),
  );
}

/** Shorter literal values of extra headers are words like `true`: masking them would blot out answers. */
const MIN_EXTRA = 8;

function readEntry(entry: AuthEntryInput, place: string, environment: Environment): AuthEntry {
  const plain: Expand = (value, key) => expandVariables(value, `${place}.${key}`, environment);
  const expand: Expand = (value, key) => {
    const expanded = expandVariables(value, `${place}.${key}`, environment, registerSecret);
    registerSecret(expanded);
    return expanded;
  };
  const extra: Expand = (value, key) => {
    const expanded = expandVariables(value, `${place}.${key}`, environment, registerSecret);
    if (expanded.length >= MIN_EXTRA) registerSecret(expanded);
    return expanded;
  };
  const shared = {
    headers: pairs(entry.headers, 'headers', extra),
    query: pairs(entry.query, 'query', extra),
    ...(entry.origins ? { origins: entry.origins.map((origin) => new URL(origin).origin) } : {}),
  };
  if (entry.type !== undefined) {
    const converted = convertGptRecord({ ...entry, type: entry.type }, place, environment);
    return { ...converted, ...shared, perUser: entry.perUser ?? converted.perUser };
  }
  return {
    ...shared,
    credential: readCredential(entry, expand, plain),
    placement: {
      ...(entry.in === undefined ? {} : { in: entry.in }),
      ...(entry.name === undefined ? {} : { name: entry.name }),
      ...(entry.prefix === undefined ? {} : { prefix: entry.prefix }),
    },
    perUser: entry.perUser ?? false,
  };
}

type Expand = (value: string, key: string) => string;

function readCredential(entry: AuthEntryInput, expand: Expand, plain: Expand): CredentialConfig {
  const text = (value: string, key: string): SecretSource => ({ from: 'value', value: expand(value, key) });
  if (entry.none) return { kind: 'none' };
  if (entry.token !== undefined) return { kind: 'token', source: text(entry.token, 'token') };
  if (entry.apiKey !== undefined) return { kind: 'apiKey', source: text(entry.apiKey, 'apiKey') };
  if (entry.basic !== undefined) return { kind: 'pair', source: text(entry.basic, 'basic'), bare: 'user' };
  if (entry.username !== undefined && entry.password !== undefined)
    return {
      kind: 'basic',
      username: { from: 'value', value: plain(entry.username, 'username') },
      password: text(entry.password, 'password'),
    };
  if (entry.env !== undefined) return { kind: 'token', source: { from: 'environment', name: entry.env } };
  if (entry.command) return { kind: 'token', source: { from: 'command', argv: entry.command } };
  if (entry.oauth) return { kind: 'oauth', oauth: readOAuth(entry.oauth, expand, plain) };
  if (entry.certificate) {
    const { cert, key, ca, passphrase } = entry.certificate;
    return {
      kind: 'certificate',
      files: {
        cert,
        key,
        ...(ca === undefined ? {} : { ca }),
        ...(passphrase === undefined ? {} : { passphrase: expand(passphrase, 'certificate.passphrase') }),
      },
    };
  }
  return { kind: entry.headers || entry.query ? 'extras' : 'documented' };
}

function readOAuth(written: NonNullable<AuthEntryInput['oauth']>, expand: Expand, plain: Expand): OAuthConfig {
  const { clientSecret, tokenRequest, parameters, exchange, ...rest } = written;
  const given = Object.fromEntries(
    Object.entries(rest).filter(([, value]) => value !== undefined),
  ) as Partial<OAuthConfig>;
  return {
    ...given,
    ...(given.clientId === undefined ? {} : { clientId: plain(given.clientId, 'oauth.clientId') }),
    ...(clientSecret === undefined ? {} : { clientSecret: expand(clientSecret, 'oauth.clientSecret') }),
    trusted: true,
    tokenRequest: tokenRequest ?? 'form',
    parameters: parameters ?? {},
    ...(exchange
      ? {
          exchange: {
            ...(exchange.audience === undefined ? {} : { audience: exchange.audience }),
            ...(exchange.resource === undefined ? {} : { resource: exchange.resource }),
            subjectTokenType: exchange.subjectTokenType ?? 'urn:ietf:params:oauth:token-type:access_token',
          },
        }
      : {}),
  };
}

function pairs(written: { [name: string]: string } | undefined, key: string, expand: Expand): NamedValue[] {
  return Object.entries(written ?? {}).map(([name, value]) => [name, expand(value, `${key}.${name}`)] as const);
}

/** Origins of the URLs in the config: what the operator has named, and thereby allowed to be connected to. */
export function originsOfConfig(config: AuthConfig): string[] {
  return Object.values(config).flatMap(({ credential, origins }) => {
    if (credential.kind !== 'oauth' || !credential.oauth.trusted) return origins ?? [];
    const { issuer, tokenUrl, authorizationUrl, deviceAuthorizationUrl } = credential.oauth;
    const urls = [issuer, tokenUrl, authorizationUrl, deviceAuthorizationUrl].filter((url) => url !== undefined);
    return [...(origins ?? []), ...urls.map((url) => new URL(url).origin)];
  });
}
