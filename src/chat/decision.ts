import type { Asked } from './asked.ts';
import { contentText } from './chat-reader.ts';
import { type Json, listOf, recordOf, textOf } from './lenient.ts';

/** What a person has decided about calls that wait. */
export interface Decision {
  readonly ids: readonly string[];
  readonly approved: ReadonlySet<string>;
  /** It was the last message of the conversation, which is not for the model. */
  readonly spoken: boolean;
}

/** What a person types in a chat window; nothing else may stand in the message, so that no quoted text can decide. */
const SPOKEN = /^\s*(approve|decline)((?:[\s,]+apr_[A-Za-z0-9]+)+)\s*\.?\s*$/i;

/**
 * A decision in a request: `actionbridge: { approve, decline }` in its body, `mcp_approval_response` items, or a last user message that is
 * `approve ID` or `decline ID`. Only the client's side of the conversation is read.
 */
export function decisionIn(asked: Asked, items: readonly Json[]): Decision | undefined {
  const written = fromBody(asked.approvals) ?? fromItems(items);
  if (written) return written;
  const last = items.at(-1);
  const match = last?.['role'] === 'user' ? SPOKEN.exec(contentText(last['content'])) : null;
  if (!match) return undefined;
  const ids = match[2]!.split(/[\s,]+/).filter((id) => id !== '');
  const approved = match[1]!.toLowerCase() === 'approve' ? ids : [];
  return { ids, approved: new Set(approved), spoken: asked.dialect === 'chat' };
}

function fromBody({ approve, decline }: Json): Decision | undefined {
  const approved = listOf(approve).map(textOf);
  const ids = [...approved, ...listOf(decline).map(textOf)].filter((id) => id !== '');
  return ids.length === 0 ? undefined : { ids, approved: new Set(approved), spoken: false };
}

function fromItems(items: readonly Json[]): Decision | undefined {
  const answers = items.filter(({ type }) => type === 'mcp_approval_response').map(recordOf);
  const ids = answers.map((item) => textOf(item['approval_request_id'])).filter((id) => id.startsWith('apr_'));
  if (ids.length === 0) return undefined;
  const approved = answers.filter(({ approve }) => approve === true).map((item) => textOf(item['approval_request_id']));
  return { ids, approved: new Set(approved), spoken: false };
}
