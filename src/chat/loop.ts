import type { ProxyLimits } from '../config/proxy-types.ts';
import { type ApprovalDesk, approvalNotice } from './approvals.ts';
import type { Asked } from './asked.ts';
import { type Budget, stopText } from './budget.ts';
import { newCallId } from './chat-calls.ts';
import { type Conversation, grown } from './conversation.ts';
import { forcedName } from './convert-tools.ts';
import type { Offer } from './offer.ts';
import { RequestFailed } from './openai-error.ts';
import { functionCallItem } from './responses-items.ts';
import type { ResumedCall } from './restore.ts';
import { errorAnswer } from './tool-answer.ts';
import type { LoopEnd, ModelCall, Part, Round, SettledCall, StopReason, ToolAnswer, Turn } from './types.ts';
import { closed, released } from './upstream-dialect.ts';

/** What the loop needs of the request it runs for. */
export interface LoopOptions {
  readonly asked: Asked;
  readonly offer: Offer;
  readonly budget: Budget;
  readonly limits: ProxyLimits;
  readonly desk: ApprovalDesk;
  readonly resumed: readonly ResumedCall[];
  /** The model's next turn. Yields what the client sees of it meanwhile, and the conversation it was asked with. */
  readonly take: (
    conversation: Conversation,
    first: boolean,
  ) => AsyncGenerator<string, { turn: Turn; conversation: Conversation }>;
  /** Runs calls of ours; `onDone` as each ends. */
  readonly run: (
    calls: readonly ModelCall[],
    onDone: (call: ModelCall, answer: ToolAnswer) => void,
  ) => Promise<ToolAnswer[]>;
  readonly clientIdOf: (call: ModelCall) => string;
  /** What the client sees of a piece, or of a result. */
  readonly show: (part: Part) => string;
  readonly showResult: (call: SettledCall) => string;
}

export interface Ended {
  readonly end: LoopEnd;
  readonly conversation: Conversation;
}

/**
 * The loop: the model's turn, our calls run, their results to the model, until it makes no more calls of ours. A turn that calls the
 * client's tools too is handed over after ours were run. At a limit the model is asked once more, for an answer without tools.
 */
export async function* runLoop(opened: Conversation, options: LoopOptions): AsyncGenerator<string, Ended> {
  const { offer, budget, desk } = options;
  const rounds: Round[] = [];
  let conversation = opened;
  let stopped: StopReason | undefined;
  let first = true;
  if (options.resumed.length > 0) {
    const resumed = yield* resume(conversation, options);
    rounds.push(resumed.round);
    conversation = resumed.conversation;
    first = false;
  }
  for (;;) {
    const taken = yield* options.take(
      stopped ? { ...conversation, request: closed(conversation.request) } : conversation,
      first,
    );
    first = false;
    const { turn } = taken;
    conversation = stopped ? conversation : taken.conversation;
    const calls = turn.calls.map(
      (call): SettledCall => ({ call, owner: offer.ownerOf(call), clientId: options.clientIdOf(call) }),
    );
    const mine = calls.filter(({ owner }) => owner !== 'client');
    if (stopped) return yield* endStopped(rounds, { turn, calls }, { conversation, stopped, options });
    if (mine.length === 0)
      return {
        conversation: withTurn(conversation, turn),
        end: { rounds: [...rounds, { turn, calls }], approvals: [] },
      };
    const settled = yield* settle(calls, options);
    conversation = next(conversation, turn, settled);
    checkForced(settled, rounds.length === 0 ? forcedName(options.asked.body['tool_choice']) : undefined);
    rounds.push({ turn, calls: settled });
    // The client answers its own calls first; the model may make a call that waits once more.
    if (settled.some(({ owner }) => owner === 'client')) return { conversation, end: { rounds, approvals: [] } };
    if (desk.pending.length > 0)
      return { conversation, end: { rounds, approvals: desk.pending, notice: approvalNotice(desk.pending) } };
    stopped = budget.exhausted(settled);
  }
}

/** What the model said last is remembered, and not sent again in this request. */
function withTurn(conversation: Conversation, turn: Turn): Conversation {
  const { dialect, request, added } = conversation;
  return { ...conversation, added: [...added, ...dialect.itemsOf(turn, [], request)] };
}

function next(conversation: Conversation, turn: Turn, settled: readonly SettledCall[]): Conversation {
  return grown(conversation, conversation.dialect.itemsOf(turn, settled, conversation.request), released);
}

/** Runs ours, and shows each result as it comes. */
async function* settle(
  calls: readonly SettledCall[],
  { run, showResult }: LoopOptions,
): AsyncGenerator<string, SettledCall[]> {
  const mine = calls.filter(({ owner }) => owner !== 'client');
  const shown: string[] = [];
  let wake = (): void => undefined;
  const running = run(
    mine.map(({ call }) => call),
    (call, answer) => {
      shown.push(showResult({ ...mine.find((each) => each.call === call)!, answer }));
      wake();
    },
  );
  const done = running.then(
    () => true,
    () => true,
  );
  for (let finished = false; !finished; ) {
    const told = new Promise<boolean>((resolve) => {
      wake = () => resolve(false);
    });
    if (shown.length === 0) finished = await Promise.race([done, told]);
    for (const text of shown.splice(0)) if (text !== '') yield text;
  }
  const answers = await running;
  return calls.map((settled) => {
    const index = mine.indexOf(settled);
    return index < 0 ? settled : { ...settled, answer: answers[index]! };
  });
}

