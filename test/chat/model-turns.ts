import type { ModelReply } from './scripted-upstream.ts';

/** One answer of a model, written in neither dialect. */
export interface Said {
  readonly text?: string;
  readonly refusal?: string;
  readonly reasoning?: string;
  readonly calls?: readonly SaidCall[];
  readonly finish?: 'stop' | 'length' | 'content_filter';
  readonly usage?: readonly [input: number, output: number];
}

export interface SaidCall {
  readonly name: string;
  readonly args?: unknown;
  readonly id?: string;
}

export type Dialect = 'chat' | 'responses';

let counter = 0;

/** As a provider of the dialect would answer, streamed or not. */
export function say(said: Said, dialect: Dialect, stream: boolean): ModelReply {
  const serial = String(++counter).padStart(4, '0');
  if (dialect === 'chat') return stream ? { events: chatEvents(said, serial) } : { json: chatAnswer(said, serial) };
  const response = responseOf(said, serial);
  return stream ? { events: responseEvents(response) } : { json: response };
}

export function callId(call: SaidCall, index: number, serial: string): string {
  return call.id ?? `call_abcdefghijklmnop${serial}${index}`;
}

function argsText(args: unknown): string {
  return typeof args === 'string' ? args : JSON.stringify(args ?? {});
}

function chatUsage([input, output]: readonly [number, number] = [10, 5]) {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function chatCalls(said: Said, serial: string) {
  return said.calls?.map((call, index) => ({
    id: callId(call, index, serial),
    type: 'function',
    function: { name: call.name, arguments: argsText(call.args) },
  }));
}

function chatAnswer(said: Said, serial: string) {
  const calls = chatCalls(said, serial);
  return {
    id: `chatcmpl-${serial}`,
    object: 'chat.completion',
    created: 1_790_000_000,
    model: 'gpt-scripted-2026',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: said.text ?? null,
          refusal: said.refusal ?? null,
          annotations: [],
          ...(said.reasoning ? { reasoning_content: said.reasoning } : {}),
          ...(calls ? { tool_calls: calls } : {}),
        },
        logprobs: null,
        finish_reason: said.finish ?? (calls ? 'tool_calls' : 'stop'),
      },
    ],
    usage: chatUsage(said.usage),
    service_tier: 'default',
    system_fingerprint: 'fp_scripted',
  };
}

function chatEvents(said: Said, serial: string): unknown[] {
  const envelope = {
    id: `chatcmpl-${serial}`,
    object: 'chat.completion.chunk',
    created: 1_790_000_000,
    model: 'gpt-scripted-2026',
    service_tier: 'default',
    system_fingerprint: 'fp_scripted',
  };
  const chunk = (delta: unknown, finish: string | null = null) => ({
    ...envelope,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    usage: null,
    obfuscation: 'aXbYcZ',
  });
  const calls = chatCalls(said, serial) ?? [];
  return [
    chunk({ role: 'assistant', content: '', refusal: null }),
    ...words(said.reasoning).map((piece) => chunk({ reasoning_content: piece })),
    ...words(said.text).map((piece) => chunk({ content: piece })),
    ...words(said.refusal).map((piece) => chunk({ refusal: piece })),
    ...calls.flatMap((call, index) => [
      chunk({
        tool_calls: [{ index, id: call.id, type: 'function', function: { name: call.function.name, arguments: '' } }],
      }),
      ...halves(call.function.arguments).map((piece) =>
        chunk({ tool_calls: [{ index, function: { arguments: piece } }] }),
      ),
    ]),
    chunk({}, said.finish ?? (calls.length > 0 ? 'tool_calls' : 'stop')),
    { ...envelope, choices: [], usage: chatUsage(said.usage) },
    'data: [DONE]\n\n',
  ];
}

