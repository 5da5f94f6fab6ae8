import type { CallOutcome } from '../bridge.ts';
import type { AskPerson } from '../call/question.ts';
import type { ProxyLimits } from '../config/proxy-types.ts';
import { BridgeError } from '../errors.ts';
import type { ToolSource } from '../mcp/server.ts';
import type { Tool } from '../tool/types.ts';
import { type Budget, stopText } from './budget.ts';
import { type Json, recordOf } from './lenient.ts';
import type { Offer } from './offer.ts';
import { answerOf, brokenArguments, errorAnswer, unknownTool } from './tool-answer.ts';
import type { DialectName, ModelCall, ToolAnswer } from './types.ts';

export interface RunOptions {
  readonly source: ToolSource;
  readonly offer: Offer;
  readonly budget: Budget;
  readonly limits: ProxyLimits;
  /** That the calls were made in. */
  readonly dialect: () => DialectName;
  readonly argumentsFrom: (tool: Tool, dialect: DialectName, args: Json) => Json;
  /** Ends calls: the client is gone, or the time is over. */
  readonly signal: AbortSignal;
  readonly clientSignal: AbortSignal;
  readonly requestId: string;
  /** Asks the person behind the client; absent: the tool's own policy for surfaces that cannot ask. */
  readonly confirmFor: (call: ModelCall, tool: Tool) => AskPerson | undefined;
  /** A call may have changed something behind its API. */
  readonly onWritten: () => void;
}

/**
 * Runs calls of one turn, at most `limits.parallel` at a time. `onDone` is told of each as it ends; the results are in the order of the
 * calls. Whatever goes wrong is a result.
 */
export async function runCalls(
  calls: readonly ModelCall[],
  options: RunOptions,
  onDone: (call: ModelCall, answer: ToolAnswer) => void,
): Promise<ToolAnswer[]> {
  const answers: ToolAnswer[] = [];
  const waiting = calls.map((call, index) => async () => {
    const answer = await runCall(call, options);
    answers[index] = answer;
    onDone(call, answer);
  });
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await next();
  };
  await Promise.all(Array.from({ length: Math.min(options.limits.parallel, calls.length) }, work));
  return answers;
}

async function runCall(call: ModelCall, options: RunOptions): Promise<ToolAnswer> {
  const { offer, budget, limits, dialect } = options;
  const offered = offer.toolFor(call.name);
  if (!offered) return refuse(call, options);
  const { tool } = offered;
  const parsed = parseArguments(call);
  if (typeof parsed === 'string') return brokenArguments(parsed, tool.input as unknown as Json);
  const args = options.argumentsFrom(tool, dialect(), parsed);
  const refused = budget.admit(tool.name, args);
  if (refused) {
    const message = `${stopText(refused, limits)}. Not executed: ${call.name}. Answer with what you have, and say what was not done.`;
    return errorAnswer({ type: 'tool_unavailable', code: refused, message, retryable: false });
  }
  const confirm = options.confirmFor(call, tool);
  const outcome = await callTool(tool, args, { ...options, ...(confirm ? { confirm } : {}) });
  if (mayHaveWritten(outcome)) options.onWritten();
  options.clientSignal.throwIfAborted();
  const answer = answerOf(outcome);
  budget.note(tool.name, args, answer.text);
  return answer;
}

/** A tool that was not offered. Whether the caller may know of it is for the source to say, and for its audit log. */
async function refuse({ name }: ModelCall, { offer, source, signal, requestId }: RunOptions): Promise<ToolAnswer> {
  if (offer.isWithheld(name)) {
    const message = `This request may not use the tool ${name}`;
    return errorAnswer({ type: 'tool_unavailable', code: 'NOT_PERMITTED', message, retryable: false });
  }
  try {
    return answerOf(await source.call(name, {}, { surface: 'chat', signal, requestId }));
  } catch (error) {
    if (error instanceof BridgeError && error.code === 'TOOL_UNKNOWN') return unknownTool(name, offer.names);
    throw error;
  }
}

async function callTool(
  tool: Tool,
  args: Json,
  options: RunOptions & { readonly confirm?: AskPerson },
): Promise<Outcome> {
  const { source, signal, requestId, confirm } = options;
  try {
    return await source.call(tool.name, args, { surface: 'chat', signal, requestId, ...(confirm ? { confirm } : {}) });
  } catch (error) {
    if (options.clientSignal.aborted) throw error;
    const message = error instanceof Error ? error.message : String(error);
    const failure = { code: 'INTERNAL', message, hint: 'Do without this tool.', retryable: false };
    return { tool, result: { kind: 'failed', error: failure } };
  }
}

/** Without a trace nobody knows how far the call came. */
type Outcome = Pick<CallOutcome, 'tool' | 'result'> & Partial<Pick<CallOutcome, 'trace'>>;

/** A call that does more than read, that left, and that is not known to have broken before it had an effect. */
function mayHaveWritten({ tool, result, trace }: Outcome): boolean {
  if (tool.hints.readOnly || trace?.attempts === 0) return false;
  return result.kind !== 'failed' || !result.error.retryable;
}

/** The arguments, or what is wrong with them. Nothing at all stands for no arguments. */
function parseArguments({ arguments: text, cut }: ModelCall): Json | string {
  if (text.trim() === '') return cut ? CUT_OFF : {};
  try {
    const value: unknown = JSON.parse(text);
    if (value === null) return {};
    // Some models quote the object once more.
    const unquoted: unknown = typeof value === 'string' ? JSON.parse(value) : value;
    if (typeof unquoted === 'object' && unquoted !== null && !Array.isArray(unquoted)) return recordOf(unquoted);
    return 'they must be a JSON object';
  } catch (error) {
    return cut ? CUT_OFF : `they are not JSON: ${(error as Error).message}`;
  }
}

const CUT_OFF = 'they were cut off: the answer ended before they were whole. Write less at a time';
