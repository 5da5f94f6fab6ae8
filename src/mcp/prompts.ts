import type { GetPromptResult, Prompt } from '@modelcontextprotocol/server';
import type { ServedApi } from '../load-apis.ts';
import { shortHash } from '../tool/names.ts';

/** A text that a person may choose to begin with. */
export interface OfferedPrompt extends Prompt {
  readonly text: string;
}

const MAX_NAME = 48;

/** A GPT's conversation starters, and its instructions for clients that do not read those of a server. */
export function promptsOf(apis: readonly ServedApi[]): readonly OfferedPrompt[] {
  const prompts = new Map<string, OfferedPrompt>();
  for (const { action } of apis) {
    if (!action) continue;
    for (const text of action.starters) add(prompts, { name: words(text), title: text, text });
    if (action.origin !== 'gpt' || action.instructions === undefined) continue;
    const title = `Instructions of ${action.title ?? 'this GPT'}`;
    add(prompts, { name: 'instructions', title, text: action.instructions });
  }
  return [...prompts.values()];
}

/** As prompts/get answers. */
export function toPromptResult({ title, text }: OfferedPrompt): GetPromptResult {
  return {
    ...(title === undefined ? {} : { description: title }),
    messages: [{ role: 'user', content: { type: 'text', text } }],
  };
}

/** Two texts that begin alike are told apart by a hash; the same text is offered once. */
function add(prompts: Map<string, OfferedPrompt>, prompt: OfferedPrompt): void {
  const taken = prompts.get(prompt.name);
  if (taken?.text === prompt.text) return;
  const name = taken ? `${prompt.name}_${shortHash(prompt.text)}` : prompt.name;
  prompts.set(name, { ...prompt, name });
}

function words(text: string): string {
  const all = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '');
  if (all.length <= MAX_NAME) return all === '' ? 'starter' : all;
  const cut = all.slice(0, MAX_NAME);
  const end = cut.lastIndexOf('_');
  return end > MAX_NAME / 2 ? cut.slice(0, end) : cut;
}
