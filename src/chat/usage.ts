import { type Json, numberOf, recordOf } from './lenient.ts';

/** Two counts of one dialect together: every number in either, added. */
export function addUsage(a: Json | undefined, b: Json | undefined): Json | undefined {
  if (!a || !b) return a ?? b;
  const sum: { [name: string]: unknown } = { ...a };
  for (const [name, value] of Object.entries(b)) {
    const before = sum[name];
    if (typeof value === 'number') sum[name] = (numberOf(before) ?? 0) + value;
    else if (typeof value === 'object' && value !== null) sum[name] = addUsage(recordOf(before), recordOf(value));
    else sum[name] ??= value;
  }
  return sum;
}

/** Responses' count as Chat Completions has it. */
export function toChatUsage(usage: Json): Json {
  const { input_tokens, output_tokens, total_tokens } = usage;
  const input = numberOf(input_tokens) ?? 0;
  const output = numberOf(output_tokens) ?? 0;
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: numberOf(total_tokens) ?? input + output,
    prompt_tokens_details: { cached_tokens: 0, ...recordOf(usage['input_tokens_details']) },
    completion_tokens_details: { reasoning_tokens: 0, ...recordOf(usage['output_tokens_details']) },
  };
}

/** Chat Completions' count as Responses has it. */
export function toResponsesUsage(usage: Json): Json {
  const input = numberOf(usage['prompt_tokens']) ?? 0;
  const output = numberOf(usage['completion_tokens']) ?? 0;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: numberOf(recordOf(usage['prompt_tokens_details'])['cached_tokens']) ?? 0 },
    output_tokens: output,
    output_tokens_details: {
      reasoning_tokens: numberOf(recordOf(usage['completion_tokens_details'])['reasoning_tokens']) ?? 0,
    },
    total_tokens: numberOf(usage['total_tokens']) ?? input + output,
  };
}

/** Tokens of a count in either dialect. */
export function totalTokens(usage: Json | undefined): number {
  if (!usage) return 0;
  const parts = ['prompt_tokens', 'completion_tokens', 'input_tokens', 'output_tokens'];
  return numberOf(usage['total_tokens']) ?? parts.reduce((sum, name) => sum + (numberOf(usage[name]) ?? 0), 0);
}

/**
 * The request, its tokens to be told. Chat Completions does not tell them at the end of a stream unless it is asked to; not every
 * provider takes the question, so it is for those whose tokens are counted.
 */
export function askForUsage(request: Json): Json {
  if (request['stream'] !== true || request['messages'] === undefined) return request;
  return { ...request, stream_options: { ...recordOf(request['stream_options']), include_usage: true } };
}
