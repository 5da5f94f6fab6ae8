import type { CallOutcome } from '../bridge.ts';
import { textOfBlock } from '../call/mcp-content.ts';
import { type ContentBlock, renderResult } from '../call/render.ts';
import type { ArgumentIssue, CallResult } from '../call/types.ts';
import { unreachable } from '../errors.ts';
import type { Tool } from '../tool/types.ts';
import { type Json, recordOf } from './lenient.ts';
import type { ToolAnswer, ToolError } from './types.ts';

/** JSON-RPC's "invalid params". */
const INVALID_PARAMS = -32602;

/** What a model is told of a call that came to its end. */
export function answerOf({ tool, result }: Pick<CallOutcome, 'tool' | 'result'>): ToolAnswer {
  const { content, isError } = renderResult(result, { structured: false });
  const text = content
    .map(wordsOf)
    .filter((part) => part !== '')
    .join('\n');
  if (!isError) return { text, media: content.flatMap(mediaOf) };
  return errorAnswer(errorOf(tool, result, text));
}

/** An error that the model can act upon. */
export function errorAnswer(error: ToolError): ToolAnswer {
  return { text: JSON.stringify({ error }), media: [], error };
}

/** A tool that nobody has, in the words of OpenAI's own runner. */
export function unknownTool(name: string, names: readonly string[]): ToolAnswer {
  const message = `Invalid tool_call: ${JSON.stringify(name)}. Available options are: ${names.map((each) => JSON.stringify(each)).join(', ')}. Please try again`;
  return errorAnswer({ type: 'mcp_protocol_error', code: INVALID_PARAMS, message });
}

/** Arguments that are not JSON, or no object. */
export function brokenArguments(why: string, parameters: Json): ToolAnswer {
  const message = `The arguments are not valid; nothing was sent.\n- ${why}`;
  return errorAnswer({ type: 'mcp_protocol_error', code: INVALID_PARAMS, message, parameters });
}

function errorOf(tool: Tool, result: CallResult, text: string): ToolError {
  switch (result.kind) {
    case 'refused':
      return result.content.kind === 'mcp'
        ? executionError(text)
        : { type: 'http_error', code: result.status, message: text };
    case 'invalid':
      return {
        type: 'mcp_protocol_error',
        code: INVALID_PARAMS,
        message: text,
        parameters: wrongParts(tool, result.issues),
      };
    case 'failed': {
      const { code, retryable, retryAfterSeconds, rpcCode } = result.error;
      if (rpcCode !== undefined) return { type: 'mcp_protocol_error', code: rpcCode, message: text };
      const wait = retryAfterSeconds === undefined ? {} : { retry_after_s: Math.ceil(retryAfterSeconds) };
      return { type: 'tool_unavailable', code, message: text, retryable, ...wait };
    }
    case 'unknown':
      return { type: 'tool_unavailable', code: result.error.code, message: text, retryable: false, outcome: 'unknown' };
    case 'ok':
      return executionError(text);
    default:
      return unreachable(result);
  }
}

function executionError(message: string): ToolError {
  return { type: 'mcp_tool_execution_error', code: 'EXECUTION_FAILED', message };
}

/** The schema of the arguments that were wrong; of all when none of them exists. */
function wrongParts({ input }: Tool, issues: readonly ArgumentIssue[]): Json {
  const names = new Set(issues.map(({ argument }) => argument.split(/[.[]/, 1)[0]!));
  const properties = Object.fromEntries(Object.entries(input.properties).filter(([name]) => names.has(name)));
  const shown = Object.keys(properties).length > 0 ? properties : input.properties;
  return { properties: shown, ...(input.required ? { required: input.required } : {}) };
}

/** What goes along as media needs no words. */
function wordsOf(block: ContentBlock): string {
  return mediaOf(block).length > 0 ? '' : textOfBlock(block);
}

function mediaOf(block: ContentBlock): ToolAnswer['media'] {
  if (block.type === 'image' || block.type === 'audio') return [{ mediaType: block.mimeType, base64: block.data }];
  const { mimeType, blob } = recordOf((block as { readonly resource?: unknown }).resource);
  return typeof blob === 'string' && typeof mimeType === 'string' ? [{ mediaType: mimeType, base64: blob }] : [];
}
