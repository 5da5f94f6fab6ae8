import type { CallOutcome } from './bridge-types.ts';
import type { Call } from './call/execute.ts';
import { failureOf } from './call/failure.ts';
import type { CallResult } from './call/types.ts';
import type { BridgeError } from './errors.ts';
import type { Log } from './log.ts';

/** A line a call, for whoever asks for it; a call that broke, or whose outcome is unknown, is worth one in any case. A person at a terminal sees it anyway. */
export function logCall(log: Log, { tool, result, requestId, trace, ms }: CallOutcome): void {
  const broken = result.kind === 'failed' || result.kind === 'unknown';
  const said = broken
    ? `${result.error.code}: ${firstLine(result.error.message)}`
    : 'status' in result
      ? `HTTP ${result.status}`
      : result.kind;
  const fields = { requestId, api: tool.api, attempts: trace.attempts, cached: trace.cached, ms: Math.round(ms) };
  log[broken && !isQuestion(result) ? 'warn' : 'info'](`${tool.name}: ${said}`, fields);
}

/** What a person is asked, or has said, is nothing that broke. */
function isQuestion(result: CallResult): boolean {
  return (
    result.kind === 'failed' &&
    (result.error.code.startsWith('CONFIRMATION_') || result.error.code === 'INPUT_REQUIRED')
  );
}

/** Further lines may show arguments. */
function firstLine(text: string): string {
  return text.split('\n', 1)[0]!;
}

/** Characters of an answer that a model is shown (SECURITY.md, Defaults); longer ones are kept whole. */
const MAX_SHOWN = 100_000;

/** The text of an answer that is too large to be shown; undefined for any other. */
export function longText(result: CallResult): { readonly text: string; readonly mediaType: string } | undefined {
  if (result.kind !== 'ok' && result.kind !== 'refused') return undefined;
  const { content } = result;
  if (content.kind === 'mcp') {
    const text = content.blocks.map((block) => (block.type === 'text' ? block.text : '')).join('\n');
    return text.length <= MAX_SHOWN ? undefined : { text, mediaType: 'text/plain' };
  }
  if (content.kind === 'multipart') {
    const text = content.parts.map(({ content: part }) => ('text' in part ? part.text : '')).join('\n');
    return text.length <= MAX_SHOWN ? undefined : { text, mediaType: 'text/plain' };
  }
  if ((content.kind !== 'json' && content.kind !== 'text') || content.text.length <= MAX_SHOWN) return undefined;
  return { text: content.text, mediaType: content.kind === 'json' ? 'application/json' : content.mediaType };
}

/** A call that was not begun. */
export function refusedCall({ tool, context, trace }: Call, error: BridgeError): CallOutcome {
  return { tool, result: { kind: 'failed', error: failureOf(error) }, requestId: context.requestId, trace, ms: 0 };
}
