import { type Json, listOf, recordOf, textOf } from '../chat/lenient.ts';
import { readEvents } from '../chat/sse.ts';
import { BridgeError } from '../errors.ts';

/** Sends one request to `/v1/responses` of a proxy. */
export type SendRequest = (
  body: Json,
) => Promise<{ readonly status: number; readonly body: AsyncIterable<Uint8Array> }>;

/** Where a chat is shown. */
export interface ChatScreen {
  /** A piece of the model's answer. */
  text(piece: string): void;
  /** A line about what happens meanwhile. */
  note(line: string): void;
}

/** What a turn ends with. */
export interface TurnEnd {
  /** Output items, to be repeated as input of the next turn. */
  readonly output: readonly Json[];
  /** Calls that wait for the person. */
  readonly approvals: readonly Json[];
}

const MAX_SHOWN = 200;

/** One turn of a chat over `/v1/responses`, streamed: text as it comes, our calls with their results. Throws UPSTREAM_FAILED. */
export async function takeTurn(send: SendRequest, body: Json, screen: ChatScreen): Promise<TurnEnd> {
  const answer = await send({ ...body, stream: true, store: false });
  if (answer.status !== 200) throw failure(recordOf(await readJson(answer.body))['error'], answer.status);
  let response: Json | undefined;
  for await (const events of readEvents(answer.body)) {
    for (const { data } of events) response = take(data, screen) ?? response;
  }
  if (!response) throw failure(undefined, 502);
  const output = listOf(response['output']).map(recordOf);
  return { output, approvals: output.filter(({ type }) => type === 'mcp_approval_request') };
}

/** Shows an event; gives the response when it is the last one. */
function take(data: string, screen: ChatScreen): Json | undefined {
  if (data.startsWith('[DONE]')) return undefined;
  const event = recordOf(JSON.parse(data));
  const { type } = event;
  if (type === 'error') throw failure(event['error'] ?? event, 502);
  show(event, screen);
  return type === 'response.completed' || type === 'response.incomplete' ? recordOf(event['response']) : undefined;
}

function show(event: Json, screen: ChatScreen): void {
  const item = recordOf(event['item']);
  switch (event['type']) {
    case 'response.output_text.delta':
    case 'response.refusal.delta':
      return screen.text(textOf(event['delta']));
    case 'response.output_item.done':
      if (item['type'] === 'mcp_call') return screen.note(describeCall(item));
      if (item['type'] === 'message') return screen.text('\n');
      return;
  }
}

function describeCall(item: Json): string {
  const call = `${textOf(item['name'])}(${shorten(textOf(item['arguments']))})`;
  if (item['status'] === 'completed') return `→ ${call} = ${shorten(textOf(item['output']))}`;
  const error = recordOf(item['error']);
  const content = recordOf(listOf(error['content'])[0]);
  return `→ ${call} failed: ${shorten(textOf(error['message']) || textOf(content['text']))}`;
}

function shorten(text: string): string {
  // What others wrote must not move the cursor.
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
  return line.length <= MAX_SHOWN ? line : `${line.slice(0, MAX_SHOWN)}… (${line.length} characters)`;
}

function failure(error: unknown, status: number): BridgeError {
  const message = textOf(recordOf(error)['message']) || `The proxy answered HTTP ${status}`;
  return new BridgeError('UPSTREAM_FAILED', message);
}

async function readJson(body: AsyncIterable<Uint8Array>): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}
