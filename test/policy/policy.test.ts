import { describe, expect, test } from 'vitest';
import * as z from 'zod/v4';
import { type CallPolicy, createPolicyOf, DEFAULT_POLICY } from '../../src/call/policy.ts';
import { type PolicyKeys, policyShape, toPolicyOverrides } from '../../src/config/policy-schema.ts';
import { makeTool } from './exchange.ts';

const schema = z.strictObject(policyShape);

function policyOf(bridge: PolicyKeys, api: PolicyKeys = {}, tool: PolicyKeys = {}): CallPolicy {
  const overridesOf = (keys: PolicyKeys) => toPolicyOverrides(schema.parse(keys));
  const top = overridesOf(bridge);
  return createPolicyOf({
    ...(top ? { bridge: top } : {}),
    api: () => overridesOf(api),
    tool: () => overridesOf(tool),
  })(makeTool());
}

describe('createPolicyOf', () => {
  test('gives the defaults of SECURITY.md when nothing is written', () => {
    expect(policyOf({})).toEqual(DEFAULT_POLICY);
    expect(toPolicyOverrides({})).toBeUndefined();
  });

  test.each<[PolicyKeys, PolicyKeys, PolicyKeys, object]>([
    [{ timeout: 10 }, {}, {}, { timeoutMs: 10_000 }],
    [{ timeout: 10 }, { timeout: 20 }, { timeout: 30 }, { timeoutMs: 30_000 }],
    [{ retry: false }, {}, {}, { retry: { ...DEFAULT_POLICY.retry, tries: 1 } }],
    [
      { retry: { tries: 5, backoff: [0.5] } },
      { idempotencyKey: { header: 'Idempotency-Key' } },
      { retry: { maxBackoff: 2 } },
      { retry: { tries: 5, backoffMs: [500], capMs: 2_000, idempotencyKey: { header: 'Idempotency-Key' } } },
    ],
    [{ breaker: false }, {}, {}, { breaker: false }],
    [
      { breaker: false },
      { breaker: { open: 5 } },
      {},
      { breaker: { ...(DEFAULT_POLICY.breaker as object), openMs: 5_000 } },
    ],
    [{ rateLimit: 0 }, {}, {}, { rateLimit: false }],
    [
      { rateLimit: { calls: 5 } },
      { rateLimit: { when: 'queue' } },
      {},
      { rateLimit: { calls: 5, windowMs: 60_000, when: 'queue', per: 'api' } },
    ],
    [
      {},
      {},
      { rateLimit: { calls: 1, seconds: 5 } },
      { rateLimit: { calls: 1, windowMs: 5_000, when: 'refuse', per: 'tool' } },
    ],
    [
      { rateLimit: 0 },
      {},
      { rateLimit: {} },
      { rateLimit: { calls: 60, windowMs: 60_000, when: 'refuse', per: 'tool' } },
    ],
    [{}, {}, { rateLimit: 0 }, { rateLimit: false }],
    [{ concurrency: { upstream: 2 } }, {}, {}, { concurrency: { upstream: 2, queue: 50 } }],
    [{ cache: 60 }, {}, {}, { cache: { maxSeconds: 300, silentSeconds: 60 } }],
    [{ cache: 60 }, { cache: { maxSeconds: 20 } }, {}, { cache: { maxSeconds: 20, silentSeconds: 60 } }],
    [{ cache: 60 }, {}, { cache: false }, { cache: false }],
    [{}, {}, { cache: {} }, { cache: { maxSeconds: 300, silentSeconds: 0 } }],
  ])('%j, then %j, then %j', (bridge, api, tool, expected) => {
    expect(policyOf(bridge, api, tool)).toMatchObject(expected);
  });

  test.each([
    { timeout: 0 },
    { retry: { tries: 0 } },
    { idempotencyKey: { header: 'a b' } },
    { idempotencyKey: 'x' },
    { breaker: { share: 2 } },
    { rateLimit: 5 },
    { cache: 301 },
    { cache: { seconds: -1 } },
    { concurrency: { upstream: 0 } },
    { breaker: { tries: 1 } },
  ])('refuses %j', (keys) => {
    expect(schema.safeParse(keys).success).toBe(false);
  });

  test('works a policy out once per tool', () => {
    let asked = 0;
    const of = createPolicyOf({ tool: () => void asked++ });
    const tool = makeTool();
    expect(of(tool)).toBe(of(tool));
    expect(asked).toBe(1);
  });
});