/** Calls about which a person has decided are made before the model speaks again. */
async function* resume(
  opened: Conversation,
  options: LoopOptions,
): AsyncGenerator<string, { round: Round; conversation: Conversation }> {
  const calls = options.resumed.map(
    ({ id, name, arguments: text }): ModelCall => ({ id, name, arguments: text, kind: 'function' }),
  );
  const turn = resumedTurn(opened, options.asked, calls);
  yield options.show({ kind: 'begin', id: turn.id, model: turn.model, created: turn.created, raw: {} });
  for (const call of calls) {
    yield options.show({ kind: 'call', call });
    yield options.show({ kind: 'call-done', call });
  }
  const open = calls.map(
    (call): SettledCall => ({
      call,
      owner: options.offer.toolFor(call.name) ? 'ours' : 'unknown',
      clientId: options.clientIdOf(call),
    }),
  );
  const settled = yield* settle(open, options);
  const { dialect } = opened;
  const items = settled.flatMap(({ call, answer }, index) => [
    ...(options.resumed[index]!.repeat ? callItems(opened, call) : []),
    dialect.resultItem(call.id, answer!),
  ]);
  return { round: { turn, calls: settled }, conversation: grown(opened, items, released) };
}

function callItems({ dialect }: Conversation, call: ModelCall) {
  if (dialect.name === 'responses') return [functionCallItem(`fc_${call.id}`, call)];
  return [
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: call.id, type: 'function', function: { name: call.name, arguments: call.arguments } }],
    },
  ];
}

/** Stands for the turn in which the calls were made, which the client has seen. */
function resumedTurn({ dialect }: Conversation, { model }: Asked, calls: readonly ModelCall[]): Turn {
  const id = `${dialect.name === 'chat' ? 'chatcmpl-' : 'resp_'}${newCallId().slice(5)}`;
  const items = dialect.name === 'chat' ? [] : calls.map((call) => functionCallItem(`fc_${call.id}`, call));
  const created = Math.floor(Date.now() / 1000);
  return {
    dialect: dialect.name,
    id,
    model,
    created,
    text: '',
    refusal: '',
    reasoning: '',
    logprobs: [],
    calls,
    finish: 'tool_calls',
    items,
    answer: {},
  };
}

/** A tool that the client insists on and that cannot be reached fails the request (OpenAI itself answers 424 then). */
function checkForced(settled: readonly SettledCall[], forced: string | undefined): void {
  const error = settled.find(({ call }) => call.name === forced)?.answer?.error;
  if (error?.type !== 'tool_unavailable' || error.code === 'CONFIRMATION_REQUIRED') return;
  const wait = error.retry_after_s === undefined ? {} : { 'retry-after': String(error.retry_after_s) };
  throw new RequestFailed(
    424,
    { message: error.message, type: 'tool_unavailable', param: 'tool_choice', code: String(error.code).toLowerCase() },
    wait,
  );
}

interface Closing {
  readonly conversation: Conversation;
  readonly stopped: StopReason;
  readonly options: LoopOptions;
}

/** The end at a limit. Calls that are made nevertheless are not run; a model that says nothing has the bridge speak for it. */
async function* endStopped(
  before: readonly Round[],
  { turn, calls }: Round,
  { conversation, stopped, options }: Closing,
): AsyncGenerator<string, Ended> {
  const message = `${stopText(stopped, options.limits)}. Not executed.`;
  const refused = errorAnswer({ type: 'tool_unavailable', code: stopped, message, retryable: false });
  const settled = calls.map((call) => (call.owner === 'client' ? call : { ...call, answer: refused }));
  for (const call of settled) if (call.answer) yield options.showResult(call);
  const rounds = [...before, { turn, calls: settled }];
  const undone = rounds.flatMap((round) => round.calls).filter(({ answer }) => answer?.error?.code === stopped);
  const notDone = [...new Set(undone.map(({ call }) => call.name))];
  const handsOver = settled.some(({ owner }) => owner === 'client');
  const silent = !handsOver && (settled.length > 0 || (turn.text === '' && turn.refusal === ''));
  const told = `${stopText(stopped, options.limits)}, and the model came to no answer.`;
  const notice = silent ? { notice: notDone.length === 0 ? told : `${told} Not done: ${notDone.join(', ')}.` } : {};
  return {
    conversation: settled.length > 0 ? next(conversation, turn, settled) : withTurn(conversation, turn),
    end: { rounds, stopped: { reason: stopped, notDone }, approvals: [], ...notice },
  };
}
