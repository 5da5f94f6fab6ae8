import { contentText } from './chat-reader.ts';
import { choiceToResponses, toolsToResponses } from './convert-tools.ts';
import { argumentsText, type Json, listOf, recordOf, textOf, without } from './lenient.ts';
import { badRequest } from './openai-error.ts';

/** A request in the other dialect, and which of its members have no place there. */
export interface Converted {
  readonly body: Json;
  readonly dropped: readonly string[];
}

/** Members that mean the same under the same name in both dialects. */
export const SAME = [
  'model',
  'temperature',
  'top_p',
  'user',
  'metadata',
  'service_tier',
  'parallel_tool_calls',
  'prompt_cache_key',
  'prompt_cache_retention',
  'safety_identifier',
  'top_logprobs',
  'stream',
] as const;

/** What `include` holds when a client of Responses wants them. */
export const LOGPROBS = 'message.output_text.logprobs';

/** Handled below, or meaningless without a value. */
const HANDLED = [
  'messages',
  'tools',
  'tool_choice',
  'max_tokens',
  'max_completion_tokens',
  'reasoning_effort',
  'response_format',
  'verbosity',
  'store',
  'stream_options',
  'n',
  'logprobs',
] as const;

/** A chat request without its messages as one of Responses. Nothing is stored unless the client asked for it. */
export function toResponsesRequest(chat: Json): Converted {
  const { reasoning_effort: effort, response_format: format, verbosity, max_tokens, max_completion_tokens } = chat;
  const limit = max_completion_tokens ?? max_tokens;
  const text = { ...(format ? { format: formatOf(recordOf(format)) } : {}), ...(verbosity ? { verbosity } : {}) };
  const tools = toolsToResponses(chat['tools']);
  const body: Json = {
    ...Object.fromEntries(SAME.filter((name) => isSet(chat[name])).map((name) => [name, chat[name]])),
    ...(isSet(limit) ? { max_output_tokens: limit } : {}),
    ...(isSet(effort) ? { reasoning: { effort } } : {}),
    ...(Object.keys(text).length > 0 ? { text } : {}),
    ...(tools.length > 0 ? { tools } : {}),
    ...(isSet(chat['tool_choice']) ? { tool_choice: choiceToResponses(chat['tool_choice']) } : {}),
    ...(chat['logprobs'] === true ? { include: [LOGPROBS] } : {}),
    store: chat['store'] === true,
  };
  const known: readonly string[] = [...SAME, ...HANDLED];
  return { body, dropped: Object.keys(chat).filter((name) => !known.includes(name) && isSet(chat[name])) };
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function formatOf(format: Json): Json {
  return format['type'] === 'json_schema' ? { type: 'json_schema', ...recordOf(format['json_schema']) } : format;
}

/** Messages as input items. Throws RequestFailed for what Responses cannot carry, naming the message. */
export function toInputItems(messages: readonly Json[], place = 'messages'): Json[] {
  const customs = new Set(
    messages
      .flatMap(({ tool_calls }) => listOf(tool_calls).map(recordOf))
      .filter(({ type }) => type === 'custom')
      .map(({ id }) => id),
  );
  return messages.flatMap((message, index) => {
    const { role, content, tool_call_id: callId } = message;
    if (role === 'tool') {
      const type = customs.has(callId) ? 'custom_tool_call_output' : 'function_call_output';
      return [{ type, call_id: callId, output: contentText(content) }];
    }
    if (role === 'function' || isSet(message['function_call']))
      throw badRequest(
        'Messages of role "function" and "function_call" are of the deprecated function interface; use tools',
        `${place}[${index}]`,
      );
    if (role === 'assistant') return assistantItems(message);
    return [{ type: 'message', role, content: partsOf(content, `${place}[${index}].content`) }];
  });
}

function assistantItems({ content, refusal, tool_calls: calls }: Json): Json[] {
  const text = contentText(content);
  const refused =
    textOf(refusal) ||
    listOf(content)
      .map((part) => textOf(recordOf(part)['refusal']))
      .join('');
  const parts = [
    ...(text === '' ? [] : [{ type: 'output_text', text, annotations: [] }]),
    ...(refused === '' ? [] : [{ type: 'refusal', refusal: refused }]),
  ];
  return [
    ...(parts.length === 0 ? [] : [{ type: 'message', role: 'assistant', content: parts }]),
    ...listOf(calls).map((call) => callOf(recordOf(call))),
  ];
}

function callOf(call: Json): Json {
  const { name, arguments: text, input } = recordOf(call['function'] ?? call['custom']);
  return call['type'] === 'custom'
    ? { type: 'custom_tool_call', call_id: call['id'], name, input: textOf(input) }
    : { type: 'function_call', call_id: call['id'], name, arguments: argumentsText(text) || '{}' };
}

function partsOf(content: unknown, place: string): unknown {
  if (!Array.isArray(content)) return textOf(content);
  return content.map((part, index) => partOf(recordOf(part), `${place}[${index}]`));
}

function partOf(part: Json, place: string): Json {
  switch (part['type']) {
    case 'text':
      return { type: 'input_text', text: part['text'] };
    case 'image_url': {
      const { url, detail } = recordOf(part['image_url']);
      return { type: 'input_image', image_url: url, detail: detail ?? 'auto' };
    }
    case 'file':
      return { type: 'input_file', ...recordOf(part['file']) };
    case 'input_audio':
      return without(part);
    default:
      throw badRequest(`Parts of type ${JSON.stringify(part['type'])} cannot be sent to this model`, `${place}.type`);
  }
}
