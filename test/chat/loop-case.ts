import type { ProxyConfig, ProxyLimits } from '../../src/config/proxy-types.ts';
import type { Dialect, Said, SaidCall } from './model-turns.ts';
import type { ModelReply, ModelRequest } from './scripted-upstream.ts';
import { type Ask, type Seen, transcriptOf } from './transcript.ts';

export interface LoopResult {
  readonly seen: Seen;
  /** What the client was thrown instead; only in rows that say `fails`. */
  readonly error: { readonly status?: number; readonly code?: string; readonly message: string };
  /** What the model was asked, request by request. */
  readonly asked: readonly ModelRequest[];
  /** Targets of the requests that the API got. */
  readonly api: readonly string[];
  readonly client: Dialect;
  readonly upstream: Dialect;
}

/** What a provider answers: a turn as it should be said, or any answer at all. */
export type Turn = Said | ((upstream: Dialect, stream: boolean) => ModelReply);

export interface LoopCase {
  /** Finishes "it …". */
  readonly it: string;
  readonly turns: readonly Turn[];
  readonly ask?: (client: Dialect) => Partial<Ask>;
  readonly limits?: Partial<ProxyLimits>;
  readonly provider?: Partial<ProxyConfig['upstream']>;
  /** The request fails. */
  readonly fails?: true;
  readonly check: (result: LoopResult) => void;
}

export const weather = (city: unknown, more: Partial<SaidCall> = {}): SaidCall => ({
  name: 'get_weather',
  args: { city },
  ...more,
});
export const answer = (city: string): string =>
  JSON.stringify({ city, units: 'metric', temperature: 21.4, path: '/weather' });
export const DONE: Said = { text: 'Done.' };
export const FILE: SaidCall = { name: 'read_file', args: { path: '/a' } };

/** The last request's results, parsed where they are errors. */
// biome-ignore lint/suspicious/noExplicitAny: errors of several shapes
export function errorsIn({ asked }: LoopResult, request = asked.length - 1): any[] {
  return resultsIn(asked[request]!).map((text) => JSON.parse(text).error);
}

export function resultsIn(request: ModelRequest): string[] {
  return transcriptOf(request).flatMap((line) => (line[0] === 'result' ? [line[1]] : []));
}
