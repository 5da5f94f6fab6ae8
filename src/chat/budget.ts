import type { ProxyLimits } from '../config/proxy-types.ts';
import { canonical } from '../tool/fingerprint.ts';
import type { SettledCall, StopReason } from './types.ts';

/** Counts what one request has used, and says when it is enough. */
export interface Budget {
  /** Whether one more call may be made, or why not. */
  admit(name: string, args: unknown): StopReason | undefined;
  /** Notes a result. */
  note(name: string, args: unknown, text: string): void;
  /** After a round: why there must not be another one. */
  exhausted(calls: readonly SettledCall[]): StopReason | undefined;
}

export function createBudget(limits: ProxyLimits, clock: { now(): number }): Budget {
  const until = clock.now() + limits.seconds * 1000;
  const seen = new Map<string, { text: string; times: number }>();
  let rounds = 0;
  let calls = 0;
  let bytes = 0;
  let refusedRepeats = 0;
  const keyOf = (name: string, args: unknown) => `${name} ${canonical(args)}`;
  return {
    admit(name, args) {
      if (clock.now() >= until) return 'seconds';
      if (calls >= limits.calls) return 'calls';
      if (bytes >= limits.resultBytes) return 'bytes';
      if ((seen.get(keyOf(name, args))?.times ?? 0) >= limits.repeats) {
        refusedRepeats++;
        return 'repeated';
      }
      calls++;
      return undefined;
    },
    note(name, args, text) {
      bytes += text.length;
      const key = keyOf(name, args);
      const known = seen.get(key);
      seen.set(key, { text, times: known?.text === text ? known.times + 1 : 1 });
    },
    exhausted(settled) {
      rounds++;
      if (clock.now() >= until) return 'seconds';
      if (settled.length > 0 && refusedRepeats > 1 && settled.every(({ answer }) => answer?.error?.code === 'repeated'))
        return 'repeated';
      if (bytes >= limits.resultBytes) return 'bytes';
      if (calls >= limits.calls) return 'calls';
      return rounds >= limits.rounds ? 'rounds' : undefined;
    },
  };
}

/** What the model is told instead of a result. */
export function stopText(reason: StopReason, limits: ProxyLimits): string {
  switch (reason) {
    case 'rounds':
      return `The limit of ${limits.rounds} rounds of tool calls is reached`;
    case 'calls':
      return `The limit of ${limits.calls} tool calls is reached`;
    case 'bytes':
      return `The limit of ${limits.resultBytes} bytes of results is reached`;
    case 'seconds':
      return `The limit of ${limits.seconds} s for tool calls is reached`;
    case 'repeated':
      return `This very call was made ${limits.repeats} times with the same result; calling it again changes nothing`;
  }
}
