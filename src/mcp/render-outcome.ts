import type { CallToolResult } from '@modelcontextprotocol/server';
import type { CallOutcome } from '../bridge.ts';
import { renderResult } from '../call/render.ts';
import type { PendingConfirmation } from '../call/types.ts';
import { fingerprint } from '../tool/fingerprint.ts';

/** A call's outcome as an MCP result; `_meta.actionbridge` tells what the bridge did. */
export function renderOutcome(outcome: CallOutcome): CallToolResult & { _meta: object } {
  const { tool, result, requestId, trace, ms, saved } = outcome;
  const status = 'status' in result ? { status: result.status } : {};
  const rendered = renderResult(result, { structured: tool.output !== undefined, ...(saved ? { saved } : {}) });
  const content = [...rendered.content] as CallToolResult['content'];
  return {
    _meta: {
      actionbridge: {
        api: tool.api,
        operation: tool.request.operation,
        version: fingerprint(tool),
        ...status,
        requestId,
        attempts: trace.attempts,
        cached: trace.cached,
        ...confirmationOf(outcome),
        ms: rounded(ms),
        timings: allRounded(trace.timings),
      },
    },
    ...rendered,
    content,
  } as CallToolResult & { _meta: object };
}

/** What the second step takes, for clients that do not go by the text. */
function confirmationOf({ result }: CallOutcome): { readonly confirmation?: PendingConfirmation } {
  const pending = result.kind === 'failed' ? result.error.confirmation : undefined;
  return pending ? { confirmation: pending } : {};
}

function allRounded(timings: CallOutcome['trace']['timings']): { readonly [stop: string]: number } {
  const shown: { [stop: string]: number } = {};
  for (const stop of Object.keys(timings)) shown[stop] = rounded(timings[stop]!);
  return shown;
}

/** Milliseconds to a hundredth. */
function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
