import type { Tool } from './types.ts';

/** ChatGPT shows no more. */
const MAX = 64;

/** The tool with what ChatGPT shows while it runs and after (Apps SDK, `_meta`). */
export function withChatGptHints(tool: Tool): Tool {
  const meta = {
    'openai/toolInvocation/invoking': shortened(tool.title, '…'),
    'openai/toolInvocation/invoked': shortened(tool.title, ': done'),
  };
  return { ...tool, meta: { ...tool.meta, ...meta } };
}

function shortened(title: string, end: string): string {
  const room = MAX - end.length;
  const words = title.replace(/[.…]+$/, '');
  return (words.length <= room ? words : `${words.slice(0, room - 1).trimEnd()}…`) + end;
}
