import type { Json } from './lenient.ts';
import { messageItem, reasoningItem, textPart } from './responses-items.ts';
import type { Part } from './types.ts';

export type TextKind = 'text' | 'refusal' | 'reasoning';

/** Text, refusals and reasoning of another dialect as items of a response: opened by their first piece, closed by whatever follows. */
export interface TextItems {
  push(part: Pick<Extract<Part, { kind: 'delta' }>, TextKind | 'logprobs'>): string;
  close(): string;
}

/** `output` gets each item at its place; `base` makes their ids. */
export function createTextItems(emit: (event: Json) => string, output: Json[], base: () => string): TextItems {
  let open: OpenItem | undefined;
  let held = '';
  let heldLogprobs: readonly unknown[] = [];

  function begin(kind: TextKind): string {
    const index = output.length;
    const id = `${kind === 'reasoning' ? 'rs' : 'msg'}_${base()}_${index}`;
    open = { kind, index, id, text: '', logprobs: [] };
    const item = kind === 'reasoning' ? reasoningItem(id, '') : messageItem(id, [], 'in_progress');
    output.push(item);
    return (
      emit({ type: 'response.output_item.added', output_index: index, item }) +
      emit({ ...TEXT_EVENTS[kind].added(partOf(kind, '')), output_index: index, item_id: id })
    );
  }

  function piece(kind: TextKind, given: string, likely: readonly unknown[] = []): string {
    // White space alone is no message: some models say nothing else before they call.
    const text = kind === 'text' ? held + given : given;
    const logprobs = kind === 'text' ? [...heldLogprobs, ...likely] : likely;
    held = kind === 'text' && open?.kind !== 'text' && text.trim() === '' ? text : '';
    heldLogprobs = held === '' ? [] : logprobs;
    if (held !== '') return '';
    const before = open?.kind === kind ? '' : close() + begin(kind);
    open!.text += text;
    open!.logprobs.push(...logprobs);
    return before + emit({ ...TEXT_EVENTS[kind].delta(text, logprobs), output_index: open!.index, item_id: open!.id });
  }

  function close(): string {
    held = '';
    heldLogprobs = [];
    if (!open) return '';
    const { kind, index, id, text, logprobs } = open;
    open = undefined;
    const part = partOf(kind, text, logprobs);
    const item = kind === 'reasoning' ? reasoningItem(id, text) : messageItem(id, [part]);
    output[index] = item;
    const { done, ended } = TEXT_EVENTS[kind];
    return (
      emit({ ...done(text, logprobs), output_index: index, item_id: id }) +
      emit({ ...ended(part), output_index: index, item_id: id }) +
      emit({ type: 'response.output_item.done', output_index: index, item })
    );
  }

  return {
    push: ({ text, refusal, reasoning, logprobs }) =>
      (reasoning ? piece('reasoning', reasoning) : '') +
      (text ? piece('text', text, logprobs) : '') +
      (refusal ? piece('refusal', refusal) : ''),
    close,
  };
}

interface OpenItem {
  readonly kind: TextKind;
  readonly index: number;
  readonly id: string;
  text: string;
  readonly logprobs: unknown[];
}

function partOf(kind: TextKind, text: string, logprobs: readonly unknown[] = []): Json {
  if (kind === 'text') return textPart(text, logprobs);
  return kind === 'refusal' ? { type: 'refusal', refusal: text } : { type: 'summary_text', text };
}

interface Events {
  readonly added: (part: Json) => Json;
  readonly delta: (text: string, logprobs: readonly unknown[]) => Json;
  readonly done: (text: string, logprobs: readonly unknown[]) => Json;
  readonly ended: (part: Json) => Json;
}

/** The events of a text, refusal or summary that is the first part of its item. */
export const TEXT_EVENTS: { readonly [kind in TextKind]: Events } = {
  text: {
    added: (part) => ({ type: 'response.content_part.added', content_index: 0, part }),
    delta: (delta, logprobs) => ({ type: 'response.output_text.delta', content_index: 0, delta, logprobs }),
    done: (text, logprobs) => ({ type: 'response.output_text.done', content_index: 0, text, logprobs }),
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
