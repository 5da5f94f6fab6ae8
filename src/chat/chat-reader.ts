import { callItem, createCallCollector, newCallId } from './chat-calls.ts';
import { markCut, readFinish } from './finish.ts';
import { type Json, listOf, numberOf, recordOf, textOf, without } from './lenient.ts';
import type { SseEvent } from './sse.ts';
import type { ModelCall, Part, Turn } from './types.ts';
import { statusIn, UpstreamRefused } from './upstream-error.ts';

/** Reads a streamed answer. `push` throws UpstreamRefused for an error inside the stream, `end` for one that was cut off. */
export interface TurnReader {
  push(event: SseEvent): Part[];
  /** What was still held back. */
  finish(): Part[];
  end(): Turn;
}

/** A whole chat completion. Throws UpstreamRefused when there is no choice in it. */
export function readChatAnswer(answer: Json): Turn {
  const choice = recordOf(listOf(answer['choices'])[0]);
  const message = recordOf(choice['message']);
  if (answer['error'] !== undefined && choice['message'] === undefined)
    throw new UpstreamRefused(statusIn(answer), answer);
  if (choice['message'] === undefined) throw new UpstreamRefused(502, unreadable('has no message'));
  const collector = createCallCollector();
  collector.push(withoutIndices(message['tool_calls']));
  collector.end();
  return turnOf(answer, choice, without(message, 'tool_calls'), collector);
}

/** Whole calls stand side by side: their indices, if any, tell nothing. */
function withoutIndices(calls: unknown): Json[] {
  return listOf(calls).map((call, index) => ({ ...recordOf(call), index }));
}

export function createChatReader(): TurnReader {
  const collector = createCallCollector();
  let envelope: Json | undefined;
  let message: Json = {};
  let choice: Json = {};
  let usage: Json | undefined;
  let besideChoices: Json = {};
  const likely: unknown[] = [];
  let ended = false;

  function begin(chunk: Json): Part[] {
    if (envelope) return [];
    const { id, model, created } = identityOf(chunk);
    envelope = { ...chunk, id, created };
    return [{ kind: 'begin', id, model, created, raw: without(chunk, 'choices', 'usage') }];
  }

  function take(chunk: Json): Part[] {
    if (chunk['error'] !== undefined && chunk['error'] !== null) throw new UpstreamRefused(statusIn(chunk), chunk);
    if (chunk['usage']) usage = recordOf(chunk['usage']);
    const choices = listOf(chunk['choices']);
    if (choices.length === 0) return besides(chunk);
    const parts = begin(chunk);
    for (const given of choices) parts.push(...takeChoice(recordOf(given)));
    return parts;
  }

  /** Azure's filter results and the like come in chunks without a choice, some before there is an id. */
  function besides(chunk: Json): Part[] {
    besideChoices = chunk;
    const rest = without(
      chunk,
      'choices',
      'usage',
      'id',
      'object',
      'created',
      'model',
      'system_fingerprint',
      'service_tier',
    );
    return Object.keys(rest).some((name) => rest[name] !== null && name !== 'obfuscation')
      ? [{ kind: 'raw', raw: rest }]
      : [];
  }

  function takeChoice(given: Json): Part[] {
    if ((numberOf(given['index']) ?? 0) !== 0) return [];
    const delta = recordOf(given['delta'] ?? given['message']);
    const said = without(delta, 'tool_calls', 'role');
    message = joinMessages(message, said);
    if (given['finish_reason']) choice = { ...choice, ...without(given, 'delta', 'message') };
    const parts: Part[] = [];
    const logprobs = listOf(recordOf(given['logprobs'])['content']);
    likely.push(...logprobs);
    if (Object.values(said).some((value) => value !== null && value !== '') || given['logprobs'])
      parts.push({
        ...textsOf(said),
        ...(logprobs.length > 0 ? { logprobs } : {}),
        kind: 'delta',
        raw: { ...without(given, 'delta', 'message', 'finish_reason'), delta: said },
      });
    parts.push(...collector.push(delta['tool_calls']));
    return parts;
  }

  return {
    push({ data }) {
      if (data.startsWith('[DONE]')) {
        ended = true;
        return [];
      }
      return take(parseChunk(data));
    },
    // An answer without any choice begins at its end.
    finish: () => [...(ended ? begin(besideChoices) : []), ...collector.end()],
    end() {
      if (!ended && choice['finish_reason'] === undefined)
        throw new UpstreamRefused(502, unreadable('ended too early'));
      const answer = { ...(envelope ?? {}), ...(usage ? { usage } : {}) };
      return turnOf(
        answer,
        likely.length > 0 ? { ...choice, logprobs: { content: likely } } : choice,
        message,
        collector,
      );
    },
  };
}

