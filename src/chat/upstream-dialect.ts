import { createChatReader, readChatAnswer, type TurnReader } from './chat-reader.ts';
import { releaseChoice } from './convert-tools.ts';
import { type Json, listOf, without } from './lenient.ts';
import { createResponsesReader, readResponsesAnswer } from './responses-reader.ts';
import type { DialectName, SettledCall, ToolAnswer, Turn } from './types.ts';

/** One of the two ways to talk to a model. */
export interface UpstreamDialect {
  readonly name: DialectName;
  readonly path: string;
  /** The member that holds the conversation. */
  readonly items: 'messages' | 'input';
  readAnswer(answer: Json): Turn;
  createReader(): TurnReader;
  /** A turn and the results of its calls, as the next request has them. */
  itemsOf(turn: Turn, settled: readonly SettledCall[], request: Json): Json[];
  resultItem(callId: string, answer: ToolAnswer): Json;
}

export const DIALECTS: { readonly [name in DialectName]: UpstreamDialect } = {
  chat: {
    name: 'chat',
    path: '/chat/completions',
    items: 'messages',
    readAnswer: readChatAnswer,
    createReader: createChatReader,
    itemsOf: ({ items }, settled) => [...items, ...resultsOf(settled, chatResult)],
    resultItem: chatResult,
  },
  responses: {
    name: 'responses',
    path: '/responses',
    items: 'input',
    readAnswer: readResponsesAnswer,
    createReader: createResponsesReader,
    itemsOf: (turn, settled, request) => [...repeatable(turn, request), ...resultsOf(settled, responsesResult)],
    resultItem: responsesResult,
  },
};

function resultsOf(settled: readonly SettledCall[], item: UpstreamDialect['resultItem']): Json[] {
  return settled.flatMap(({ call, answer }) => (answer ? [item(call.id, answer)] : []));
}

/** Tool messages hold text only. */
function chatResult(callId: string, { text, media }: ToolAnswer): Json {
  const unseen = media.map(
    ({ mediaType, base64 }) => `(${mediaType}, ${bytesIn(base64)} bytes: cannot be shown to this model)`,
  );
  const content = [text, ...unseen].filter((part) => part !== '').join('\n');
  return { role: 'tool', tool_call_id: callId, content };
}

function bytesIn(base64: string): number {
  return Buffer.byteLength(base64, 'base64');
}

function responsesResult(callId: string, { text, media }: ToolAnswer): Json {
  const output =
    media.length === 0
      ? text
      : [
          { type: 'input_text', text },
          ...media.map(({ mediaType, base64, filename }) => {
            const url = `data:${mediaType};base64,${base64}`;
            return mediaType.startsWith('image/')
              ? { type: 'input_image', image_url: url, detail: 'auto' }
              : { type: 'input_file', filename: filename ?? 'file', file_data: url };
          }),
        ];
  return { type: 'function_call_output', call_id: callId, output };
}

/**
 * What the model said, to be said again. With a conversation object the provider remembers it itself; reasoning that was neither
 * stored nor handed over encrypted cannot be referred to.
 */
function repeatable({ items }: Turn, request: Json): readonly Json[] {
  if (request['conversation']) return [];
  if (request['store'] !== false) return items;
  return items.filter(({ type, encrypted_content: sealed }) => type !== 'reasoning' || typeof sealed === 'string');
}

/** The request with more at the end of its conversation. */
export function appendItems(request: Json, { items: member }: UpstreamDialect, items: readonly Json[]): Json {
  const given = request[member];
  const before = typeof given === 'string' ? [{ role: 'user', content: given }] : listOf(given);
  return { ...request, [member]: request['conversation'] ? items : [...before, ...items] };
}

/** For the turns after the first: nothing is forced. */
export function released(request: Json): Json {
  return request['tool_choice'] === undefined
    ? request
    : { ...request, tool_choice: releaseChoice(request['tool_choice']) };
}

/** For the last turn: only text. */
export function closed(request: Json): Json {
  return { ...without(request, 'parallel_tool_calls'), tool_choice: 'none' };
}
