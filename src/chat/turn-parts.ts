import { type Json, listOf, recordOf, textOf, without } from './lenient.ts';
import { callIn } from './responses-reader.ts';
import { TEXT_EVENTS, type TextKind } from './responses-text.ts';
import type { ModelCall, Part, Turn } from './types.ts';

/** A whole answer as the pieces that a stream would have had. */
export function partsOf(turn: Turn): Part[] {
  const { id, model, created, answer } = turn;
  const begin: Part = { kind: 'begin', id, model, created, raw: without(answer, 'choice', 'usage') };
  return [begin, ...(turn.dialect === 'chat' ? chatParts(turn) : responsesParts(turn))];
}

function chatParts({ text, refusal, reasoning, logprobs, items, calls, answer }: Turn): Part[] {
  const delta = without(items[0] ?? {}, 'tool_calls', 'role');
  const said = {
    ...(text === '' ? {} : { text }),
    ...(refusal === '' ? {} : { refusal }),
    ...(reasoning === '' ? {} : { reasoning }),
    ...(text === '' ? {} : { logprobs }),
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
    const done = { type: 'response.output_item.done', output_index: index, item };
    const added = { ...done, type: 'response.output_item.added', item: openItem(item) };
    const call = callIn(item);
    if (call)
      return [
        { kind: 'call', call, raw: added },
        { kind: 'arguments', call, text: call.arguments },
        { kind: 'call-done', call, raw: done },
      ] satisfies Part[];
    return [{ kind: 'raw', raw: added }, ...textParts(item, index), { kind: 'raw', raw: done }] satisfies Part[];
  });
}

/** An item as it is when it begins: what comes in pieces is not in it yet. */
function openItem(item: Json): Json {
  const pieces = { arguments: '', input: '', content: [], summary: [] };
  const begun = Object.entries(pieces).filter(([name]) => item[name] !== undefined);
  const status = item['status'] === undefined ? {} : { status: 'in_progress' };
  return { ...item, ...status, ...Object.fromEntries(begun) };
}

/** Where the parts of an item are, and by what their place is told. */
const PLACES = [
  ['summary', 'summary_index'],
  ['content', 'content_index'],
] as const;

function textParts(item: Json, index: number): Part[] {
  return PLACES.flatMap(([member, place]) =>
    listOf(item[member]).flatMap((given, at) => {
      const part = recordOf(given);
      const where = { output_index: index, item_id: item['id'], [place]: at };
      const kind = kindOf(part);
      return kind === undefined ? [] : eventsOf(kind, part, where);
    }),
  );
}

function kindOf({ type }: Json): TextKind | undefined {
  if (type === 'output_text') return 'text';
  if (type === 'refusal') return 'refusal';
  return type === 'summary_text' || type === 'reasoning_text' ? 'reasoning' : undefined;
}

function eventsOf(kind: TextKind, part: Json, where: Json): Part[] {
  const text = textOf(part[kind === 'refusal' ? 'refusal' : 'text']);
  const logprobs = listOf(part['logprobs']);
  const { added, delta, done, ended } = TEXT_EVENTS[kind];
  const begun = {
    ...part,
    [kind === 'refusal' ? 'refusal' : 'text']: '',
    ...(logprobs.length > 0 ? { logprobs: [] } : {}),
  };
  const said = { [kind]: text, ...(kind === 'text' ? { logprobs } : {}) };
  const delivered = { ...delta(text, logprobs), ...where };
  // Reasoning in full is told by other events than its summary, and without a frame.
  if (part['type'] === 'reasoning_text')
    return [{ kind: 'delta', ...said, raw: { type: 'response.reasoning_text.delta', delta: text, ...where } }];
  return [
    { kind: 'raw', raw: { ...added(begun), ...where } },
    { kind: 'delta', ...said, raw: delivered },
    { kind: 'raw', raw: { ...done(text, logprobs), ...where } },
    { kind: 'raw', raw: { ...ended(part), ...where } },
  ];
}
