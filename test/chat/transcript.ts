import type OpenAI from 'openai';
import type { Dialect } from './model-turns.ts';
import type { ModelRequest } from './scripted-upstream.ts';

/** One thing that was said, in no dialect. */
export type Line =
  | readonly [kind: 'system' | 'developer' | 'user' | 'assistant' | 'reasoning', text: string]
  | readonly [kind: 'call', name: string, args: string]
  | readonly [kind: 'result', text: string];

// biome-ignore lint/suspicious/noExplicitAny: requests of two dialects
type Body = any;

/** What a model was told, whichever way it was told. */
export function transcriptOf({ body }: Pick<ModelRequest, 'body'>): Line[] {
  if (typeof body.input === 'string') return [['user', body.input]];
  return (body.messages ?? body.input).flatMap((item: Body): Line[] => {
    if (item.type === 'function_call') return [['call', item.name, item.arguments]];
    if (item.type === 'custom_tool_call') return [['call', item.name, item.input]];
    if (/_call_output$/.test(item.type) || item.role === 'tool') return [['result', flat(item.output ?? item.content)]];
    if (item.type === 'reasoning') return [['reasoning', item.encrypted_content ?? '']];
    const calls = (item.tool_calls ?? []).map(
      ({ function: made, custom }: Body) =>
        ['call', (made ?? custom).name, made ? made.arguments : custom.input] as const,
    );
    const text = flat(item.content);
    return [...(text === '' ? [] : [[item.role, text] as Line]), ...calls];
  });
}

function flat(content: Body): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map((part: Body) => part.text ?? part.image_url?.url ?? part.image_url ?? '').join('|');
}

/** Names of the functions in a request. */
export function toolNames({ body }: Pick<ModelRequest, 'body'>): string[] {
  return (body.tools ?? []).map((tool: Body) => tool.function?.name ?? tool.name);
}

/** What a client got, whichever way it asked. */
export interface Seen {
  readonly text: string;
  readonly refusal: string;
  readonly calls: readonly { readonly id: string; readonly name: string; readonly args: string }[];
  readonly finish: string;
  readonly tokens: number | undefined;
  readonly cachedTokens: number | undefined;
  readonly reasoningTokens: number | undefined;
  /** Words with how likely they were. */
  readonly logprobs: readonly { readonly token: string }[];
  /** Responses: ids of the calls that the bridge ran. */
  readonly ran: readonly string[];
  /** Responses: the text as it came in pieces. */
  readonly heard?: string;
}

export interface Ask {
  readonly dialect: Dialect;
  readonly stream: boolean;
  readonly model?: string;
  readonly prompt?: string;
  /** Client's own functions by name. */
  readonly tools?: readonly string[];
  readonly choice?: unknown;
  readonly more?: object;
}

/** Asks by way of the official SDK, its own stream parsers included. */
export async function ask(client: OpenAI, { dialect, stream, ...given }: Ask): Promise<Seen> {
  const request = requestFor(dialect, given) as Body;
  if (dialect === 'chat') {
    const answer = await askChat(client, request, stream);
    const { message, finish_reason, logprobs } = answer.choices[0]!;
    const calls = (message.tool_calls ?? []).map(({ id, function: made, custom }: Body) => ({
      id,
      name: (made ?? custom).name,
      args: made ? made.arguments : custom.input,
    }));
    return {
      text: message.content ?? '',
      refusal: message.refusal ?? '',
      calls,
      finish: finish_reason,
      tokens: answer.usage?.total_tokens,
      cachedTokens: answer.usage?.prompt_tokens_details?.cached_tokens,
      reasoningTokens: answer.usage?.completion_tokens_details?.reasoning_tokens,
      logprobs: logprobs?.content ?? [],
      ran: [],
    };
  }
  if (!stream) return seenIn(await client.responses.create(request));
  const heard: string[] = [];
  const events = client.responses.stream(request).on('response.output_text.delta', ({ delta, output_index: index }) => {
    heard[index] = (heard[index] ?? '') + delta;
  });
  return { ...seenIn(await events.finalResponse()), heard: heard.filter((text) => text !== '').join('\n\n') };
}

