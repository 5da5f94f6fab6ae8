import { BridgeError } from '../errors.ts';
import type { HttpConfig, HttpSettings } from './http-types.ts';

/** The options of `serve` that are about HTTP, as the command line gives them. */
export interface HttpFlags {
  /** `[HOST:]PORT` */
  readonly http?: string;
  readonly token?: string;
  /** False: `--no-auth`. */
  readonly auth?: boolean;
  readonly allowedHost?: readonly string[];
}

export const DEFAULT_HTTP: HttpConfig = {
  host: '127.0.0.1',
  port: 0,
  auth: 'token',
  tokens: [],
  trustedProxies: [],
  allowedHosts: [],
  allowedOrigins: [],
};

/**
 * The listener that command line, environment and file ask for; undefined: serve over stdio. Tokens of the three add up.
 * Throws USAGE naming the option.
 */
export function mergeHttp(
  flags: HttpFlags,
  file: HttpSettings | undefined,
  environment: { readonly [name: string]: string | undefined },
): HttpConfig | undefined {
  if (flags.http === undefined && file?.port === undefined) {
    refuseWithoutHttp(flags);
    return undefined;
  }
  const base = { ...DEFAULT_HTTP, ...file };
  const given = flags.token ?? environment['ACTIONBRIDGE_TOKEN'];
  if (flags.token !== undefined && flags.auth === false)
    throw new BridgeError('USAGE', '--token and --no-auth exclude each other', { hint: 'Leave one of them out.' });
  const http: HttpConfig = {
    ...base,
    ...(flags.http === undefined ? {} : parseAddress(flags.http)),
    auth: flags.auth === false ? 'none' : base.auth,
    tokens: [...base.tokens, ...(given === undefined || given === '' ? [] : [{ token: given }])],
    allowedHosts: [...base.allowedHosts, ...(flags.allowedHost ?? [])],
  };
  if (http.auth === 'none') checkOpen(http);
  return http;
}

/** Host names and addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}

function refuseWithoutHttp({ token, auth, allowedHost }: HttpFlags): void {
  const given = [
    ...(token === undefined ? [] : ['--token']),
    ...(auth === false ? ['--no-auth'] : []),
    ...(allowedHost === undefined ? [] : ['--allowed-host']),
  ];
  if (given.length > 0)
    throw new BridgeError('USAGE', `${given.join(', ')}: only with --http`, {
      hint: 'Add --http PORT, or leave it out.',
    });
}

/** `PORT`, `HOST:PORT` or `[IPV6]:PORT`. */
function parseAddress(word: string): Pick<HttpConfig, 'host' | 'port'> {
  const [, host, digits] = /^(?:(\[[0-9a-f:.]+\]|[A-Za-z0-9._-]+):)?(\d{1,5})$/i.exec(word) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535)
    throw new BridgeError('USAGE', `--http ${JSON.stringify(word)} needs the form [HOST:]PORT`, {
      hint: 'For example --http 8080, --http 0.0.0.0:8080 or --http [::1]:8080.',
    });
  return { host: host ?? DEFAULT_HTTP.host, port };
}

function checkOpen({ host, tokens, oauth }: HttpConfig): void {
  if (!isLoopback(host))
    throw new BridgeError('USAGE', `Without a token only this machine may be served, and ${host} is not loopback`, {
      hint: 'Leave --no-auth out, or listen on 127.0.0.1.',
    });
  if (tokens.length > 0 || oauth)
    throw new BridgeError('USAGE', 'Tokens are set, and none is to be asked for', {
      hint: 'Leave --no-auth out, or remove the tokens (config "http.tokens", "http.oauth", ACTIONBRIDGE_TOKEN).',
    });
}
