import { BridgeError, type ErrorCode } from '../../errors.ts';
import { NetError } from '../../net/errors.ts';
import { cleanText } from '../../operation/text.ts';
import { createMasker } from '../../secrets.ts';

/** Something an authorization server did. `error`: its own code (RFC 6749 §5.2), when it gave one. */
export class OAuthFailure extends BridgeError {
  readonly error: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string; cause?: unknown; retryable?: boolean; error?: string } = {},
  ) {
    super(code, message, options);
    this.error = options.error;
  }
}

const SAID: { readonly [error: string]: readonly [ErrorCode, string] } = {
  invalid_client: ['CREDENTIAL_REFUSED', 'does not accept the client id or secret'],
  unauthorized_client: ['CREDENTIAL_REFUSED', 'does not allow this client what it asked for'],
  invalid_grant: [
    'CREDENTIAL_REFUSED',
    'does not accept the code or token it was given: it is expired, used or revoked',
  ],
  access_denied: ['CREDENTIAL_REFUSED', 'says that access was denied'],
  expired_token: ['OAUTH_FAILED', 'says that the time for signing in is over'],
  invalid_scope: ['OAUTH_FAILED', 'does not know a scope, or does not grant it'],
  unsupported_grant_type: ['OAUTH_FAILED', 'does not support this kind of login'],
  server_error: ['OAUTH_FAILED', 'has failed'],
  temporarily_unavailable: ['OAUTH_FAILED', 'is not available just now'],
};

/** What an error answer means. The server's words are shown cleaned, shortened and masked: it may echo what it was sent. */
export function refusedBy(endpoint: string, error: string, description: unknown): OAuthFailure {
  const known = Object.hasOwn(SAID, error) ? SAID[error] : undefined;
  const [code, meaning] = known ?? ['OAUTH_FAILED', 'refuses'];
  const name = /^[\w.:/-]{1,60}$/.test(error) ? error : 'error';
  const said = typeof description === 'string' && description !== '' ? `: ${shown(description)}` : '';
  return new OAuthFailure(code as ErrorCode, `${shownUrl(endpoint)} ${meaning} (${name})${said}`, {
    error,
    retryable: error === 'temporarily_unavailable' || error === 'server_error',
  });
}

/** An answer that OAuth does not know: an error page, a login page, a redirect. */
export function notOAuth(endpoint: string, status: number, contentType: string | null): OAuthFailure {
  const type = (contentType ?? '').split(';')[0]!.trim();
  const what =
    status >= 300 && status < 400 ? 'redirects' : `answers ${type === '' ? 'without a media type' : shown(type)}`;
  return new OAuthFailure('OAUTH_FAILED', `${shownUrl(endpoint)} ${what} (HTTP ${status}) where JSON is expected`, {
    hint: 'Check the URL of the endpoint in the document, or give it in the config.',
    retryable: status >= 500,
  });
}

/** The network's errors and the library's, as ours. */
export function asOAuthFailure(caught: unknown, endpoint: string): BridgeError {
  if (caught instanceof BridgeError) return caught;
  if (caught instanceof NetError)
    return new OAuthFailure(
      caught.kind === 'address' ? 'ADDRESS_REFUSED' : caught.kind === 'cancelled' ? 'CANCELLED' : 'OAUTH_FAILED',
      `${shownUrl(endpoint)} cannot be reached: ${shown(caught.message)}`,
      {
        cause: caught,
        retryable: caught.kind === 'connect' || caught.kind === 'timeout' || caught.kind === 'reset',
        ...(caught.kind === 'address' ? {} : { hint: 'Check that the authorization server is up, and its URL.' }),
      },
    );
  // The library's errors carry the answer in `cause`, and that may hold a token: only the words are kept.
  const message = caught instanceof Error ? caught.message : 'the answer is not what OAuth says';
  return new OAuthFailure('OAUTH_FAILED', `${shownUrl(endpoint)}: ${shown(message)}`);
}

/** Text of a server, fit for a message. */
export function shown(text: string): string {
  const line = createMasker().mask(cleanText(text).replace(/\s+/g, ' '));
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

/** A URL without its query, which may hold secrets. */
export function shownUrl(url: string): string {
  return createMasker().mask(url.split(/[?#]/, 1)[0]!);
}
