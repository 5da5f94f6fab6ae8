import { registerSecret } from '../secrets.ts';

/** Names of variables that hold secrets, and values that look like ones whatever their name is. */
const SECRET_NAME =
  /key|token|secret|passw|pwd|auth|credential|cookie|session|private|license|signature|dsn|connection/i;
const RANDOM_VALUE = /^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9+/=_.~-]{20,}$/;
const URL_WITH_PASSWORD = /^[a-z][a-z0-9+.-]*:\/\/[^/@\s]*:([^/@\s]+)@/i;

/**
 * Masks what a server is given in its environment, if it is a secret: by its name, or by its looks. Not everything is: `PORT`,
 * `LOG_LEVEL` and paths would blot out ordinary words everywhere.
 */
export function registerEnvironment(name: string, value: string): void {
  const password = URL_WITH_PASSWORD.exec(value)?.[1];
  if (password !== undefined) registerSecret(password);
  if (SECRET_NAME.test(name) || RANDOM_VALUE.test(value)) registerSecret(value);
}

/** Masks the value of a header, and of `Bearer <token>` the token itself. */
export function registerHeader(value: string): void {
  registerSecret(value);
  const [, credentials] = /^[A-Za-z][A-Za-z0-9_-]*\s+(\S+)$/.exec(value) ?? [];
  if (credentials !== undefined) registerSecret(credentials);
}
