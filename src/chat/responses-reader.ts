import { newCallId } from './chat-calls.ts';
import { parseChunk, type TurnReader, unreadable } from './chat-reader.ts';
import { markCut, readFinish } from './finish.ts';
import { argumentsText, type Json, listOf, numberOf, recordOf, textOf } from './lenient.ts';
import type { ModelCall, Part, Turn } from './types.ts';
import { statusIn, UpstreamRefused } from './upstream-error.ts';

/** A whole response. Throws UpstreamRefused when it failed or is none. */
export function readResponsesAnswer(answer: Json): Turn {
  if (!Array.isArray(answer['output']) && answer['error']) throw new UpstreamRefused(statusIn(answer), answer);
  if (!Array.isArray(answer['output'])) throw new UpstreamRefused(502, unreadable('has no output'));
  if (answer['status'] === 'failed') throw failure(answer);
  return turnOf(answer, listOf(answer['output']).map(recordOf));
}

/** A call of the client's or ours in a list of output items; undefined for any other item. */
export function callIn(item: Json): ModelCall | undefined {
  const { type, name, namespace } = item;
  if ((type !== 'function_call' && type !== 'custom_tool_call') || typeof name !== 'string') return undefined;
  return {
    id: textOf(item['call_id']) || textOf(item['id']),
    name,
    arguments: argumentsText(item['arguments'] ?? item['input']),
    kind: type === 'custom_tool_call' ? 'custom' : 'function',
    ...(typeof namespace === 'string' ? { namespace } : {}),
  };
}

export function createResponsesReader(): TurnReader {
  /** By the upstream's output index. */
  const items = new Map<number, Json>();
  const calls = new Map<number, ModelCall>();
  const texts = new Map<string, boolean>();
  let response: Json | undefined;
  let final: Json | undefined;

  function begin(raw: Json): Part[] {
    if (response) return [];
    response = recordOf(raw['response']);
    const { id, model, created } = identityOf(response);
    response = { ...response, id };
    return [{ kind: 'begin', id, model, created, raw: response }];
  }

  function added(raw: Json, index: number): Part[] {
    const item = recordOf(raw['item']);
    items.set(index, item);
    const call = callIn(item);
    if (!call) return [{ kind: 'raw', raw }];
    const isTaken = call.id === '' || [...calls.values()].some(({ id }) => id === call.id);
    const named = isTaken ? { ...call, id: newCallId() } : call;
    calls.set(index, named);
    return [{ kind: 'call', call: named, raw }];
  }

  function done(raw: Json, index: number): Part[] {
    const item = recordOf(raw['item']);
    const late = items.has(index) ? [] : added({ ...raw, type: 'response.output_item.added' }, index);
    const known = calls.get(index);
    items.set(index, known ? { ...item, call_id: known.id } : item);
    const call = callIn(items.get(index)!);
    return [
      ...late,
      ...(call && known ? [{ kind: 'call-done' as const, call, raw }] : [{ kind: 'raw' as const, raw }]),
    ];
  }

  function take(raw: Json): Part[] {
    const type = textOf(raw['type']);
    const index = numberOf(raw['output_index']) ?? 0;
    const call = calls.get(index);
    switch (type) {
      case 'response.created':
        return begin(raw);
      case 'response.queued':
      case 'response.in_progress':
        return begin(raw);
      case 'response.completed':
      case 'response.incomplete':
        final = recordOf(raw['response']);
        return response ? [] : begin(raw);
      case 'response.failed':
        throw failure(recordOf(raw['response']));
      case 'error':
        throw new UpstreamRefused(502, { error: raw['error'] ?? { type: 'server_error', ...raw } });
      case 'response.output_item.added':
        return added(raw, index);
      case 'response.output_item.done':
        return done(raw, index);
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
        return call ? [{ kind: 'arguments', call, text: textOf(raw['delta']), raw }] : [];
      case 'response.function_call_arguments.done':
      case 'response.custom_tool_call_input.done':
        return call ? [{ kind: 'arguments', call, text: '', raw }] : [];
      case 'response.output_text.delta':
        return [{ kind: 'delta', text: textOf(raw['delta']), logprobs: listOf(raw['logprobs']), raw }];
      case 'response.refusal.delta':
        return [{ kind: 'delta', refusal: textOf(raw['delta']), raw }];
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        return [{ kind: 'delta', reasoning: paragraph(raw) + textOf(raw['delta']), raw }];
      default:
        return type.startsWith('response.') ? [{ kind: 'raw', raw }] : [];
    }
  }

  /** Parts of a summary are paragraphs. */
  function paragraph(raw: Json): string {
    const part = `${String(raw['output_index'])}/${String(raw['summary_index'] ?? raw['content_index'])}`;
    const gap = texts.size > 0 && !texts.has(part) ? '\n\n' : '';
    texts.set(part, true);
    return gap;
  }

  return {
    push({ data }) {
      return data.startsWith('[DONE]') ? [] : take(parseChunk(data));
    },
    finish: () => [],
    end() {
      if (!final) throw new UpstreamRefused(502, unreadable('ended too early'));
      const seen = [...items.entries()].sort(([a], [b]) => a - b).map(([, item]) => item);
      const whole = listOf(final['output']).map(recordOf);
      return turnOf(
        { ...final, id: textOf(response?.['id']) || final['id'] },
        whole.length > seen.length ? whole : seen,
      );
    },
  };
}

function failure(response: Json): UpstreamRefused {
  const error = recordOf(response['error']);
  const status = error['code'] === 'rate_limit_exceeded' ? 429 : 502;
  return new UpstreamRefused(status, {
    error: { message: 'The model provider failed', type: 'server_error', param: null, code: null, ...error },
  });
}

function identityOf(response: Json): { id: string; model: string; created: number } {
  return {
    id: textOf(response['id']) || `resp_${newCallId().slice(5)}`,
    model: textOf(response['model']),
    created: numberOf(response['created_at']) || Math.floor(Date.now() / 1000),
  };
}

function turnOf(answer: Json, given: readonly Json[]): Turn {
  const output = withOwnIds(given);
  const calls = output.map(callIn).filter((call) => call !== undefined);
  const contents = output
    .filter(({ type }) => type === 'message')
    .flatMap((item) => listOf(item['content']).map(recordOf));
  const incomplete = recordOf(answer['incomplete_details'])['reason'];
  const finish = readFinish(incomplete ?? 'stop', calls.length);
  return {
    dialect: 'responses',
    ...identityOf(answer),
    text: contents.map((part) => (part['type'] === 'output_text' ? textOf(part['text']) : '')).join(''),
    refusal: contents.map((part) => textOf(part['refusal'])).join(''),
    reasoning: output
      .filter(({ type }) => type === 'reasoning')
      .map(reasoningText)
      .filter((text) => text !== '')
      .join('\n\n'),
    logprobs: contents.flatMap((part) => listOf(part['logprobs'])),
    calls: markCut(calls, finish),
    finish,
    ...(answer['usage'] ? { usage: recordOf(answer['usage']) } : {}),
    items: output,
    answer,
  };
}

/** Each call with an id that no other has. */
function withOwnIds(items: readonly Json[]): Json[] {
  const taken = new Set<string>();
  return items.map((item) => {
    const call = callIn(item);
    if (!call) return item;
    const id = call.id === '' || taken.has(call.id) ? newCallId() : call.id;
    taken.add(id);
    return item['call_id'] === id ? item : { ...item, call_id: id };
  });
}

function reasoningText(item: Json): string {
  const parts = [...listOf(item['summary']), ...listOf(item['content'])];
  return parts.map((part) => textOf(recordOf(part)['text'])).join('\n\n');
}
