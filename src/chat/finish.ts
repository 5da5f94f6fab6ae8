import type { Finish, ModelCall } from './types.ts';

/** How other makers say why the model stopped; lower case. */
const FINISHES: { readonly [written: string]: Finish } = {
  stop: 'stop',
  end_turn: 'stop',
  eos: 'stop',
  stop_sequence: 'stop',
  completed: 'stop',
  length: 'length',
  max_tokens: 'length',
  max_output_tokens: 'length',
  model_length: 'length',
  tool_calls: 'tool_calls',
  tool_use: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'content_filter',
  safety: 'content_filter',
  recitation: 'content_filter',
  refusal: 'content_filter',
};

/** Why the model stopped. What it did counts more than what it says: `stop` with calls is `tool_calls`, and the reverse. */
export function readFinish(written: unknown, calls: number): Finish {
  const named = typeof written === 'string' ? FINISHES[written.toLowerCase()] : undefined;
  if (named === 'length' || named === 'content_filter') return named;
  return calls > 0 ? 'tool_calls' : 'stop';
}

/** Whether the answer ended before the model was done. */
export function isCut(finish: Finish): boolean {
  return finish === 'length' || finish === 'content_filter';
}

/** The calls of an answer; the last one of an answer that was cut off may lack its end. */
export function markCut(calls: readonly ModelCall[], finish: Finish): ModelCall[] {
  return calls.map((call, index) => (isCut(finish) && index === calls.length - 1 ? { ...call, cut: true } : call));
}
