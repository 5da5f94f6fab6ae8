import type { ModelReply } from './scripted-upstream.ts';

/** One answer of a model, written in neither dialect. */
export interface Said {
  readonly text?: string;
  readonly refusal?: string;
  readonly reasoning?: string;
  readonly calls?: readonly SaidCall[];
  readonly finish?: 'stop' | 'length' | 'content_filter';
  readonly usage?: readonly [input: number, output: number, cached?: number, reasoning?: number];
  /** With how likely each word was. */
  readonly logprobs?: boolean;
}

export interface SaidCall {
  readonly name: string;
  readonly args?: unknown;
  readonly id?: string;
  /** Custom tools take text instead of arguments. */
  readonly kind?: 'custom';
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

function chatUsage([input, output, cached = 0, reasoning = 0]: NonNullable<Said['usage']> = [10, 5]) {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function chatCalls(said: Said, serial: string) {
  return said.calls?.map((call, index) => {
    const id = callId(call, index, serial);
    return call.kind === 'custom'
      ? { id, type: 'custom', custom: { name: call.name, input: argsText(call.args) } }
      : { id, type: 'function', function: { name: call.name, arguments: argsText(call.args) } };
  });
}

/** Of each word, as a model tells it that was asked to. */
export function logprobsOf({ text, logprobs }: Said) {
  return logprobs
    ? words(text).map((token) => ({ token, logprob: -0.5, bytes: [...Buffer.from(token)], top_logprobs: [] }))
    : [];
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
        logprobs: said.logprobs ? { content: logprobsOf(said), refusal: null } : null,
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
  const chunk = (delta: unknown, finish: string | null = null, logprobs: unknown = null) => ({
    ...envelope,
    choices: [{ index: 0, delta, logprobs, finish_reason: finish }],
    usage: null,
    obfuscation: 'aXbYcZ',
  });
  const calls = chatCalls(said, serial) ?? [];
  return [
    chunk({ role: 'assistant', content: '', refusal: null }),
    ...words(said.reasoning).map((piece) => chunk({ reasoning_content: piece })),
    ...words(said.text).map((content, index) =>
      chunk({ content }, null, said.logprobs ? { content: [logprobsOf(said)[index]], refusal: null } : null),
    ),
    ...words(said.refusal).map((piece) => chunk({ refusal: piece })),
    ...calls.flatMap(({ function: made, custom, ...call }, index) =>
      custom
        ? [
            chunk({ tool_calls: [{ index, ...call, custom: { name: custom.name, input: '' } }] }),
            ...halves(custom.input).map((input) => chunk({ tool_calls: [{ index, custom: { input } }] })),
          ]
        : [
            chunk({ tool_calls: [{ index, ...call, function: { name: made.name, arguments: '' } }] }),
            ...halves(made.arguments).map((piece) =>
              chunk({ tool_calls: [{ index, function: { arguments: piece } }] }),
            ),
          ],
    ),
    chunk({}, said.finish ?? (calls.length > 0 ? 'tool_calls' : 'stop')),
    { ...envelope, choices: [], usage: chatUsage(said.usage) },
    'data: [DONE]\n\n',
  ];
}

function responseOf(said: Said, serial: string) {
  const [input, output, cached = 0, reasoning = 0] = said.usage ?? [10, 5];
  const parts = [
    ...(said.text === undefined
      ? []
      : [{ type: 'output_text', text: said.text, annotations: [], logprobs: logprobsOf(said) }]),
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
        status: said.finish === 'length' ? 'incomplete' : 'completed',
        call_id: callId(call, index, serial),
        name: call.name,
        ...(call.kind === 'custom'
          ? { type: 'custom_tool_call', input: argsText(call.args) }
          : { type: 'function_call', arguments: argsText(call.args) }),
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
      input_tokens_details: { cached_tokens: cached },
      output_tokens: output,
      output_tokens_details: { reasoning_tokens: reasoning },
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
  if (item.type === 'custom_tool_call')
    return [
      { type: 'response.output_item.added', output_index, item: { ...item, status: 'in_progress', input: '' } },
      ...halves(item.input).map((delta) => ({ type: 'response.custom_tool_call_input.delta', ...at, delta })),
      { type: 'response.custom_tool_call_input.done', ...at, input: item.input },
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
    ...words(part.text).map((delta, index) => ({
      type: 'response.output_text.delta',
      ...at,
      delta,
      logprobs: part.logprobs.slice(index, index + 1),
      obfuscation: 'y',
    })),
    { type: 'response.output_text.done', ...at, text: part.text, logprobs: part.logprobs },
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