/** Throws UpstreamRefused for what is not a JSON object. */
export function parseChunk(data: string): Json {
  try {
    return recordOf(JSON.parse(data));
  } catch {
    throw new UpstreamRefused(502, unreadable('is not JSON'));
  }
}

export function unreadable(what: string): Json {
  const message = `The model provider's answer ${what}`;
  return { error: { message, type: 'server_error', param: null, code: 'upstream_invalid' } };
}

/** Text grows, lists grow, objects are merged (OpenRouter's `reasoning_details` by their index), the rest is replaced. */
export function joinMessages(before: Json, delta: Json): Json {
  const joined: { [name: string]: unknown } = { ...before };
  for (const [name, value] of Object.entries(delta)) {
    const known = joined[name];
    if (value === null || value === undefined) joined[name] ??= value;
    else if (typeof value === 'string' && typeof known === 'string' && GROWING.test(name)) joined[name] = known + value;
    else if (Array.isArray(value) && Array.isArray(known)) joined[name] = joinLists(known, value);
    else if (typeof value === 'string' && Array.isArray(known))
      joined[name] = [...known, { type: 'text', text: value }];
    else if (typeof value === 'object' && typeof known === 'object' && known !== null && !Array.isArray(value))
      joined[name] = joinMessages(recordOf(known), recordOf(value));
    else joined[name] = value;
  }
  return joined;
}

/** Identifiers and kinds are said again and again; only these grow. */
const GROWING = /^(?:content|refusal|reasoning|reasoning_content|thinking|text|summary|data|transcript|signature)$/;

function joinLists(known: readonly unknown[], added: readonly unknown[]): unknown[] {
  const joined = [...known];
  for (const item of added) {
    const { index, type } = recordOf(item);
    const at = joined.findIndex(
      (other) => index !== undefined && recordOf(other)['index'] === index && recordOf(other)['type'] === type,
    );
    if (at < 0) joined.push(item);
    else joined[at] = joinMessages(recordOf(joined[at]), recordOf(item));
  }
  return joined;
}

function textsOf(message: Json): { text?: string; refusal?: string; reasoning?: string } {
  const text = contentText(message['content']);
  const refusal = textOf(message['refusal']);
  const reasoning = textOf(message['reasoning_content']) || textOf(message['reasoning']) || textOf(message['thinking']);
  return { ...(text ? { text } : {}), ...(refusal ? { refusal } : {}), ...(reasoning ? { reasoning } : {}) };
}

/** Some upstreams send a list of parts where the others send text. */
export function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  return listOf(content)
    .map((part) => textOf(recordOf(part)['text']))
    .join('');
}

function identityOf(envelope: Json): { id: string; model: string; created: number } {
  return {
    id: textOf(envelope['id']) || `chatcmpl-${newCallId().slice(5)}`,
    model: textOf(envelope['model']),
    created: numberOf(envelope['created']) || Math.floor(Date.now() / 1000),
  };
}

function turnOf(answer: Json, choice: Json, message: Json, collector: ReturnType<typeof createCallCollector>): Turn {
  const calls: readonly ModelCall[] = collector.calls().filter(({ name }) => name !== '');
  const extras = collector.items();
  const finish = readFinish(choice['finish_reason'], calls.length);
  const { text = '', refusal = '', reasoning = '' } = textsOf(message);
  const items = calls.map((call) => ({ ...extras.find(({ id }) => id === call.id), ...callItem(call) }));
  const said: Json = {
    content: null,
    ...message,
    role: 'assistant',
    ...(calls.length > 0 ? { tool_calls: items } : {}),
  };
  return {
    dialect: 'chat',
    ...identityOf(answer),
    text,
    refusal,
    reasoning,
    logprobs: listOf(recordOf(choice['logprobs'])['content']),
    calls: markCut(calls, finish),
    finish,
    ...(answer['usage'] ? { usage: recordOf(answer['usage']) } : {}),
    items: [said],
    answer: { ...without(answer, 'choices'), choice },
  };
}
