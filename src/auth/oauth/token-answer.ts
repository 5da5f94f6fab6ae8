import { decodeJwt } from 'jose';
import { registerSecret } from '../../secrets.ts';
import type { TokenSet } from '../types.ts';
import { notOAuth, OAuthFailure, refusedBy, shownUrl } from './failure.ts';

/** Kinds of token that need more than the word Bearer in front. */
const OTHER_TOKENS = new Set(['mac', 'pop', 'dpop', 'hok', 'n_a']);

/**
 * The answer of a token endpoint in the form RFC 6749 §5.1 gives it, lenient to servers: an error with status 200, a form in
 * place of JSON, numbers as text, a missing token type. What is secret in it is masked from now on. `keepIdToken`: the issuer
 * is known, so that it can be checked. Throws OAuthFailure.
 */
export async function readTokenAnswer(response: Response, endpoint: string, keepIdToken: boolean): Promise<Response> {
  const text = await response.text();
  const type = response.headers.get('content-type');
  const fields = parseFields(text, type);
  if (!fields) throw notOAuth(endpoint, response.status, type);
  registerTokens(fields);
  if (typeof fields['error'] === 'string') throw refusedBy(endpoint, fields['error'], fields['error_description']);
  if (response.status < 200 || response.status > 299) throw notOAuth(endpoint, response.status, type);
  const tokenType = String(fields['token_type'] ?? 'bearer').toLowerCase();
  if (OTHER_TOKENS.has(tokenType))
    throw new OAuthFailure('OAUTH_FAILED', `${shownUrl(endpoint)} gives tokens of the type ${tokenType}, not bearer`);
  const { id_token, refresh_token, scope, expires_in, ...rest } = fields;
  const lifetime = Number(expires_in);
  const normal = {
    ...rest,
    token_type: 'bearer',
    ...(keepIdToken && typeof id_token === 'string' ? { id_token } : {}),
    ...(typeof refresh_token === 'string' && refresh_token !== '' ? { refresh_token } : {}),
    ...(typeof scope === 'string' ? { scope } : {}),
    ...(expires_in !== null && expires_in !== '' && lifetime > 0 ? { expires_in: lifetime } : {}),
  };
  return new Response(JSON.stringify(normal), { headers: { 'content-type': 'application/json' } });
}

function parseFields(text: string, type: string | null): { readonly [name: string]: unknown } | undefined {
  if (/^\s*\{/.test(text)) {
    try {
      return JSON.parse(text) as { [name: string]: unknown };
    } catch {
      return undefined;
    }
  }
  const form =
    /^(application\/x-www-form-urlencoded|text\/plain)\b/i.test(type ?? '') && /(^|&)(access_token|error)=/.test(text);
  return form ? Object.fromEntries(new URLSearchParams(text)) : undefined;
}

function registerTokens(fields: { readonly [name: string]: unknown }): void {
  for (const key of ['access_token', 'refresh_token', 'id_token', 'device_code']) {
    const value = fields[key];
    if (typeof value === 'string') registerSecret(value);
  }
}

/** A checked answer as a token set. A token that is a JWT says itself how long it lives when the server did not. */
export function tokenSetOf(
  answer: { access_token: string; refresh_token?: unknown; expires_in?: unknown; scope?: unknown },
  now: number,
): TokenSet {
  const lifetime = typeof answer.expires_in === 'number' ? answer.expires_in : lifetimeOfJwt(answer.access_token);
  return {
    accessToken: answer.access_token,
    issuedAt: now,
    ...(typeof answer.refresh_token === 'string' ? { refreshToken: answer.refresh_token } : {}),
    ...(lifetime === undefined ? {} : { expiresAt: now + lifetime * 1000 }),
    ...(typeof answer.scope === 'string' ? { scope: answer.scope } : {}),
  };
}

/** Seconds from `iat` to `exp`: a difference, so that a server whose clock is off does not matter. */
function lifetimeOfJwt(token: string): number | undefined {
  if (token.split('.').length !== 3) return undefined;
  try {
    const { exp, iat } = decodeJwt(token);
    return exp !== undefined && iat !== undefined && exp > iat ? exp - iat : undefined;
  } catch {
    return undefined;
  }
}
