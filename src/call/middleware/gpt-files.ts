import type { Middleware } from '../compose.ts';
import type { Call } from '../execute.ts';
import type { FileLinks } from '../file-links.ts';
import { prepareGptFiles } from '../gpt-files-in.ts';
import { takeGptFiles } from '../gpt-files-out.ts';
import type { CallResult } from '../types.ts';

/**
 * A GPT's files both ways: `openaiFileIdRefs` of any client as its backend expects them, `openaiFileResponse` as content that any
 * client shows. Plain HTTP callers get answers as the backend wrote them: a GPT may be one of them.
 */
export function gptFiles(links: FileLinks): Middleware<Call, CallResult> {
  return (next) => async (call) => {
    if (call.tool.remote) return next(call);
    const { readFile, surface } = call.context;
    const preparing = prepareGptFiles(call.tool, call.args, {
      link: links.add,
      ...(readFile ? { readFile } : {}),
    });
    const prepared = preparing instanceof Promise ? await preparing : preparing;
    if (!prepared.ok) return { kind: 'invalid', issues: prepared.issues };
    const result = await next(prepared.args === call.args ? call : { ...call, args: prepared.args });
    if (result.kind !== 'ok' || surface === 'api') return result;
    const content = takeGptFiles(result.content);
    return content ? { ...result, content } : result;
  };
}
