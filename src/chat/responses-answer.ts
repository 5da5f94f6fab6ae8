import type { ComposeOptions } from './client-dialect.ts';
import { type Json, without } from './lenient.ts';
import { approvalItem, functionCallItem, messageItem, ranItem, reasoningItem, textPart } from './responses-items.ts';
import { callIn } from './responses-reader.ts';
import type { LoopEnd, Round, Turn } from './types.ts';
import { addUsage, toResponsesUsage } from './usage.ts';

/** Clients tell the dialects apart by the id's beginning. */
export function responseId(id: string): string {
  return id.startsWith('resp_') ? id : `resp_${id.replace(/^chatcmpl-/, '').replace(/[^A-Za-z0-9_-]/g, '')}`;
}

/**
 * All rounds as one response: the first one's id, the items of all (our calls as `mcp_call`), tokens of all. `streamed`: the items as the
 * client has seen them already.
 */
export function composeResponse(end: LoopEnd, options: ComposeOptions, streamed?: readonly Json[]): Json {
  const { rounds, stopped } = end;
  const id = responseId(rounds[0]!.turn.id);
  const last = rounds.at(-1)!.turn;
  const output = streamed ?? outputOf(end, id.slice(5), options.native);
  const incomplete = stopped
    ? 'max_tool_calls'
    : { length: 'max_output_tokens', content_filter: 'content_filter', stop: '', tool_calls: '' }[last.finish];
  const usage = responsesUsage(rounds);
  return {
    ...envelopeOf(rounds[0]!.turn, last, options),
    status: incomplete === '' ? 'completed' : 'incomplete',
    incomplete_details: incomplete === '' ? null : { reason: incomplete },
    output,
    ...(usage ? { usage } : { usage: null }),
    ...(stopped ? { actionbridge: { stopped: { reason: stopped.reason, not_done: stopped.notDone } } } : {}),
  };
}

function outputOf({ rounds, notice, approvals }: LoopEnd, base: string, native: boolean): Json[] {
  return [
    ...rounds.flatMap((round, index) => (native ? nativeItems(round) : foreignItems(round, `${base}_${index}`))),
    ...(notice === undefined ? [] : [messageItem(`msg_${base}_notice`, [textPart(notice)])]),
    ...approvals.map(approvalItem),
  ];
}

/** A response without its outcome. What the client asked is told as it asked it: our tools are none of its. */
export function envelopeOf(
  first: Pick<Turn, 'id' | 'created' | 'model'>,
  last: Pick<Turn, 'answer' | 'model'>,
  { asked = {}, native }: ComposeOptions,
): Json {
  const own =
    native && Object.keys(last.answer).length > 0
      ? without(last.answer, 'output', 'usage', 'status', 'incomplete_details', 'output_text')
      : { ...DEFAULTS, ...pick(asked, Object.keys(DEFAULTS)) };
  return {
    ...own,
    id: responseId(first.id),
    object: 'response',
    created_at: first.created,
    model: last.model || first.model,
    error: null,
    tools: asked['tools'] ?? [],
    tool_choice: asked['tool_choice'] ?? 'auto',
    previous_response_id: asked['previous_response_id'] ?? null,
  };
}

const DEFAULTS: Json = {
  background: false,
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  metadata: {},
  parallel_tool_calls: true,
  reasoning: { effort: null, summary: null },
  service_tier: 'default',
  store: true,
  temperature: null,
  text: { format: { type: 'text' } },
  top_p: null,
  truncation: 'disabled',
  user: null,
};

function pick(value: Json, names: readonly string[]): Json {
  return Object.fromEntries(names.filter((name) => value[name] !== undefined).map((name) => [name, value[name]]));
}

function nativeItems({ turn, calls }: Round): Json[] {
  return turn.items.map((item) => {
    const call = callIn(item);
    const settled = call && calls.find((each) => each.call.id === call.id);
    if (!settled) return item;
    return settled.owner === 'client' ? { ...item, call_id: settled.clientId } : ranItem(settled);
  });
}

function foreignItems({ turn, calls }: Round, base: string): Json[] {
  const parts = [
    ...(turn.text.trim() === '' ? [] : [textPart(turn.text, turn.logprobs)]),
    ...(turn.refusal === '' ? [] : [{ type: 'refusal', refusal: turn.refusal }]),
  ];
  return [
    ...(turn.reasoning === '' ? [] : [reasoningItem(`rs_${base}`, turn.reasoning)]),
    ...(parts.length === 0 ? [] : [messageItem(`msg_${base}`, parts)]),
    ...calls.map((settled) =>
      settled.owner === 'client'
        ? functionCallItem(`fc_${settled.clientId}`, { ...settled.call, id: settled.clientId })
        : ranItem(settled),
    ),
  ];
}

function responsesUsage(rounds: readonly Round[]): Json | undefined {
  return rounds
    .map(({ turn }) => (turn.usage && turn.dialect === 'chat' ? toResponsesUsage(turn.usage) : turn.usage))
    .reduce((sum, usage) => addUsage(sum, usage), undefined);
}
