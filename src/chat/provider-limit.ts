import type { Clock } from '../clock.ts';
import { RequestFailed } from './openai-error.ts';

export interface ProviderLimits {
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  /** How long a request may wait for its turn before it is answered with 429. */
  readonly maxWaitSeconds: number;
}

/** Keeps requests to a model provider under its limits: the operator's own, and those that the provider tells in its headers. */
export interface ProviderLimit {
  /** Waits for a turn. Throws RequestFailed (429 with `retry-after`) when that would take too long. */
  admit(model: string, signal: AbortSignal): Promise<void>;
  /** Notes what an answer's headers tell of the limits. */
  note(model: string, headers: { readonly [name: string]: string }): void;
  /** Nothing is sent for this model for so long: the provider said so. */
  close(model: string, ms: number): void;
  spent(tokens: number): void;
}

const MINUTE_MS = 60_000;

export function createProviderLimit(limits: ProviderLimits, clock: Clock): ProviderLimit {
  const closed = new Map<string, number>();
  const requests: number[] = [];
  const tokens: { at: number; count: number }[] = [];

  function waitFor(model: string): number {
    const now = clock.now();
    while (requests.length > 0 && requests[0]! <= now - MINUTE_MS) requests.shift();
    while (tokens.length > 0 && tokens[0]!.at <= now - MINUTE_MS) tokens.shift();
    return Math.max((closed.get(model) ?? 0) - now, requestWait(now), tokenWait(now), 0);
  }

  function requestWait(now: number): number {
    const { requestsPerMinute: most } = limits;
    if (most === undefined || requests.length < most) return 0;
    return requests[requests.length - most]! + MINUTE_MS - now;
  }

  /** A request's tokens are known afterwards: the next one waits until enough of them are a minute old. */
  function tokenWait(now: number): number {
    const { tokensPerMinute: most } = limits;
    if (most === undefined) return 0;
    let sum = tokens.reduce((total, { count }) => total + count, 0);
    for (const { at, count } of tokens) {
      if (sum < most) return 0;
      sum -= count;
      if (sum < most) return at + MINUTE_MS - now;
    }
    return 0;
  }

  return {
    async admit(model, signal) {
      const until = clock.now() + limits.maxWaitSeconds * 1000;
      for (let wait = waitFor(model); wait > 0; wait = waitFor(model)) {
        if (clock.now() + wait > until) throw tooMany(wait);
        await clock.sleep(wait, signal);
      }
      requests.push(clock.now());
    },
    note(model, headers) {
      for (const what of ['requests', 'tokens']) {
        const reset = parseDuration(headers[`x-ratelimit-reset-${what}`]);
        if (Number(headers[`x-ratelimit-remaining-${what}`] ?? 'NaN') <= 0 && reset !== undefined)
          this.close(model, reset);
      }
    },
    close(model, ms) {
      closed.set(model, Math.max(closed.get(model) ?? 0, clock.now() + ms));
      if (closed.size > 1000) closed.delete(closed.keys().next().value!);
    },
    spent(count) {
      if (count > 0) tokens.push({ at: clock.now(), count });
    },
  };
}

function tooMany(waitMs: number): RequestFailed {
  const seconds = Math.ceil(waitMs / 1000);
  return new RequestFailed(
    429,
    {
      message: `The limit of requests to the model provider is reached; the next one may go in ${seconds} s`,
      code: 'rate_limit_exceeded',
    },
    { 'retry-after': String(seconds) },
  );
}

const UNITS: { readonly [unit: string]: number } = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `6m0s`, `20ms`, `1.5s` or plain seconds; undefined for anything else. */
export function parseDuration(written: string | undefined): number | undefined {
  if (written === undefined || written === '') return undefined;
  if (/^\d+(?:\.\d+)?$/.test(written)) return Number(written) * 1000;
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(written)) return undefined;
  let sum = 0;
  for (const [, count, unit] of written.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)) sum += Number(count) * UNITS[unit!]!;
  return sum;
}
