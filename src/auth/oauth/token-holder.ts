import type { Clock } from '../../clock.ts';
import { BridgeError } from '../../errors.ts';
import type { TokenSet } from '../types.ts';
import { isStale } from './lifetime.ts';

/** A token that keeps itself fresh. Whoever needs a new one at the same time waits for the same request. */
export interface TokenHolder {
  /** One that has at least 60 s to live, if one can be had. */
  current(): Promise<TokenSet>;
  /** After a 401: replaces `stale`; false when there is no way to. */
  renew(stale: string): Promise<boolean>;
}

export interface TokenHolderOptions {
  readonly clock: Clock;
  /** What there is already. */
  readonly load?: () => Promise<TokenSet | undefined>;
  /** A new one in place of `old`; undefined when there is no way to get one. */
  readonly obtain: (old: TokenSet | undefined) => Promise<TokenSet | undefined>;
  /** What to throw when there is none and no way to get one. */
  readonly expired: () => BridgeError;
}

export function createTokenHolder({ clock, load, obtain, expired }: TokenHolderOptions): TokenHolder {
  let tokens: TokenSet | undefined;
  let flight: Promise<TokenSet | undefined> | undefined;

  /** One request, however many wait; what it brings is kept. */
  function replace(old: TokenSet | undefined): Promise<TokenSet | undefined> {
    flight ??= obtain(old)
      .then((fresh) => {
        tokens = fresh ?? tokens;
        return fresh;
      })
      .finally(() => {
        flight = undefined;
      });
    return flight;
  }

  return {
    async current() {
      tokens ??= await load?.();
      const held = tokens;
      const now = clock.now();
      if (held && !isStale(held, now)) return held;
      const lives = held !== undefined && now < (held.expiresAt ?? Number.POSITIVE_INFINITY);
      const fresh = await replace(held).catch((error: unknown) => {
        // It is early: while the old one lives, a server that is down for the moment is no reason to fail.
        if (lives && error instanceof BridgeError && error.retryable) return held;
        throw error;
      });
      if (fresh) return fresh;
      if (lives) return held;
      throw expired();
    },
    async renew(stale) {
      if (tokens && tokens.accessToken !== stale) return true;
      return (await replace(tokens)) !== undefined;
    },
  };
}
