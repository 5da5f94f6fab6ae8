import type { Clock } from '../clock.ts';
import type { ProxyLimits } from '../config/proxy-types.ts';
import type { ToolSource } from '../mcp/server.ts';
import { NetError } from '../net/errors.ts';
import { type ApprovalDesk, createApprovalDesk } from './approvals.ts';
import type { Asked } from './asked.ts';
import { createBudget } from './budget.ts';
import { createChatWriter } from './chat-writer.ts';
import type { ClientWriter, ComposeOptions } from './client-dialect.ts';
import { type Conversation, openConversation, unsealed } from './conversation.ts';
import type { DialectChoice } from './dialect-choice.ts';
import { createClientIds } from './hand-over.ts';
import { type Json, recordOf, textOf } from './lenient.ts';
import { type Ended, runLoop } from './loop.ts';
import type { Offer, ToolFunctions } from './offer.ts';
import { createResponsesWriter } from './responses-writer.ts';
import type { Restored } from './restore.ts';
import { type RunOptions, runCalls } from './run-calls.ts';
import { readEvents } from './sse.ts';
import { partsOf } from './turn-parts.ts';
import type { DialectName, Turn } from './types.ts';
import { readAll, type UpstreamAnswer } from './upstream.ts';
import type { UpstreamDialect } from './upstream-dialect.ts';
import { UpstreamRefused } from './upstream-error.ts';

