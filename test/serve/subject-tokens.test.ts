import { describe, expect, it } from 'vitest';
import type { TokenVerdict } from '../../src/serve/oauth-resource.ts';
import { createSubjectTokens } from '../../src/serve/subject-tokens.ts';

describe('the tokens of callers', () => {
  it('it finds the latest one of a caller, and none that was not taken', async () => {
    const verdicts: { [token: string]: TokenVerdict } = {
      old: { kind: 'ok', caller: { principal: 'oauth:ann' } },
      new: { kind: 'ok', caller: { principal: 'oauth:ann' } },
      bad: { kind: 'invalid', message: 'no' },
    };
    const subjects = createSubjectTokens();
    const verifier = subjects.remembering({ verify: async (token) => verdicts[token]! });
    for (const token of ['old', 'new', 'bad']) expect(await verifier.verify(token)).toBe(verdicts[token]);
    expect(await subjects.find('oauth:ann')).toBe('new');
    expect(await subjects.find('oauth:bob')).toBeUndefined();
  });
});
