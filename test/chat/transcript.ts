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
    if (item.type === 'function_call_output' || item.role === 'tool')
      return [['result', flat(item.output ?? item.content)]];
    if (item.type === 'reasoning') return [['reasoning', item.encrypted_content ?? '']];
    const calls = (item.tool_calls ?? []).map(
      (call: Body) => ['call', call.function.name, call.function.arguments] as const,
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
    const answer: OpenAI.Chat.ChatCompletion = stream
      ? await client.chat.completions
          .stream({ ...request, stream_options: { include_usage: true } })
          .finalChatCompletion()
      : await client.chat.completions.create(request);
    const { message, finish_reason } = answer.choices[0]!;
    const calls = (message.tool_calls ?? []).map((call: Body) => ({
      id: call.id,
      name: call.function.name,
      args: call.function.arguments,
    }));
    return {
      text: message.content ?? '',
      refusal: message.refusal ?? '',
      calls,
      finish: finish_reason,
      tokens: answer.usage?.total_tokens,
    };
  }
  const answer: OpenAI.Responses.Response = stream
    ? await client.responses.stream(request).finalResponse()
    : await client.responses.create(request);
  return seenIn(answer);
}

export function seenIn(answer: OpenAI.Responses.Response): Seen {
  const messages = answer.output.filter((item) => item.type === 'message');
  const parts = messages.map(({ content }) => content);
  const calls = answer.output.flatMap((item) =>
    item.type === 'function_call' ? [{ id: item.call_id, name: item.name, args: item.arguments }] : [],
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
