import type { Asked } from './asked.ts';
import { type Decision, decisionIn } from './decision.ts';
import { type Json, listOf, recordOf, textOf } from './lenient.ts';
import type { Remembered, RememberedCall } from './memory.ts';
import { isOurApproval, toldItems, unshow } from './responses-items.ts';
import type { DialectName } from './types.ts';

/** A stretch of the conversation, and the dialect it is written in. */
export interface Segment {
  readonly dialect: DialectName;
  readonly items: readonly Json[];
}

/** A client's conversation with what it was not shown put back where it belongs. */
export interface Restored {
  readonly segments: readonly Segment[];
  /** Nothing was put back: the client's own items can go out as they are. */
  readonly untouched: boolean;
  /** Responses: the upstream's id for the client's `previous_response_id`. */
  readonly previous?: string;
  /** Calls about which a person has decided now. */
  readonly resumed: readonly ResumedCall[];
  /** Chat: the turn in which the resumed calls were made; the client's messages do not show it. */
  readonly resumedTurn?: Segment;
}

export interface ResumedCall extends RememberedCall {
  readonly approved: boolean;
  /** The call itself is not in the conversation yet. */
  readonly repeat: boolean;
}

export type FindTurn = (id: string) => Promise<Remembered | undefined>;

/** Puts back what is remembered of a client's conversation. What is forgotten stays as the client tells it. */
export function restore(asked: Asked, find: FindTurn): Promise<Restored> {
  return asked.dialect === 'chat' ? restoreChat(asked, find) : restoreResponses(asked, find);
}

async function restoreChat(asked: Asked, find: FindTurn): Promise<Restored> {
  const given = listOf(asked.body['messages']).map(recordOf);
  const decision = decisionIn(asked, given);
  const segments: Segment[] = [];
  const ids = new Map<string, string>();
  const resumed: ResumedCall[] = [];
  let touched = false;
  let madeIn: Remembered | undefined;
  const put = (turn: Remembered) => {
    touched = true;
    segments.push({ dialect: turn.dialect, items: turn.items });
    for (const [clientId, id] of Object.entries(turn.ids)) ids.set(clientId, id);
    const calls = decided(turn, decision, false);
    resumed.push(...calls);
    if (calls.length > 0) madeIn = turn;
  };
  for (const message of given) {
    if (decision?.spoken && message === given.at(-1) && resumed.length > 0) continue;
    const turn = await turnBehind(message, decision, find);
    if (turn) put(turn);
    else segments.push({ dialect: 'chat', items: [withId(message, ids)] });
  }
  if (decision && !decision.spoken && resumed.length === 0) {
    const turn = await firstOf(decision.ids, find);
    if (turn) put(turn);
  }
  const made = resumed.length > 0 ? segments.findLast(({ items }) => items === madeIn?.items) : undefined;
  return { segments, untouched: !touched, resumed, ...(made ? { resumedTurn: made } : {}) };
}

/** The turn that an assistant's message stands for. */
async function turnBehind(
  message: Json,
  decision: Decision | undefined,
  find: FindTurn,
): Promise<Remembered | undefined> {
  if (message['role'] !== 'assistant') return undefined;
  const calls = listOf(message['tool_calls']).map((call) => textOf(recordOf(call)['id']));
  const content = textOf(message['content']);
  return firstOf([...calls, ...(decision?.ids.filter((id) => content.includes(id)) ?? [])], find);
}

async function firstOf(ids: readonly string[], find: FindTurn): Promise<Remembered | undefined> {
  for (const id of ids) {
    const turn = await find(id);
    if (turn) return turn;
  }
  return undefined;
}

function withId(message: Json, ids: ReadonlyMap<string, string>): Json {
  const id = message['role'] === 'tool' ? ids.get(textOf(message['tool_call_id'])) : undefined;
  return id === undefined ? message : { ...message, tool_call_id: id };
}

function decided(turn: Remembered, decision: Decision | undefined, repeat: boolean): ResumedCall[] {
  if (!decision?.ids.some((id) => turn.pending?.some(({ approval }) => approval === id))) return [];
  return (turn.pending ?? []).map((call) => ({
    ...call,
    id: repeat ? call.clientId : call.id,
    approved: decision.approved.has(call.approval),
    repeat,
  }));
}

async function restoreResponses(asked: Asked, find: FindTurn): Promise<Restored> {
  const { input, previous_response_id: previousId } = asked.body;
  const items =
    typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : listOf(input).map(recordOf);
  const decision = decisionIn(asked, items);
  const before = typeof previousId === 'string' ? await find(previousId) : undefined;
  const asksInInput = items.some(isOurApproval);
  const waiting = decision ? ((asksInInput ? undefined : before) ?? (await firstOf(decision.ids, find))) : undefined;
  const resumed = waiting ? decided(waiting, decision, asksInInput) : [];
  const now = new Set(resumed.map(({ clientId }) => clientId));
  const shown = await unshowAll(items, { ids: before?.ids ?? {}, now, find });
  const touched = before !== undefined || shown.touched;
  return {
    segments: [
      ...(before ? [{ dialect: before.dialect, items: before.items }] : []),
      { dialect: 'responses', items: shown.items },
    ],
    untouched: !touched,
    ...(before?.previous === undefined ? {} : { previous: before.previous }),
    resumed,
  };
}

interface Unshowing {
  readonly ids: Remembered['ids'];
  /** Calls that are made now. */
  readonly now: ReadonlySet<string>;
  readonly find: FindTurn;
}

/**
 * The items as the upstream had them: our calls as functions with their results, the latest where a call stands there twice; what is
 * only referred to, as far as it is known here; requests for approval and their answers are not for the model. Calls that are made
 * now are left out.
 */
async function unshowAll(
  given: readonly Json[],
  { ids, now, find }: Unshowing,
): Promise<{ items: Json[]; touched: boolean }> {
  const last = new Map(given.map((item, index) => [textOf(item['id']), index]));
  const items: Json[] = [];
  for (const [index, item] of given.entries()) {
    const id = textOf(item['id']);
    const ours = unshow(item);
    if (ours && (now.has(ours.call.id) || last.get(id) !== index)) continue;
    if (isOurApproval(item) || isOurAnswer(item)) continue;
    if (ours) items.push(...(await resultOf(ours, id, find)));
    else if (item['type'] === 'item_reference') items.push(...((await find(id))?.items ?? [item]));
    else items.push(withCallId(item, ids));
  }
  return { items, touched: items.length !== given.length || items.some((item, index) => item !== given[index]) };
}

/** A result that the client did not repeat is looked up; one that is forgotten is not made up. */
async function resultOf(
  { call, output }: NonNullable<ReturnType<typeof unshow>>,
  id: string,
  find: FindTurn,
): Promise<readonly Json[]> {
  if (output !== undefined) return toldItems(call, output);
  return (await find(id))?.items ?? toldItems(call, FORGOTTEN);
}

const FORGOTTEN = 'The result of this call is not known any more. Call again if it is needed.';

function withCallId(item: Json, ids: Remembered['ids']): Json {
  const id = ids[textOf(item['call_id'])];
  return id === undefined ? item : { ...item, call_id: id };
}

function isOurAnswer(item: Json): boolean {
  return item['type'] === 'mcp_approval_response' && textOf(item['approval_request_id']).startsWith('apr_');
}