function responseOf(said: Said, serial: string) {
  const [input, output] = said.usage ?? [10, 5];
  const parts = [
    ...(said.text === undefined ? [] : [{ type: 'output_text', text: said.text, annotations: [], logprobs: [] }]),
    ...(said.refusal === undefined ? [] : [{ type: 'refusal', refusal: said.refusal }]),
  ];
  const reason = { length: 'max_output_tokens', content_filter: 'content_filter', stop: undefined }[
    said.finish ?? 'stop'
  ];
  return {
    id: `resp_${serial}`,
    object: 'response',
    created_at: 1_790_000_000,
    status: reason ? 'incomplete' : 'completed',
    background: false,
    error: null,
    incomplete_details: reason ? { reason } : null,
    instructions: null,
    max_output_tokens: null,
    max_tool_calls: null,
    model: 'gpt-scripted-2026',
    output: [
      ...(said.reasoning === undefined
        ? []
        : [
            {
              id: `rs_${serial}`,
              type: 'reasoning',
              summary: [{ type: 'summary_text', text: said.reasoning }],
              encrypted_content: `sealed-${serial}`,
            },
          ]),
      ...(parts.length === 0
        ? []
        : [{ id: `msg_${serial}`, type: 'message', status: 'completed', role: 'assistant', content: parts }]),
      ...(said.calls ?? []).map((call, index) => ({
        id: `fc_${serial}${index}`,
        type: 'function_call',
        status: 'completed',
        arguments: argsText(call.args),
        call_id: callId(call, index, serial),
        name: call.name,
      })),
    ],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    service_tier: 'default',
    store: true,
    temperature: 1,
    text: { format: { type: 'text' }, verbosity: 'medium' },
    tool_choice: 'auto',
    tools: [{ type: 'function', name: 'somebody_elses' }],
    top_p: 1,
    truncation: 'disabled',
    usage: {
      input_tokens: input,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: output,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: input + output,
    },
    user: null,
    metadata: {},
  };
}

// biome-ignore lint/suspicious/noExplicitAny: items of several kinds
type Item = any;

function responseEvents(response: ReturnType<typeof responseOf>): unknown[] {
  let sequence = 0;
  const begun = { ...response, status: 'in_progress', output: [], usage: null, incomplete_details: null };
  const events = [
    { type: 'response.created', response: begun },
    { type: 'response.in_progress', response: begun },
    ...response.output.flatMap((item, index) => itemEvents(item, index)),
    { type: `response.${response.status}`, response },
  ];
  return events.map((event) => ({ ...event, sequence_number: sequence++ }));
}

function itemEvents(item: Item, output_index: number): { type: string }[] {
  const at = { output_index, item_id: item.id };
  if (item.type === 'function_call')
    return [
      { type: 'response.output_item.added', output_index, item: { ...item, status: 'in_progress', arguments: '' } },
      ...halves(item.arguments).map((delta) => ({
        type: 'response.function_call_arguments.delta',
        ...at,
        delta,
        obfuscation: 'x',
      })),
      { type: 'response.function_call_arguments.done', ...at, arguments: item.arguments, name: item.name },
      { type: 'response.output_item.done', output_index, item },
    ] as { type: string }[];
  if (item.type === 'reasoning')
    return [
      { type: 'response.output_item.added', output_index, item: { ...item, summary: [] } },
      {
        type: 'response.reasoning_summary_part.added',
        ...at,
        summary_index: 0,
        part: { type: 'summary_text', text: '' },
      },
      ...words(item.summary[0].text).map((delta) => ({
        type: 'response.reasoning_summary_text.delta',
        ...at,
        summary_index: 0,
        delta,
      })),
      { type: 'response.reasoning_summary_text.done', ...at, summary_index: 0, text: item.summary[0].text },
      { type: 'response.reasoning_summary_part.done', ...at, summary_index: 0, part: item.summary[0] },
      { type: 'response.output_item.done', output_index, item },
    ] as { type: string }[];
  return [
    { type: 'response.output_item.added', output_index, item: { ...item, status: 'in_progress', content: [] } },
    ...item.content.flatMap((part: Item, content_index: number) => partEvents(part, { ...at, content_index })),
    { type: 'response.output_item.done', output_index, item },
  ];
}

function partEvents(part: Item, at: object): { type: string }[] {
  if (part.type === 'refusal')
    return [
      { type: 'response.content_part.added', ...at, part: { type: 'refusal', refusal: '' } },
      ...words(part.refusal).map((delta) => ({ type: 'response.refusal.delta', ...at, delta })),
      { type: 'response.refusal.done', ...at, refusal: part.refusal },
      { type: 'response.content_part.done', ...at, part },
    ] as { type: string }[];
  return [
    { type: 'response.content_part.added', ...at, part: { ...part, text: '' } },
    ...words(part.text).map((delta) => ({
      type: 'response.output_text.delta',
      ...at,
      delta,
      logprobs: [],
      obfuscation: 'y',
    })),
    { type: 'response.output_text.done', ...at, text: part.text, logprobs: [] },
    { type: 'response.content_part.done', ...at, part },
  ] as { type: string }[];
}

/** In pieces, as tokens come. */
function words(text: string | undefined): string[] {
  return text?.match(/\s*\S+|\s+$/g) ?? [];
}

function halves(text: string): string[] {
  const middle = Math.ceil(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)].filter((piece) => piece !== '');
}
