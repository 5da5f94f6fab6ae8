import * as z from 'zod/v4';
import type { PolicyOverrides } from '../call/policy.ts';

const seconds = (what: string) => z.number().positive().max(86_400).optional().describe(`${what}, in seconds.`);
const count = (what: string) => z.int().min(1).max(100_000).optional().describe(what);

/** The keys of call policy. They stand at the top of the file (for every API), in an API, and in a tool; the innermost counts. */
export const policyShape = {
  timeout: z.number().positive().max(3600).optional().describe('Seconds for a whole call, retries in it; default 45.'),
  retry: z
    .union([
      z.literal(false),
      z.strictObject({
        tries: z.int().min(1).max(10).optional().describe('In all; default 3.'),
        backoff: z.array(z.number().min(0).max(60)).min(1).max(10).optional().describe('Seconds; default [1, 2, 4].'),
        maxBackoff: seconds('Longest wait between tries; default 8'),
      }),
    ])
    .optional()
    .describe('false: every request is sent once.'),
  idempotencyKey: z
    .strictObject({ header: z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/) })
    .optional()
    .describe('The API deduplicates by this header: the bridge fills it in, and writes may be retried.'),
  breaker: z
    .union([
      z.literal(false),
      z.strictObject({
        failures: count('Failures in a row that open it; default 5.'),
        share: z.number().gt(0).max(1).optional().describe('Part of the last "window" requests; default 0.5.'),
        window: count('Default 20.'),
        open: seconds('How long it stays open; default 60'),
        maxOpen: seconds('Up to which failed probes double that; default 300'),
      }),
    ])
    .optional()
    .describe('false: no circuit breaker.'),
  rateLimit: z
    .union([
      z.literal(0),
      z.strictObject({
        calls: count('Default 60.'),
        seconds: seconds('Length of the sliding window; default 60'),
        when: z.enum(['refuse', 'queue']).optional().describe('What happens to calls over the limit; default refuse.'),
      }),
    ])
    .optional()
    .describe('For each principal and API; in a tool: a window of its own. 0: no limit.'),
  concurrency: z
    .strictObject({
      upstream: count('Requests under way to one origin; default 10.'),
      queue: z.int().min(0).max(10_000).optional().describe('Requests waiting for one origin; default 50.'),
    })
    .optional(),
  cache: z
    .union([
      z.literal(false),
      z.number().min(0).max(300),
      z.strictObject({
        seconds: z.number().min(0).max(300).optional().describe('For answers about which the API says nothing.'),
        maxSeconds: z.number().positive().max(300).optional().describe('For all answers; default 300.'),
      }),
    ])
    .optional()
    .describe(
      'GET answers are kept as the API allows; a number: seconds where the API says nothing. 0 and false: off.',
    ),
} as const;

const policySchema = z.strictObject(policyShape);

export type PolicyKeys = z.infer<typeof policySchema>;

/** What the keys of one level say, in the terms of the call policy; undefined when they say nothing. */
export function toPolicyOverrides(keys: PolicyKeys): PolicyOverrides | undefined {
  const overrides: PolicyOverrides = {
    ...(keys.timeout === undefined ? {} : { timeoutMs: keys.timeout * 1000 }),
    ...retryOf(keys),
    ...(keys.breaker === undefined ? {} : { breaker: keys.breaker && breakerOf(keys.breaker) }),
    ...(keys.rateLimit === undefined ? {} : { rateLimit: keys.rateLimit === 0 ? false : rateOf(keys.rateLimit) }),
    ...(keys.concurrency === undefined ? {} : { concurrency: defined(keys.concurrency) }),
    ...(keys.cache === undefined ? {} : { cache: cacheOf(keys.cache) }),
  };
  return Object.keys(overrides).length === 0 ? undefined : overrides;
}

type Part<Key extends keyof PolicyKeys> = Exclude<NonNullable<PolicyKeys[Key]>, false | number>;

function retryOf({ retry, idempotencyKey }: PolicyKeys): Pick<PolicyOverrides, 'retry'> {
  if (retry === undefined && idempotencyKey === undefined) return {};
  const tries = retry === false ? { tries: 1 } : defined({ tries: retry?.tries });
  const waits = retry
    ? defined({
        backoffMs: retry.backoff?.map((each) => each * 1000),
        capMs: retry.maxBackoff === undefined ? undefined : retry.maxBackoff * 1000,
      })
    : {};
  return { retry: { ...tries, ...waits, ...defined({ idempotencyKey }) } };
}

function breakerOf({ failures, share, window, open, maxOpen }: Part<'breaker'>) {
  const openMs = open === undefined ? undefined : open * 1000;
  const maxOpenMs = maxOpen === undefined ? undefined : maxOpen * 1000;
  return defined({ failures, share, window, openMs, maxOpenMs });
}

function rateOf({ calls, seconds, when }: Part<'rateLimit'>) {
  return defined({ calls, windowMs: seconds === undefined ? undefined : seconds * 1000, when });
}

function cacheOf(cache: NonNullable<PolicyKeys['cache']>): PolicyOverrides['cache'] & (object | false) {
  if (cache === false || cache === 0) return false;
  if (typeof cache === 'number') return { silentSeconds: cache };
  return defined({ silentSeconds: cache.seconds, maxSeconds: cache.maxSeconds });
}

/** Without the members that are undefined. */
function defined<T extends object>(value: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>;
  };
}
