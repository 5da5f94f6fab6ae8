import type { Json } from './lenient.ts';
import { messageItem, reasoningItem, textPart } from './responses-items.ts';
import type { Part } from './types.ts';

type Kind = 'text' | 'refusal' | 'reasoning';

/** Text, refusals and reasoning of another dialect as items of a response: opened by their first piece, closed by whatever follows. */
export interface TextItems {
  push(part: Pick<Extract<Part, { kind: 'delta' }>, Kind>): string;
  close(): string;
}

/** `output` gets each item at its place; `base` makes their ids. */
export function createTextItems(emit: (event: Json) => string, output: Json[], base: () => string): TextItems {
  let open: { readonly kind: Kind; readonly index: number; readonly id: string; text: string } | undefined;
  let held = '';

  function begin(kind: Kind): string {
    const index = output.length;
    const id = `${kind === 'reasoning' ? 'rs' : 'msg'}_${base()}_${index}`;
    open = { kind, index, id, text: '' };
    const item = kind === 'reasoning' ? reasoningItem(id, '') : messageItem(id, [], 'in_progress');
    output.push(item);
    return (
      emit({ type: 'response.output_item.added', output_index: index, item }) +
      emit({ ...TYPES[kind].added(partOf(kind, '')), output_index: index, item_id: id })
    );
  }

  function piece(kind: Kind, given: string): string {
    // White space alone is no message: some models say nothing else before they call.
    const text = kind === 'text' ? held + given : given;
    held = kind === 'text' && open?.kind !== 'text' && text.trim() === '' ? text : '';
    if (held !== '') return '';
    const before = open?.kind === kind ? '' : close() + begin(kind);
    open!.text += text;
    return before + emit({ ...TYPES[kind].delta(text), output_index: open!.index, item_id: open!.id });
  }

  function close(): string {
    held = '';
    if (!open) return '';
    const { kind, index, id, text } = open;
    open = undefined;
    const item = kind === 'reasoning' ? reasoningItem(id, text) : messageItem(id, [partOf(kind, text)]);
    output[index] = item;
    const { done, ended } = TYPES[kind];
    return (
      emit({ ...done(text), output_index: index, item_id: id }) +
      emit({ ...ended(partOf(kind, text)), output_index: index, item_id: id }) +
      emit({ type: 'response.output_item.done', output_index: index, item })
    );
  }

  return {
    push: ({ text, refusal, reasoning }) =>
      (reasoning ? piece('reasoning', reasoning) : '') +
      (text ? piece('text', text) : '') +
      (refusal ? piece('refusal', refusal) : ''),
    close,
  };
}

function partOf(kind: Kind, text: string): Json {
  if (kind === 'text') return textPart(text);
  return kind === 'refusal' ? { type: 'refusal', refusal: text } : { type: 'summary_text', text };
}

interface Events {
  readonly added: (part: Json) => Json;
  readonly delta: (text: string) => Json;
  readonly done: (text: string) => Json;
  readonly ended: (part: Json) => Json;
}

const TYPES: { readonly [kind in Kind]: Events } = {
  text: {
    added: (part) => ({ type: 'response.content_part.added', content_index: 0, part }),
    delta: (delta) => ({ type: 'response.output_text.delta', content_index: 0, delta, logprobs: [] }),
    done: (text) => ({ type: 'response.output_text.done', content_index: 0, text, logprobs: [] }),
    ended: (part) => ({ type: 'response.content_part.done', content_index: 0, part }),
  },
  refusal: {
    added: (part) => ({ type: 'response.content_part.added', content_index: 0, part }),
    delta: (delta) => ({ type: 'response.refusal.delta', content_index: 0, delta }),
    done: (refusal) => ({ type: 'response.refusal.done', content_index: 0, refusal }),
    ended: (part) => ({ type: 'response.content_part.done', content_index: 0, part }),
  },
  reasoning: {
    added: (part) => ({ type: 'response.reasoning_summary_part.added', summary_index: 0, part }),
    delta: (delta) => ({ type: 'response.reasoning_summary_text.delta', summary_index: 0, delta }),
    done: (text) => ({ type: 'response.reasoning_summary_text.done', summary_index: 0, text }),
    ended: (part) => ({ type: 'response.reasoning_summary_part.done', summary_index: 0, part }),
  },
};
