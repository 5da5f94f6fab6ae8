import { unreachable } from '../errors.ts';
import { chatId, composeChat } from './chat-answer.ts';
import { callItem } from './chat-calls.ts';
import type { ClientWriter, WriterOptions } from './client-dialect.ts';
import { type Json, recordOf, without } from './lenient.ts';
import { createReasoningJoiner } from './reasoning.ts';
import { writeEvent } from './sse.ts';
import type { ModelCall, Part } from './types.ts';

interface Heard {
  readonly logprobs?: readonly unknown[];
  readonly text: string | undefined;
  readonly refusal?: string;
  readonly reasoning?: string;
}

/**
 * Chat Completions' chunks: one id, one role, tool calls numbered without gaps, ours left out. Pieces that came in this dialect keep
 * every member they have.
 */
export function createChatWriter({ ownerOf, clientIdOf, includeUsage, native }: WriterOptions): ClientWriter {
  const numbers = new Map<string, number>();
  const reasoning = createReasoningJoiner();
  let envelope: Json | undefined;
  let round = 0;
  let spokeBefore = false;
  let speaks = false;
  let held = '';

  function begin(part: Extract<Part, { kind: 'begin' }>): string {
    round++;
    reasoning.nextRound();
    spokeBefore ||= speaks;
    speaks = false;
    held = '';
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
    const text = part.text === undefined ? undefined : audible(part.text);
    if (!native) return foreign({ ...part, text });
    const { content, ...rest } = recordOf(part.raw['delta']);
    const spoken = text ?? (part.text === undefined && content === '' ? '' : undefined);
    if (spoken === undefined && Object.keys(rest).length === 0 && !part.raw['logprobs']) return '';
    return delta(
      { ...(spoken === undefined ? {} : { content: spoken }), ...reasoning.join(rest) },
      without(part.raw, 'delta'),
    );
  }

  /** The text to send now. White space at a turn's beginning waits: some models say nothing else before they call. */
  function audible(text: string): string | undefined {
    if (speaks) return text;
    held += text;
    if (held.trim() === '') return undefined;
    speaks = true;
    const whole = (spokeBefore ? '\n\n' : '') + held;
    held = '';
    return whole;
  }

  function foreign({ text, refusal, reasoning: thought = '', logprobs = [] }: Heard): string {
    const likely = logprobs.length === 0 ? {} : { logprobs: { content: logprobs, refusal: null } };
    if (text !== undefined || logprobs.length > 0) return delta(text === undefined ? {} : { content: text }, likely);
    if (refusal !== undefined) return delta({ refusal });
    return thought === '' ? '' : delta(reasoning.join({ reasoning_content: thought }));
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
          return unreachable(part);
      }
    },
    ran: () => '',
    items: () => [],
    end(end) {
      const whole = composeChat(end, { native });
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
