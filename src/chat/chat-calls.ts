import { randomBytes } from 'node:crypto';
import { argumentsText, type Json, listOf, recordOf, textOf, without } from './lenient.ts';
import type { ModelCall, Part } from './types.ts';

/** A call that is still being written. */
interface OpenCall {
  readonly key: string;
  readonly kind: ModelCall['kind'];
  id: string;
  name: string;
  arguments: string;
  /** What of the arguments was not passed on yet. */
  pending: string;
  announced: boolean;
  /** Members no one here knows, such as Gemini's thought signatures: the next request must repeat them. */
  extra: Json;
}

/** Collects the calls of one message. */
export interface CallCollector {
  /** `delta.tool_calls` of a chunk. */
  push(deltas: unknown): Part[];
  end(): Part[];
  calls(): readonly ModelCall[];
  /** `tool_calls` of the message, as the next request repeats them. */
  items(): readonly Json[];
}

const KNOWN = ['index', 'id', 'type', 'function', 'custom', 'name', 'arguments', 'input'];

/**
 * Tool calls of a chat stream. Pieces belong together by index, else by id, else by order; upstreams are known to leave out
 * indices and ids, to give every call index 0, to repeat id and name in each piece, and to send a whole call in one piece.
 * A call is announced once its name is whole: when arguments begin, another call begins, or the message ends.
 */
export function createCallCollector(): CallCollector {
  const open: OpenCall[] = [];

  function find(delta: Json, name: string): OpenCall | undefined {
    const id = textOf(delta['id']);
    const { index } = delta;
    if (typeof index === 'number') {
      const same = open.findLast(({ key }) => key === String(index));
      return same && isAnother(same, id, name) ? undefined : same;
    }
    if (id !== '') return open.findLast((call) => call.id === id);
    const last = open.at(-1);
    return last && name !== '' && last.arguments !== '' ? undefined : last;
  }

  function announce(call: OpenCall): Part[] {
    if (call.announced) return [];
    if (call.id === '' || open.some((other) => other !== call && other.announced && other.id === call.id))
      call.id = newCallId();
    call.announced = true;
    return [{ kind: 'call', call: snapshot(call) }];
  }

  function begin(delta: Json): OpenCall {
    const call: OpenCall = {
      key: typeof delta['index'] === 'number' ? String(delta['index']) : `after ${open.length}`,
      kind: delta['type'] === 'custom' || delta['custom'] !== undefined ? 'custom' : 'function',
      id: textOf(delta['id']),
      name: '',
      arguments: '',
      pending: '',
      announced: false,
      extra: {},
    };
    open.push(call);
    return call;
  }

  function take(delta: Json): Part[] {
    const inner = recordOf(delta['function'] ?? delta['custom'] ?? delta);
    const name = textOf(inner['name']);
    const before = open.at(-1);
    const known = find(delta, name);
    const parts = !known && before && before.name !== '' ? announce(before) : [];
    const call = known ?? begin(delta);
    call.extra = { ...call.extra, ...without(delta, ...KNOWN) };
    if (call.id === '') call.id = textOf(delta['id']);
    if (!call.announced && call.name !== name) call.name += name;
    const text = argumentsText(inner['arguments'] ?? inner['input']);
    call.arguments += text;
    call.pending += text;
    if (call.name === '' || call.pending === '') return parts;
    parts.push(...announce(call));
    parts.push({ kind: 'arguments', call: snapshot(call), text: call.pending });
    call.pending = '';
    return parts;
  }

  return {
    push: (deltas) => listOf(deltas).flatMap((delta) => take(recordOf(delta))),
    end: () => open.flatMap((call): Part[] => [...announce(call), { kind: 'call-done', call: snapshot(call) }]),
    calls: () => open.map(snapshot),
    items: () => open.map((call) => ({ ...call.extra, ...callItem(snapshot(call)) })),
  };
}

/** One index for all calls: another id together with a name begins another call. */
function isAnother(call: OpenCall, id: string, name: string): boolean {
  return id !== '' && call.id !== '' && id !== call.id && name !== '';
}

/** A call as `tool_calls` of a message has it. */
export function callItem({ id, name, arguments: text, kind }: ModelCall): Json {
  return kind === 'custom'
    ? { id, type: 'custom', custom: { name, input: text } }
    : { id, type: 'function', function: { name, arguments: text === '' ? '{}' : text } };
}

/** An id as OpenAI writes them. */
export function newCallId(): string {
  return `call_${randomBytes(16).toString('hex').slice(0, 24)}`;
}

function snapshot({ id, name, arguments: text, kind }: OpenCall): ModelCall {
  return { id, name, arguments: text, kind };
}
