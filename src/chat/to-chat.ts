import { choiceToChat, toolsToChat } from './convert-tools.ts';
import { argumentsText, type Json, listOf, recordOf, textOf } from './lenient.ts';
import { badRequest } from './openai-error.ts';
import { type Converted, LOGPROBS, SAME } from './to-responses.ts';

const HANDLED = [
  'input',
  'instructions',
  'tools',
  'tool_choice',
  'max_output_tokens',
  'reasoning',
  'text',
  'store',
  'stream_options',
  'previous_response_id',
  'max_tool_calls',
  'background',
  'truncation',
  'include',
] as const;

/** OpenAI's reasoning models refuse `max_tokens`; others know nothing else. */
const NEW_LIMIT = /(?:^|\/)(?:o\d|gpt-(?:5|[6-9]|\d\d))/;

/** A request of Responses without its input as a chat request. Throws RequestFailed for what only Responses can do. */
export function toChatRequest(request: Json): Converted {
  for (const name of ['conversation', 'prompt'])
    if (isSet(request[name]))
      throw badRequest(`The model provider speaks only Chat Completions, which has no '${name}'`, name);
  const { format, verbosity } = recordOf(request['text']);
  const { effort } = recordOf(request['reasoning']);
  const limit = request['max_output_tokens'];
  const tools = toolsToChat(request['tools']);
  const stream = request['stream'] === true;
  const body: Json = {
    ...Object.fromEntries(SAME.filter((name) => isSet(request[name])).map((name) => [name, request[name]])),
    ...(isSet(limit)
      ? { [NEW_LIMIT.test(textOf(request['model'])) ? 'max_completion_tokens' : 'max_tokens']: limit }
      : {}),
    ...(isSet(effort) ? { reasoning_effort: effort } : {}),
    ...(isSet(format) && recordOf(format)['type'] !== 'text' ? { response_format: formatOf(recordOf(format)) } : {}),
    ...(isSet(verbosity) ? { verbosity } : {}),
    ...(isSet(request['top_logprobs']) || listOf(request['include']).includes(LOGPROBS) ? { logprobs: true } : {}),
    ...(tools.length > 0 ? { tools } : {}),
    ...(isSet(request['tool_choice']) ? { tool_choice: choiceToChat(request['tool_choice']) } : {}),
    ...(stream ? { stream_options: { include_usage: true } } : {}),
  };
  const known: readonly string[] = [...SAME, ...HANDLED];
  return { body, dropped: Object.keys(request).filter((name) => !known.includes(name) && isSet(request[name])) };
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function formatOf({ type, ...rest }: Json): Json {
  return type === 'json_schema' ? { type, json_schema: rest } : { type, ...rest };
}

/** Input items as messages; instructions come first. Throws RequestFailed for items that only Responses knows. */
export function toMessages(input: unknown, place = 'input'): Json[] {
  if (typeof input === 'string') return [{ role: 'user', content: input }];
  const messages: Json[] = [];
  for (const [index, given] of listOf(input).entries()) addItem(messages, recordOf(given), `${place}[${index}]`);
  return messages;
}

function addItem(messages: Json[], item: Json, place: string): void {
  const type = item['type'] ?? (item['role'] === undefined ? undefined : 'message');
  switch (type) {
    case 'message':
      return void messages.push(messageOf(item, place));
    case 'function_call':
    case 'custom_tool_call':
      return addCall(messages, item);
    case 'function_call_output':
    case 'custom_tool_call_output':
      return void messages.push({ role: 'tool', tool_call_id: item['call_id'], content: outputText(item['output']) });
    // What the model thought is for the provider that wrote it.
    case 'reasoning':
    case 'mcp_list_tools':
      return;
    default:
      throw badRequest(
        `The model provider speaks only Chat Completions, which cannot carry items of type ${JSON.stringify(type)}`,
        `${place}.type`,
      );
  }
}

/** Calls that stand in a row are one message's. */
function addCall(messages: Json[], item: Json): void {
  const custom = item['type'] === 'custom_tool_call';
  const name = item['name'];
  const call = custom
    ? { id: item['call_id'], type: 'custom', custom: { name, input: textOf(item['input']) } }
    : {
        id: item['call_id'],
        type: 'function',
        function: { name, arguments: argumentsText(item['arguments']) || '{}' },
      };
  const last = messages.at(-1);
  if (last?.['role'] !== 'assistant')
    return void messages.push({ role: 'assistant', content: null, tool_calls: [call] });
  messages[messages.length - 1] = { ...last, tool_calls: [...listOf(last['tool_calls']), call] };
}

function messageOf({ role: given, content }: Json, place: string): Json {
  // Those that speak only Chat rarely know developers, and who knows them takes this for the same.
  const role = given === 'developer' ? 'system' : given;
  if (typeof content === 'string') return { role, content };
  const parts = listOf(content).map(recordOf);
  if (role === 'assistant') {
    const refusal = parts.map((part) => textOf(part['refusal'])).join('');
    return {
      role,
      content: parts.map((part) => textOf(part['text'])).join(''),
      ...(refusal === '' ? {} : { refusal }),
    };
  }
  const plain = parts.every(({ type }) => type === 'input_text' || type === 'text');
  if (plain) return { role, content: parts.map(({ text }) => textOf(text)).join('\n') };
  return { role, content: parts.map((part, index) => partOf(part, `${place}.content[${index}]`)) };
}

function partOf(part: Json, place: string): Json {
  switch (part['type']) {
    case 'input_text':
    case 'text':
      return { type: 'text', text: part['text'] };
    case 'input_image': {
      const { image_url: url, detail } = part;
      if (typeof url !== 'string')
        throw badRequest('Images by file id cannot be sent to this model provider', `${place}.file_id`);
      return { type: 'image_url', image_url: { url, ...(isSet(detail) ? { detail } : {}) } };
    }
    case 'input_file': {
      const { type: _, ...file } = part;
      return { type: 'file', file };
    }
    case 'input_audio':
      return part;
    default:
      throw badRequest(
        `Parts of type ${JSON.stringify(part['type'])} cannot be sent to this model provider`,
        `${place}.type`,
      );
  }
}

/** Tool messages hold text only. */
function outputText(output: unknown): string {
  if (typeof output === 'string') return output;
  return listOf(output)
    .map(recordOf)
    .map((part) =>
      typeof part['text'] === 'string' ? part['text'] : `(${String(part['type'])}: cannot be shown to this model)`,
    )
    .join('\n');
}
