import { callItem } from './chat-calls.ts';
import { type Json, recordOf, textOf } from './lenient.ts';
import type { ModelCall, PendingApproval, SettledCall, ToolError } from './types.ts';

/** By this a call of ours is known again when a client repeats what it was shown. */
const OURS = 'mcp_ab_';
const LABEL = 'actionbridge';

export function messageItem(id: string, parts: readonly Json[], status = 'completed'): Json {
  return { id, type: 'message', status, role: 'assistant', content: parts };
}

export function textPart(text: string): Json {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
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

/** A call of ours, as the Responses API shows calls that were run on the server's side. */
export function ranItem({ call, answer }: Pick<SettledCall, 'call' | 'answer'>): Json {
  const item = {
    id: `${OURS}${call.id}`,
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

/** The call and its result, as the upstream had them, of an item that the client repeats; undefined: not one of ours. */
export function unshow(item: Json): { readonly call: ModelCall; readonly output: string } | undefined {
  const id = textOf(item['id']);
  if (item['type'] !== 'mcp_call' || !id.startsWith(OURS)) return undefined;
  const call = {
    id: id.slice(OURS.length),
    name: textOf(item['name']),
    arguments: textOf(item['arguments']),
    kind: 'function',
  } as const;
  return { call, output: typeof item['output'] === 'string' ? item['output'] : outputOf(recordOf(item['error'])) };
}

function outputOf(error: Json): string {
  const content = Array.isArray(error['content']) ? recordOf(error['content'][0]) : {};
  return textOf(content['text']) || JSON.stringify({ error });
}

export function approvalItem({ id, call }: PendingApproval): Json {
  return { id, type: 'mcp_approval_request', server_label: LABEL, name: call.name, arguments: call.arguments };
}

/** Whether the item is a request for approval of ours. */
export function isOurApproval(item: Json): boolean {
  return item['type'] === 'mcp_approval_request' && item['server_label'] === LABEL;
}
