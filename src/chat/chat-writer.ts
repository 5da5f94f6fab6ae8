import { chatId, composeChat } from './chat-answer.ts';
import { callItem } from './chat-calls.ts';
import type { ClientWriter, WriterOptions } from './client-dialect.ts';
import { type Json, recordOf, without } from './lenient.ts';
import { writeEvent } from './sse.ts';
import type { ModelCall, Part } from './types.ts';

/**
 * Chat Completions' chunks: one id, one role, tool calls numbered without gaps, ours left out. Pieces that came in this dialect keep
 * every member they have.
 */
export function createChatWriter({ ownerOf, clientIdOf, includeUsage, native }: WriterOptions): ClientWriter {
  const numbers = new Map<string, number>();
  let envelope: Json | undefined;
  let round = 0;
  let spokeBefore = false;
  let speaks = false;

  function begin(part: Extract<Part, { kind: 'begin' }>): string {
    round++;
    spokeBefore ||= speaks;
    speaks = false;
    if (envelope) return '';
    const own = native ? without(part.raw, 'obfuscation', 'error') : {};
    envelope = {
      ...own,
      id: chatId(part.id),
      object: 'chat.completion.chunk',
      created: part.created,
      model: part.model,
    };
    return chunk([{ index: 0, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null }]);
  }

  function chunk(choices: readonly Json[], more: Json = {}): string {
    return writeEvent({
      ...envelope,
      ...more,
      choices,
      ...(includeUsage && more['usage'] === undefined ? { usage: null } : {}),
    });
  }

  function delta(content: Json, more: Json = {}): string {
    return chunk([{ index: 0, logprobs: null, ...more, delta: content, finish_reason: null }]);
  }

  function said(part: Extract<Part, { kind: 'delta' }>): string {
    const gap = part.text !== undefined && spokeBefore && !speaks ? '\n\n' : '';
    if (part.text !== undefined) speaks = true;
    if (!native) return foreign(part, gap);
    const raw = recordOf(part.raw['delta']);
    const content = typeof raw['content'] === 'string' ? { content: gap + raw['content'] } : {};
    return delta({ ...raw, ...content }, without(part.raw, 'delta'));
  }

  function foreign({ text, refusal, reasoning }: Extract<Part, { kind: 'delta' }>, gap: string): string {
    if (text !== undefined) return delta({ content: gap + text });
    if (refusal !== undefined) return delta({ refusal });
    return reasoning === undefined || reasoning === '' ? '' : delta({ reasoning_content: reasoning });
  }

  function call(made: ModelCall): string {
    if (ownerOf(made) !== 'client') return '';
    const key = `${round} ${made.id}`;
    numbers.set(key, numbers.size);
    const item = callItem({ ...made, id: clientIdOf(made), arguments: '' });
    const inner =
      made.kind === 'custom'
        ? { custom: { name: made.name, input: '' } }
        : { function: { name: made.name, arguments: '' } };
    return delta({ tool_calls: [{ index: numbers.get(key), id: item['id'], type: item['type'], ...inner }] });
  }

  function more(made: ModelCall, text: string): string {
    const index = numbers.get(`${round} ${made.id}`);
    if (index === undefined || text === '') return '';
    const inner = made.kind === 'custom' ? { custom: { input: text } } : { function: { arguments: text } };
    return delta({ tool_calls: [{ index, ...inner }] });
  }

  return {
    push(part) {
      switch (part.kind) {
        case 'begin':
          return begin(part);
        case 'delta':
          return said(part);
        case 'call':
          return call(part.call);
        case 'arguments':
          return more(part.call, part.text);
        case 'call-done':
          return part.call.arguments === '' && part.call.kind === 'function' ? more(part.call, '{}') : '';
        case 'raw':
          return native && envelope ? chunk([], part.raw) : '';
        default:
          return '';
      }
    },
    ran: () => '',
    end(end) {
      const whole = composeChat(end, { clientIdOf, native });
      const { choices, usage, ...rest } = whole as Json & { choices: readonly Json[] };
      const { finish_reason } = choices[0]!;
      const notice =
        end.notice === undefined ? '' : delta({ content: `${speaks || spokeBefore ? '\n\n' : ''}${end.notice}` });
      const extension = rest['actionbridge'] === undefined ? {} : { actionbridge: rest['actionbridge'] };
      const last = chunk([{ index: 0, delta: {}, logprobs: null, finish_reason }], extension);
      const count = includeUsage && usage !== undefined ? chunk([], { usage }) : '';
      return `${notice}${last}${count}data: [DONE]\n\n`;
    },
    fail: (error) => writeEvent({ error }),
  };
}
