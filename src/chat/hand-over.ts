import type { ApprovalDesk } from './approvals.ts';
import type { Asked } from './asked.ts';
import { chatId } from './chat-answer.ts';
import { newCallId } from './chat-calls.ts';
import { type Json, listOf, recordOf, textOf } from './lenient.ts';
import type { Ended } from './loop.ts';
import type { Remembered, RememberedCall, TurnMemory } from './memory.ts';
import { responseId } from './responses-answer.ts';
import { isRanId, ranId, toldItems } from './responses-items.ts';
import type { ModelCall } from './types.ts';
import { DIALECTS } from './upstream-dialect.ts';

/** The ids that the client knows its calls by: the upstream's where they are unique, else ids of ours. */
export interface ClientIds {
  clientIdOf(call: ModelCall): string;
  /** The model speaks again: its ids stand for other calls now. */
  nextTurn(): void;
}

/** Upstreams that count (`call_0`, `0`) give the same ids in every conversation, so nothing can be remembered under them. */
const UNIQUE = /^[\w-]{20,}$/;

/** `known`: calls that the client has an id for already. */
export function createClientIds(known: readonly Pick<RememberedCall, 'id' | 'clientId'>[] = []): ClientIds {
  const made = new Map(known.map(({ id, clientId }) => [id, clientId]));
  return {
    clientIdOf({ id }) {
      if (UNIQUE.test(id)) return id;
      const own = made.get(id) ?? newCallId();
      made.set(id, own);
      return own;
    },
    nextTurn: () => made.clear(),
  };
}

export interface EndOptions {
  readonly memory: TurnMemory;
  readonly principal: string | undefined;
  readonly desk: ApprovalDesk;
  /** Responses: the items that the client was shown. */
  readonly shown: readonly Json[];
}

/**
 * Remembers what the client was not shown and will need: under the ids of the calls that it was handed, of the calls that wait for a
 * person, and (Responses) of the response.
 */
export async function rememberEnd(ended: Ended, asked: Asked, given: EndOptions): Promise<void> {
  const { memory, principal, desk } = given;
  const { rounds } = ended.end;
  const handed = rounds.at(-1)!.calls.filter(({ owner }) => owner === 'client');
  const ids = Object.fromEntries(
    handed.filter(({ call, clientId }) => call.id !== clientId).map(({ call, clientId }) => [clientId, call.id]),
  );
  const pending = ended.end.approvals.length > 0 ? desk.remembered : [];
  const waiting = new Set(pending.map(({ id }) => id));
  const turn: Remembered = {
    dialect: ended.conversation.dialect.name,
    items: ended.conversation.added.filter((item) => !isResultOf(item, waiting)),
    ids,
    ...(pending.length > 0 ? { pending } : {}),
  };
  for (const { approval } of pending) await memory.put(principal, approval, turn);
  if (asked.dialect === 'responses') {
    await rememberItems(ended, asked, given);
    return rememberResponse(ended, asked, turn, given);
  }
  const hidden =
    rounds.length > 1 || rounds[0]!.calls.some(({ owner }) => owner !== 'client') || !ended.conversation.native;
  if (handed.length > 0 && (hidden || Object.keys(ids).length > 0))
    await memory.put(principal, handed[0]!.clientId, turn);
}

/**
 * Items by their ids. Clients repeat our calls without their results, or only refer to items that they believe to be stored; where
 * the provider does not know responses, nobody else has stored any.
 */
async function rememberItems(ended: Ended, asked: Asked, { memory, principal, shown }: EndOptions): Promise<void> {
  const remember = (id: string, items: readonly Json[]) =>
    memory.put(principal, id, { dialect: 'responses', items, ids: {} });
  for (const { call, clientId, answer } of ended.end.rounds.flatMap(({ calls }) => calls)) {
    if (!answer) continue;
    const { output } = DIALECTS.responses.resultItem(clientId, answer);
    await remember(ranId(clientId), toldItems({ ...call, id: clientId }, output));
  }
  if (asked.body['store'] === false || ended.conversation.dialect.name === 'responses') return;
  for (const item of shown) if (!isRanId(textOf(item['id']))) await remember(textOf(item['id']), [item]);
}

/** For `previous_response_id`. A provider that stores responses needs only what came after its last one. */
async function rememberResponse(
  ended: Ended,
  asked: Asked,
  turn: Remembered,
  { memory, principal }: { memory: TurnMemory; principal: string | undefined },
): Promise<void> {
  if (asked.body['store'] === false) return;
  const { rounds } = ended.end;
  const id = responseId(chatId(rounds[0]!.turn.id));
  const last = rounds.at(-1)!;
  if (turn.dialect === 'chat') {
    const { request, added } = ended.conversation;
    const before = listOf(request['messages'])
      .map(recordOf)
      .filter((message) => !added.includes(message));
    return memory.put(principal, id, { ...turn, items: [...withoutInstructions(before, asked), ...turn.items] });
  }
  const waiting = new Set(turn.pending?.map((call) => call.id));
  const answered = last.calls.filter(({ call, answer }) => answer && !waiting.has(call.id));
  const results = answered.map(({ call, answer }) => ended.conversation.dialect.resultItem(call.id, answer!));
  if (last.turn.id === id && results.length === 0 && waiting.size === 0) return;
  await memory.put(principal, id, { ...turn, items: results, previous: last.turn.id });
}

/** Results of calls that wait are made when they are. */
function isResultOf(item: Json, ids: ReadonlySet<string>): boolean {
  const isResult = item['role'] === 'tool' || item['type'] === 'function_call_output';
  return isResult && ids.has(textOf(item['tool_call_id'] ?? item['call_id']));
}

/** Instructions are not carried over by `previous_response_id`. */
function withoutInstructions(messages: readonly Json[], { body }: Asked): readonly Json[] {
  return typeof body['instructions'] === 'string' && body['instructions'] !== '' ? messages.slice(1) : messages;
}
