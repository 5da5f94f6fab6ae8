import { hash, randomBytes } from 'node:crypto';
import type { Caller, HttpToken } from '../config/http-types.ts';
import { BridgeError } from '../errors.ts';

/** Finds whose token was sent. */
export interface TokenTable {
  find(token: string): Caller | undefined;
}

const MIN_LENGTH = 16;

/**
 * Looks tokens up by a keyed digest, so that the time it takes tells nothing of a token, however long or short the one
 * that was sent. Throws CONFIG_INVALID for a token that can be guessed or that no header can carry.
 */
export function createTokenTable(tokens: readonly HttpToken[]): TokenTable {
  const key = generateToken();
  const digest = (token: string) => hash('sha256', key + token, 'base64');
  const callers = new Map<string, Caller>();
  for (const { token, ...caller } of tokens) {
    checkToken(token, caller);
    callers.set(digest(token), caller);
  }
  return { find: (token) => callers.get(digest(token)) };
}

/** 256 random bits, in characters that need no quoting anywhere. */
export function generateToken(): string {
  return randomBytes(32).toString('base64url');
}

function checkToken(token: string, { principal }: Caller): void {
  const whose = principal === undefined ? 'The token' : `The token of ${principal}`;
  if (token.length < MIN_LENGTH)
    throw new BridgeError('CONFIG_INVALID', `${whose} is shorter than ${MIN_LENGTH} characters`, {
      hint: 'Take a long random one, such as "openssl rand -base64 32" prints.',
    });
  if (!/^[A-Za-z0-9._~+/=-]+$/.test(token))
    throw new BridgeError('CONFIG_INVALID', `${whose} holds characters that a bearer token cannot have`, {
      hint: 'Letters, digits and - . _ ~ + / = (RFC 6750).',
    });
}