export interface SessionOptions {
  readonly asked: Asked;
  readonly offer: Offer;
  readonly restored: Restored;
  readonly limits: ProxyLimits;
  readonly functions: ToolFunctions;
  readonly source: ToolSource;
  readonly choice: DialectChoice;
  readonly send: (path: string, body: Json) => Promise<UpstreamAnswer>;
  /** The client is gone. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly requestId: string;
  readonly asksAlways: boolean;
  readonly onUsage: (usage: Json | undefined) => void;
}

/** One request on its way through the loop. */
export interface Session {
  /** What a streaming client sees, piece by piece; the first piece comes when the provider has begun to answer. */
  run(): AsyncGenerator<string, Ended>;
  readonly desk: ApprovalDesk;
  /** What ends a stream. */
  finish(ended: Ended): string;
  fail(error: Json): string;
  composeOptions(ended: Ended): ComposeOptions;
  /** Items that a streaming client of Responses was shown. */
  shown(): readonly Json[];
  /** Of the provider's latest answer. */
  headers(): { readonly [name: string]: string };
  /** Members of the client's request that the provider was not told; known with the first piece. */
  dropped(): readonly string[];
  /** A call of ours may have changed something: made again, the request would change it twice. */
  hasWritten(): boolean;
}

export function createSession(options: SessionOptions): Session {
  const { asked, offer, restored, limits, choice, clock } = options;
  const { clientIdOf, nextTurn } = createClientIds(restored.resumed);
  const desk = createApprovalDesk(restored.resumed, { asksAlways: options.asksAlways, clientIdOf });
  let spoken: DialectName = asked.dialect;
  let headers: { readonly [name: string]: string } = {};
  let dropped: readonly string[] = [];
  let writer: ClientWriter | undefined;
  let written = false;

  function conversationIn(dialect: DialectName): Conversation {
    return openConversation(asked, restored, { offer, dialect });
  }

  function speak(conversation: Conversation): void {
    spoken = conversation.dialect.name;
    dropped = conversation.dropped;
  }

  function writerFor({ native }: Conversation): ClientWriter {
    const create = asked.dialect === 'chat' ? createChatWriter : createResponsesWriter;
    writer ??= create({
      clientIdOf,
      native,
      asked: asked.body,
      ownerOf: offer.ownerOf,
      includeUsage: asked.includeUsage,
    });
    return writer;
  }

  /** The provider's answer, in whichever way it takes the request. */
  async function connect(
    conversation: Conversation,
    first: boolean,
  ): Promise<{ answer: UpstreamAnswer; used: Conversation }> {
    try {
      return { answer: await options.send(conversation.dialect.path, conversation.request), used: conversation };
    } catch (error) {
      const other = error instanceof UpstreamRefused ? insteadOf(conversation, error, first) : undefined;
      if (!other) throw error;
      return { answer: await options.send(other.dialect.path, other.request), used: other };
    }
  }

  function insteadOf(conversation: Conversation, refusal: UpstreamRefused, first: boolean): Conversation | undefined {
    if (/encrypted content is not supported/i.test(textOf(refusal.error['message']))) {
      const request = unsealed(conversation.request);
      return request && { ...conversation, request };
    }
    const tried = conversation.dialect.name;
    if (!first || !choice.learn(asked, tried, refusal)) return undefined;
    return conversationIn(tried === 'chat' ? 'responses' : 'chat');
  }

  async function* take(
    conversation: Conversation,
    first: boolean,
  ): AsyncGenerator<string, { turn: Turn; conversation: Conversation }> {
    const { answer, used } = await connect(conversation, first);
    nextTurn();
    headers = answer.headers;
    speak(used);
    const out = writerFor(used);
    if (asked.stream) yield '';
    const turn = yield* read(answer, used.dialect, asked.stream ? out : undefined);
    options.onUsage(turn.usage);
    return { turn, conversation: used };
  }

  async function* run(): AsyncGenerator<string, Ended> {
    const withTools = offer.functions('chat').length > 0 || asked.clientTools.size > 0;
    const opened = conversationIn(choice.choose(asked, withTools));
    speak(opened);
    const time = startDeadline(limits, clock, options.signal);
    const budget = createBudget(limits, clock);
    const signal = AbortSignal.any([options.signal, time.signal]);
    const run: RunOptions = {
      source: options.source,
      offer,
      budget,
      limits,
      dialect: () => spoken,
      argumentsFrom: options.functions.argumentsFrom,
      signal,
      clientSignal: options.signal,
      requestId: options.requestId,
      confirmFor: desk.confirmFor,
      onWritten: () => {
        written = true;
      },
    };
    try {
      return yield* runLoop(opened, {
        asked,
        offer,
        budget,
        limits,
        desk,
        resumed: restored.resumed,
        take,
        clientIdOf,
        show: (part) => (asked.stream ? writerFor(opened).push(part) : ''),
        showResult: (call) => (asked.stream ? writer!.ran(call) : ''),
        run: (calls, onDone) => runCalls(calls, run, onDone),
      });
    } finally {
      time.stop();
    }
  }

  const composeOptions = ({ conversation }: Ended): ComposeOptions => ({
    native: conversation.native,
    asked: asked.body,
  });
  return {
    run,
    desk,
    composeOptions,
    finish: ({ end }) => writer!.end(end),
    fail: (error) => writer?.fail(error) ?? '',
    shown: () => writer?.items() ?? [],
    headers: () => headers,
    dropped: () => dropped,
    hasWritten: () => written,
  };
}

/** Aborts when the time for calls is over. No timer outlives its request: a stream that is left is not always run to its end. */
function startDeadline(
  { seconds }: ProxyLimits,
  clock: Clock,
  gone: AbortSignal,
): { readonly signal: AbortSignal; stop(): void } {
  const over = new AbortController();
  const stopped = new AbortController();
  const reason = new NetError('timeout', true, `The ${seconds} s for tool calls of this request are over`);
  clock.sleep(seconds * 1000, AbortSignal.any([gone, stopped.signal])).then(
    () => over.abort(reason),
    () => undefined,
  );
  return { signal: over.signal, stop: () => stopped.abort() };
}

/** A turn out of an answer; `writer` shows it while it comes. Providers are known to send JSON where a stream was asked for. */
async function* read(
  answer: UpstreamAnswer,
  dialect: UpstreamDialect,
  writer: ClientWriter | undefined,
): AsyncGenerator<string, Turn> {
  const type = answer.headers['content-type'] ?? '';
  const isStream = /event-stream/i.test(type) || (writer !== undefined && !/json/i.test(type));
  if (!isStream) {
    const turn = dialect.readAnswer(parse(await readAll(answer.body)));
    if (writer)
      yield partsOf(turn)
        .map((part) => writer.push(part))
        .join('');
    return turn;
  }
  const reader = dialect.createReader();
  for await (const events of readEvents(answer.body)) {
    let shown = '';
    try {
      for (const event of events) for (const part of reader.push(event)) shown += writer?.push(part) ?? '';
    } finally {
      if (shown !== '') yield shown;
    }
  }
  const rest = reader
    .finish()
    .map((part) => writer?.push(part) ?? '')
    .join('');
  const turn = reader.end();
  if (rest !== '') yield rest;
  return turn;
}

function parse(bytes: Uint8Array): Json {
  try {
    return recordOf(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    const error = {
      message: "The model provider's answer is not JSON",
      type: 'server_error',
      param: null,
      code: 'upstream_invalid',
    };
    throw new UpstreamRefused(502, { error });
  }
}
