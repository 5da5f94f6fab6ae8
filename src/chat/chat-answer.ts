import { callItem } from './chat-calls.ts';
import type { ComposeOptions } from './client-dialect.ts';
import { isCut } from './finish.ts';
import { type Json, recordOf, without } from './lenient.ts';
import { joinReasoning } from './reasoning.ts';
import type { Finish, LoopEnd, Round } from './types.ts';
import { addUsage, toChatUsage } from './usage.ts';

/** All rounds as one chat completion: the first one's id, text of all, the client's own calls, tokens of all. */
export function composeChat(end: LoopEnd, { native }: Pick<ComposeOptions, 'native'>): Json {
  const first = end.rounds[0]!.turn;
  const last = end.rounds.at(-1)!;
  const envelope = native ? without(last.turn.answer, 'choice', 'usage', 'error') : {};
  const choice = native ? recordOf(last.turn.answer['choice']) : {};
  const calls = last.calls
    .filter(({ owner }) => owner === 'client')
    .map(({ call, clientId }) => ({ ...call, id: clientId }));
  const usage = chatUsage(end.rounds);
  return {
    ...envelope,
    id: chatId(first.id),
    object: 'chat.completion',
    created: first.created,
    model: last.turn.model || first.model,
    choices: [
      {
        index: 0,
        ...without(choice, 'message', 'delta'),
        logprobs: logprobsOf(end.rounds, recordOf(choice['logprobs'])),
        message: { ...messageOf(end, native), ...(calls.length > 0 ? { tool_calls: calls.map(callItem) } : {}) },
        finish_reason: finishOf(end, calls.length),
      },
    ],
    ...(usage ? { usage } : {}),
    ...extensionOf(end),
  };
}

/** What a client of this proxy may want to know, and others ignore. */
function extensionOf(end: LoopEnd): Json {
  const { stopped, approvals } = end;
  if (!stopped && approvals.length === 0) return {};
  return {
    actionbridge: {
      ...(stopped ? { stopped: { reason: stopped.reason, not_done: stopped.notDone } } : {}),
      ...(approvals.length > 0 ? { requires_action: { type: 'approve', approvals: approvals.map(approvalOf) } } : {}),
    },
  };
}

function approvalOf({ id, call, api, message }: LoopEnd['approvals'][number]): Json {
  return { id, api, tool: call.name, arguments: call.arguments, message };
}

function messageOf({ rounds, notice }: LoopEnd, native: boolean): Json {
  const last = rounds.at(-1)!.turn;
  const own = native ? without(last.items[0] ?? {}, 'tool_calls') : {};
  const text = [...rounds.map(({ turn }) => turn.text), notice ?? ''].filter((each) => each.trim() !== '').join('\n\n');
  return {
    ...own,
    ...joinReasoning(
      rounds.map(({ turn }) => (native ? recordOf(turn.items[0]) : { reasoning_content: turn.reasoning })),
    ),
    role: 'assistant',
    content: text === '' && rounds.length > 0 ? emptyContent(rounds) : text,
    refusal: last.refusal === '' ? null : last.refusal,
  };
}

/** OpenAI's `content` is null beside calls and refusals, and text otherwise. */
function emptyContent(rounds: readonly Round[]): string | null {
  const last = rounds.at(-1)!;
  return last.calls.some(({ owner }) => owner === 'client') || last.turn.refusal !== '' ? null : '';
}

function finishOf({ rounds, notice }: LoopEnd, calls: number): Finish {
  const { finish } = rounds.at(-1)!.turn;
  if (calls > 0) return isCut(finish) ? finish : 'tool_calls';
  if (notice !== undefined) return 'stop';
  return finish === 'tool_calls' ? 'stop' : finish;
}

/** Of the text of all rounds. */
function logprobsOf(rounds: readonly Round[], own: Json): Json | null {
  const content = rounds.flatMap(({ turn }) => turn.logprobs);
  if (content.length > 0) return { refusal: null, ...own, content };
  return Object.keys(own).length > 0 ? own : null;
}

function chatUsage(rounds: readonly Round[]): Json | undefined {
  return rounds
    .map(({ turn }) => (turn.usage && turn.dialect === 'responses' ? toChatUsage(turn.usage) : turn.usage))
    .reduce((sum, usage) => addUsage(sum, usage), undefined);
}

/** Clients tell the dialects apart by the id's beginning. */
export function chatId(id: string): string {
  return id.startsWith('resp_') ? `chatcmpl-${id.slice(5)}` : id;
}