async function askChat(client: OpenAI, request: Body, stream: boolean): Promise<OpenAI.Chat.ChatCompletion> {
  if (!stream) return client.chat.completions.create(request);
  if (request.tools?.some(({ type }: Body) => type === 'custom')) return joined(client, request);
  return client.chat.completions.stream({ ...request, stream_options: { include_usage: true } }).finalChatCompletion();
}

/** The SDK's own way to put chunks together knows no custom tools. */
async function joined(client: OpenAI, request: Body): Promise<Body> {
  const message: Body = { content: '', tool_calls: [] };
  let finish: string | null = null;
  for await (const { choices } of (await client.chat.completions.create({ ...request, stream: true })) as Body)
    for (const { delta, finish_reason } of choices) {
      message.content += delta.content ?? '';
      for (const { index, custom, ...call } of delta.tool_calls ?? []) {
        message.tool_calls[index] ??= { ...call, custom: { ...custom, input: '' } };
        message.tool_calls[index].custom.input += custom.input;
      }
      finish = finish_reason ?? finish;
    }
  return { choices: [{ message, finish_reason: finish }] };
}

export function seenIn(answer: OpenAI.Responses.Response): Seen {
  const messages = answer.output.filter((item) => item.type === 'message');
  const parts = messages.map(({ content }) => content);
  const calls = answer.output.flatMap((item) =>
    item.type === 'function_call'
      ? [{ id: item.call_id, name: item.name, args: item.arguments }]
      : item.type === 'custom_tool_call'
        ? [{ id: item.call_id, name: item.name, args: item.input }]
        : [],
  );
  const reason = { max_output_tokens: 'length', max_tool_calls: 'stop', content_filter: 'content_filter' } as Record<
    string,
    string
  >;
  return {
    text: parts
      .map((each) => each.map((part) => (part.type === 'output_text' ? part.text : '')).join(''))
      .filter((text) => text !== '')
      .join('\n\n'),
    refusal: parts
      .flat()
      .map((part) => (part.type === 'refusal' ? part.refusal : ''))
      .join(''),
    calls,
    finish: reason[answer.incomplete_details?.reason ?? ''] ?? (calls.length > 0 ? 'tool_calls' : 'stop'),
    tokens: answer.usage?.total_tokens,
    cachedTokens: answer.usage?.input_tokens_details?.cached_tokens,
    reasoningTokens: answer.usage?.output_tokens_details?.reasoning_tokens,
    logprobs: parts.flat().flatMap((part) => (part.type === 'output_text' ? (part.logprobs ?? []) : [])),
    ran: answer.output.flatMap((item) => (item.type === 'mcp_call' ? [item.id] : [])),
  };
}

export function requestFor(
  dialect: Dialect,
  {
    model = 'gpt-scripted',
    prompt = 'What is the weather?',
    tools = [],
    choice,
    more = {},
  }: Omit<Ask, 'dialect' | 'stream'>,
): object {
  const parameters = { type: 'object', properties: { path: { type: 'string' } } };
  if (dialect === 'chat')
    return {
      model,
      messages: [{ role: 'user', content: prompt }],
      ...(tools.length > 0
        ? { tools: tools.map((name) => ({ type: 'function', function: { name, parameters } })) }
        : {}),
      ...(choice === undefined ? {} : { tool_choice: choice }),
      ...more,
    };
  return {
    model,
    input: prompt,
    ...(tools.length > 0
      ? { tools: tools.map((name) => ({ type: 'function', name, parameters, strict: false })) }
      : {}),
    ...(choice === undefined ? {} : { tool_choice: choice }),
    ...more,
  };
}

/** A choice of one function, in the dialect's form. */
export function forced(name: string, dialect: Dialect): unknown {
  return dialect === 'chat' ? { type: 'function', function: { name } } : { type: 'function', name };
}
