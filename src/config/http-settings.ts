import { BridgeError } from '../errors.ts';
import { DEFAULT_HTTP } from './http-flags.ts';
import type { HttpKeys } from './http-schema.ts';
import type { Caller, HttpSettings, OAuthResourceOptions } from './http-types.ts';

/** The keys of `http:` as the listener takes them. `secret` expands a field; it is told the field's key below `http`. */
export function toHttpSettings(keys: HttpKeys, secret: (value: string, key: string) => string): HttpSettings {
  const { oauth, tls, tokens = [] } = keys;
  return {
    host: keys.host ?? DEFAULT_HTTP.host,
    auth: keys.auth ?? DEFAULT_HTTP.auth,
    tokens: tokens.map(({ token, principal, ...caller }, index) => ({
      token: secret(token, `tokens.${index}.token`),
      ...(principal === undefined ? {} : { principal }),
      ...toCaller(caller),
    })),
    trustedProxies: keys.trustedProxies ?? [],
    allowedHosts: keys.allowedHosts ?? [],
    allowedOrigins: keys.allowedOrigins ?? [],
    ...(keys.port === undefined ? {} : { port: keys.port }),
    ...(oauth ? { oauth: toOAuth(oauth, keys.publicUrl) } : {}),
    ...(tls ? { tls } : {}),
    ...(keys.publicUrl === undefined ? {} : { publicUrl: keys.publicUrl }),
    ...(keys.maxSockets === undefined ? {} : { maxSockets: keys.maxSockets }),
  };
}

type CallerKeys = Pick<NonNullable<HttpKeys['oauth']>, 'tools' | 'readOnly' | 'rate'>;

function toCaller({ tools, readOnly, rate }: CallerKeys): Omit<Caller, 'principal'> {
  return {
    ...(tools ? { tools } : {}),
    ...(readOnly === undefined ? {} : { readOnly }),
    ...(rate ? { rate: { calls: rate.calls, windowMs: rate.seconds * 1000 } } : {}),
  };
}

function toOAuth(oauth: NonNullable<HttpKeys['oauth']>, publicUrl: string | undefined): OAuthResourceOptions {
  const audience = oauth.audience ?? (publicUrl === undefined ? undefined : `${publicUrl.replace(/\/$/, '')}/mcp`);
  if (audience === undefined)
    throw new BridgeError('CONFIG_INVALID', 'http.oauth.audience is missing, and so is http.publicUrl', {
      hint: 'Say how clients reach the listener with http.publicUrl: tokens must be issued for it.',
    });
  return {
    issuer: oauth.issuer,
    audience,
    ...(oauth.scopes ? { scopes: oauth.scopes } : {}),
    ...(oauth.jwksUri === undefined ? {} : { jwksUri: oauth.jwksUri }),
    ...toCaller(oauth),
  };
}
