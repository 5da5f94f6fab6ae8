import { callItem } from './chat-calls.ts';
import { type Json, recordOf, textOf } from './lenient.ts';
import type { ModelCall, PendingApproval, SettledCall, ToolError } from './types.ts';

/** By this a call of ours is known again when a client repeats what it was shown. */
const OURS = 'mcp_ab_';
const LABEL = 'actionbridge';

export function messageItem(id: string, parts: readonly Json[], status = 'completed'): Json {
  return { id, type: 'message', status, role: 'assistant', content: parts };
}

export function textPart(text: string, logprobs: readonly unknown[] = []): Json {
  return { type: 'output_text', text, annotations: [], logprobs };
}

export function reasoningItem(id: string, text: string): Json {
  return { id, type: 'reasoning', summary: text === '' ? [] : [{ type: 'summary_text', text }] };
}

/** A call that the client is to run. */
export function functionCallItem(id: string, call: ModelCall, status = 'completed'): Json {
  return call.kind === 'custom'
    ? { id, type: 'custom_tool_call', call_id: call.id, name: call.name, input: call.arguments }
    : {
        id,
        type: 'function_call',
        status,
        call_id: call.id,
        name: call.name,
        arguments: status === 'completed' ? textOf(recordOf(callItem(call)['function'])['arguments']) : '',
      };
}

/** The id of the item that shows a call of ours. */
export function ranId(clientId: string): string {
  return OURS + clientId;
}

/** A call of ours, as the Responses API shows calls that were run on the server's side. */
export function ranItem({ call, clientId, answer }: Pick<SettledCall, 'call' | 'clientId' | 'answer'>): Json {
  const item = {
    id: ranId(clientId),
    type: 'mcp_call',
    server_label: LABEL,
    name: call.name,
    arguments: call.arguments,
  };
  if (!answer) return { ...item, arguments: '', output: null, error: null, status: 'in_progress' };
  if (!answer.error) return { ...item, output: answer.text, error: null, status: 'completed' };
  return { ...item, output: null, error: shownError(answer.error, answer.text), status: 'failed' };
}

/** OpenAI's union has no place for what could not be reached; there it is an execution error. */
function shownError({ type, code, message }: ToolError, text: string): Json {
  return type === 'http_error' || type === 'mcp_protocol_error'
    ? { type, code: typeof code === 'number' ? code : 0, message }
    : { type: 'mcp_tool_execution_error', content: [{ type: 'text', text }] };
}

/** The call, and its result as far as the item has it, of an item that the client repeats; undefined: not one of ours. */
export function unshow(item: Json): { readonly call: ModelCall; readonly output: string | undefined } | undefined {
  const id = textOf(item['id']);
  if (item['type'] !== 'mcp_call' || !id.startsWith(OURS)) return undefined;
  const call = {
    id: id.slice(OURS.length),
    name: textOf(item['name']),
    arguments: textOf(item['arguments']),
    kind: 'function',
  } as const;
  if (typeof item['output'] === 'string') return { call, output: item['output'] };
  return { call, output: item['error'] ? outputOf(recordOf(item['error'])) : undefined };
}

/** Whether the id is that of a call of ours. */
export function isRanId(id: string): boolean {
  return id.startsWith(OURS);
}

function outputOf(error: Json): string {
  const content = Array.isArray(error['content']) ? recordOf(error['content'][0]) : {};
  return textOf(content['text']) || JSON.stringify({ error });
}

/** A call and its result, as the model is told them. */
export function toldItems(call: ModelCall, output: unknown): Json[] {
  const { id: _, ...item } = functionCallItem('', call);
  return [item, { type: 'function_call_output', call_id: call.id, output }];
}

export function approvalItem({ id, call }: PendingApproval): Json {
  return { id, type: 'mcp_approval_request', server_label: LABEL, name: call.name, arguments: call.arguments };
}

/** Whether the item is a request for approval of ours. */
export function isOurApproval(item: Json): boolean {
  return item['type'] === 'mcp_approval_request' && item['server_label'] === LABEL;
}
