import type { Asked } from './asked.ts';
import { type Json, listOf } from './lenient.ts';
import type { Offer } from './offer.ts';
import { RequestFailed } from './openai-error.ts';
import type { Restored, Segment } from './restore.ts';
import { toChatRequest, toMessages } from './to-chat.ts';
import { toInputItems, toResponsesRequest } from './to-responses.ts';
import type { DialectName } from './types.ts';
import { appendItems, DIALECTS, type UpstreamDialect } from './upstream-dialect.ts';

/** A conversation as the upstream is told it; it grows from round to round. */
export interface Conversation {
  readonly dialect: UpstreamDialect;
  /** The client speaks the same dialect. */
  readonly native: boolean;
  /** Of the next round. */
  readonly request: Json;
  /** All that was added to what the client had sent. */
  readonly added: readonly Json[];
  /** Members of the client's request that the upstream cannot be told. */
  readonly dropped: readonly string[];
}

/** The first request in a dialect, our tools in it. Throws RequestFailed for what the dialect cannot carry. */
export function openConversation(
  asked: Asked,
  restored: Restored,
  given: { offer: Offer; dialect: DialectName },
): Conversation {
  const dialect = DIALECTS[given.dialect];
  const native = asked.dialect === given.dialect;
  const { body, dropped } = native ? { body: asked.body, dropped: [] } : convert(asked);
  const items =
    restored.untouched && native
      ? body[dialect.items]
      : restored.segments.flatMap((segment) => inDialect(segment, given.dialect));
  const tools = [...listOf(body['tools']), ...given.offer.functions(given.dialect)];
  const request = sealed({
    ...body,
    ...previousOf(asked, restored, given.dialect),
    [dialect.items]: withInstructions(asked, given.dialect, items),
    ...(tools.length > 0 ? { tools } : native ? {} : { tool_choice: undefined }),
  });
  const added = restored.resumedTurn ? inDialect(restored.resumedTurn, given.dialect) : [];
  return { dialect, native, request, added, dropped };
}

function convert({ dialect, body }: Asked) {
  return dialect === 'chat' ? toResponsesRequest(body) : toChatRequest(body);
}

function inDialect({ dialect, items }: Segment, wanted: DialectName): readonly Json[] {
  if (dialect === wanted) return items;
  return wanted === 'chat' ? toMessages(items) : toInputItems(items);
}

/** Chat has no `instructions`: they are its first message. */
function withInstructions({ dialect, body }: Asked, wanted: DialectName, items: unknown): unknown {
  const { instructions } = body;
  if (dialect !== 'responses' || wanted !== 'chat' || typeof instructions !== 'string' || instructions === '')
    return items;
  return [{ role: 'system', content: instructions }, ...listOf(items)];
}

function previousOf({ body }: Asked, { previous, segments }: Restored, wanted: DialectName): Json {
  const id = body['previous_response_id'];
  if (typeof id !== 'string') return {};
  if (wanted === 'responses')
    return previous === undefined && segments.length > 1
      ? { previous_response_id: undefined }
      : { previous_response_id: previous ?? id };
  if (segments.length > 1) return {};
  throw new RequestFailed(400, {
    message: `Previous response with id '${id}' not found.`,
    param: 'previous_response_id',
    code: 'previous_response_not_found',
  });
}

/** What is not stored must be handed over, or the next round cannot refer to it. */
function sealed(request: Json): Json {
  if (request['store'] !== false || !('input' in request)) return request;
  return { ...request, include: [...new Set([...listOf(request['include']), SEALED])] };
}

const SEALED = 'reasoning.encrypted_content';

/** The same without what models that do not reason refuse; undefined when it is not in there. */
export function unsealed(request: Json): Json | undefined {
  const include = listOf(request['include']);
  return include.includes(SEALED) ? { ...request, include: include.filter((each) => each !== SEALED) } : undefined;
}

/** The conversation with more at its end; `change` what else differs in the next request. */
export function grown(
  conversation: Conversation,
  items: readonly Json[],
  change: (request: Json) => Json = (same) => same,
): Conversation {
  const { request, dialect, added } = conversation;
  return { ...conversation, request: change(appendItems(request, dialect, items)), added: [...added, ...items] };
}
