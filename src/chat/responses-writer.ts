import { unreachable } from '../errors.ts';
import type { ClientWriter, WriterOptions } from './client-dialect.ts';
import { type Json, numberOf, recordOf } from './lenient.ts';
import { composeResponse, envelopeOf } from './responses-answer.ts';
import { approvalItem, functionCallItem, ranItem } from './responses-items.ts';
import { createTextItems } from './responses-text.ts';
import { writeEvent } from './sse.ts';
import type { LoopEnd, ModelCall, Part, SettledCall } from './types.ts';

/** Writes one event and gives it its number. */
export type Emit = (event: Json) => string;

/**
 * Responses' events: one response, output indices and sequence numbers without gaps, our calls as `mcp_call` items. Events that came in
 * this dialect keep every member they have.
 */
export function createResponsesWriter(options: WriterOptions): ClientWriter {
  const { ownerOf, clientIdOf, native } = options;
  /** What was streamed, by output index. */
  const output: Json[] = [];
  /** The client's index of an output index of this round. */
  let places = new Map<number, number>();
  const callPlaces = new Map<string, number>();
  let envelope: Json | undefined;
  let round = 0;
  let sequence = 0;
  const emit: Emit = (event) => writeEvent({ ...event, sequence_number: sequence++ }, String(event['type']));
  const texts = createTextItems(emit, output, () => String(envelope?.['id'] ?? '').slice(5));

  function begin({ id, model, created, raw }: Extract<Part, { kind: 'begin' }>): string {
    round++;
    places = new Map();
    if (envelope) return '';
    const turn = { id, model, created, answer: raw };
    envelope = {
      ...envelopeOf(turn, turn, options),
      status: 'in_progress',
      incomplete_details: null,
      output: [],
      usage: null,
    };
    return (
      emit({ type: 'response.created', response: envelope }) +
      emit({ type: 'response.in_progress', response: envelope })
    );
  }

  /** The next place of the output. */
  function place(item: Json): number {
    return output.push(item) - 1;
  }

  function raw(event: Json): string {
    if (!native) return '';
    const index = numberOf(event['output_index']);
    if (index === undefined) return emit(event);
    if (event['type'] === 'response.output_item.added') places.set(index, place(recordOf(event['item'])));
    const mine = places.get(index);
    if (mine === undefined) return '';
    if (event['type'] === 'response.output_item.done') output[mine] = recordOf(event['item']);
    return emit({ ...event, output_index: mine });
  }

  function call(made: ModelCall, event: Json | undefined): string {
    const before = texts.close();
    const index = place({});
    callPlaces.set(`${round} ${made.id}`, index);
    if (ownerOf(made) !== 'client') {
      const item = ranItem({ call: made, clientId: clientIdOf(made) });
      output[index] = item;
      return (
        before +
        emit({ type: 'response.output_item.added', output_index: index, item }) +
        emit({ type: 'response.mcp_call.in_progress', output_index: index, item_id: item['id'] })
      );
    }
    const given =
      native && event ? recordOf(event['item']) : functionCallItem(`fc_${clientIdOf(made)}`, made, 'in_progress');
    const item = { ...given, call_id: clientIdOf(made) };
    if (native) places.set(numberOf(event?.['output_index']) ?? 0, index);
    output[index] = item;
    return before + emit({ type: 'response.output_item.added', output_index: index, item });
  }

  function more({ call: made, text, raw: event }: Extract<Part, { kind: 'arguments' }>): string {
    const index = callPlaces.get(`${round} ${made.id}`);
    if (index === undefined || ownerOf(made) !== 'client') return '';
    if (native && event) return raw(event);
    const type =
      made.kind === 'custom' ? 'response.custom_tool_call_input.delta' : 'response.function_call_arguments.delta';
    return text === '' ? '' : emit({ type, output_index: index, item_id: output[index]!['id'], delta: text });
  }

  function callDone({ call: made, raw: event }: Extract<Part, { kind: 'call-done' }>): string {
    const index = callPlaces.get(`${round} ${made.id}`);
    if (index === undefined) return '';
    const itemId = output[index]!['id'];
    if (ownerOf(made) !== 'client')
      return emit({
        type: 'response.mcp_call_arguments.done',
        output_index: index,
        item_id: itemId,
        arguments: made.arguments,
      });
    const item =
      native && event
        ? { ...recordOf(event['item']), call_id: clientIdOf(made) }
        : functionCallItem(`fc_${clientIdOf(made)}`, { ...made, id: clientIdOf(made) });
    output[index] = item;
    const done = () => emit({ type: 'response.output_item.done', output_index: index, item });
    if (native) return done();
    const [type, member] =
      made.kind === 'custom'
        ? (['response.custom_tool_call_input.done', 'input'] as const)
        : (['response.function_call_arguments.done', 'arguments'] as const);
    return emit({ type, output_index: index, item_id: item['id'], name: made.name, [member]: item[member] }) + done();
  }

  function ran(settled: SettledCall): string {
    const index = callPlaces.get(`${round} ${settled.call.id}`);
    if (index === undefined) return '';
    const item = ranItem(settled);
    output[index] = item;
    const type = item['status'] === 'completed' ? 'response.mcp_call.completed' : 'response.mcp_call.failed';
    return (
      emit({ type, output_index: index, item_id: item['id'] }) +
      emit({ type: 'response.output_item.done', output_index: index, item })
    );
  }

  function added(item: Json): string {
    const index = place(item);
    return (
      emit({ type: 'response.output_item.added', output_index: index, item }) +
      emit({ type: 'response.output_item.done', output_index: index, item })
    );
  }

  function finish(end: LoopEnd): string {
    const closed = texts.close();
    const notice = end.notice === undefined ? '' : texts.push({ text: end.notice }) + texts.close();
    const approvals = end.approvals.map((approval) => added(approvalItem(approval))).join('');
    const response = composeResponse(end, options, output.length > 0 ? output : undefined);
    return closed + notice + approvals + emit({ type: `response.${String(response['status'])}`, response });
  }

  return {
    push(part) {
      switch (part.kind) {
        case 'begin':
          return begin(part);
        case 'delta':
          return native ? raw(part.raw) : texts.push(part);
        case 'call':
          return call(part.call, part.raw);
        case 'arguments':
          return more(part);
        case 'call-done':
          return callDone(part);
        case 'raw':
          return raw(part.raw);
        default:
          return unreachable(part);
      }
    },
    ran,
    items: () => output,
    end: finish,
    fail: (error) => emit({ type: 'error', code: null, param: null, ...error, error, message: error['message'] }),
  };
}
