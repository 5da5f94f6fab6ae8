import type { TokenVerifier } from './oauth-resource.ts';

/** The latest token of each caller that signed in, for token exchange (RFC 8693): it goes to a token endpoint, never to an API. */
export interface SubjectTokens {
  /** The verifier, remembering the tokens it takes. */
  remembering(verifier: TokenVerifier): TokenVerifier;
  /** Undefined for a caller that has not been seen, or not for long. */
  find(principal: string): Promise<string | undefined>;
}

const REMEMBERED = 10_000;

export function createSubjectTokens(): SubjectTokens {
  const tokens = new Map<string, string>();
  return {
    remembering: (verifier) => ({
      async verify(token) {
        const verdict = await verifier.verify(token);
        const principal = verdict.kind === 'ok' ? verdict.caller.principal : undefined;
        if (principal !== undefined) {
          tokens.delete(principal);
          tokens.set(principal, token);
          if (tokens.size > REMEMBERED) tokens.delete(tokens.keys().next().value!);
        }
        return verdict;
      },
    }),
    find: async (principal) => tokens.get(principal),
  };
}
