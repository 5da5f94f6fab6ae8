import { type Json, recordOf, without } from './lenient.ts';
import { callIn } from './responses-reader.ts';
import type { ModelCall, Part, Turn } from './types.ts';

/** A whole answer as the pieces that a stream would have had. */
export function partsOf(turn: Turn): Part[] {
  const { id, model, created, answer } = turn;
  const begin: Part = { kind: 'begin', id, model, created, raw: without(answer, 'choice', 'usage') };
  return [begin, ...(turn.dialect === 'chat' ? chatParts(turn) : responsesParts(turn))];
}

function chatParts({ text, refusal, reasoning, items, calls, answer }: Turn): Part[] {
  const delta = without(items[0] ?? {}, 'tool_calls', 'role');
  const said = {
    ...(text === '' ? {} : { text }),
    ...(refusal === '' ? {} : { refusal }),
    ...(reasoning === '' ? {} : { reasoning }),
  };
  const raw = { logprobs: recordOf(answer['choice'])['logprobs'] ?? null, delta };
  const spoken: Part[] = Object.keys(said).length === 0 ? [] : [{ kind: 'delta', ...said, raw }];
  return [...spoken, ...calls.flatMap((call) => callParts(call))];
}

function callParts(call: ModelCall): Part[] {
  return [
    { kind: 'call', call },
    { kind: 'arguments', call, text: call.arguments },
    { kind: 'call-done', call },
  ];
}

function responsesParts({ items }: Turn): Part[] {
  return items.flatMap((item, index) => {
    const added = event('response.output_item.added', index, item);
    const done = event('response.output_item.done', index, item);
    const call = callIn(item);
    if (call)
      return [
        { kind: 'call', call, raw: added },
        { kind: 'arguments', call, text: call.arguments },
        { kind: 'call-done', call, raw: done },
      ] satisfies Part[];
    const texts = partsOfMessage(item).map((said): Part => ({ kind: 'delta', ...said, raw: { type: '' } }));
    return [{ kind: 'raw', raw: added }, ...texts, { kind: 'raw', raw: done }] satisfies Part[];
  });
}

/** For clients of the other dialect, who are not shown items. */
function partsOfMessage(item: Json): { text?: string; refusal?: string; reasoning?: string }[] {
  const parts = [...list(item['content']), ...list(item['summary'])];
  return parts.map((part) => {
    if (item['type'] === 'reasoning') return { reasoning: String(part['text'] ?? '') };
    return part['type'] === 'refusal'
      ? { refusal: String(part['refusal'] ?? '') }
      : { text: String(part['text'] ?? '') };
  });
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(recordOf) : [];
}

function event(type: string, index: number, item: Json): Json {
  return { type, output_index: index, item };
}
