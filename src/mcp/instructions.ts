import type { ServedApi } from '../load-apis.ts';

/** Some clients read no more than this. */
const FIRST_SCREEN = 512;
/** A GPT's instructions may have 8,000 characters; several are told as long as they fit. */
const MAX_INSTRUCTIONS = 16_000;

/**
 * What a model is told about the server as a whole: what the tools are for, shortest first. What a manifest or a GPT tells the
 * model comes before that, and whole.
 */
export function instructionsFor(apis: readonly ServedApi[]): string {
  const told = [...new Set(apis.flatMap(({ action }) => action?.instructions ?? []))];
  const lines = apis.map(({ title, description }) => {
    const first = description.split('\n').find((line) => /\w/.test(line)) ?? '';
    return first === '' ? title : `${title}: ${first}`;
  });
  const about = `Each tool is one operation of ${apis.length === 1 ? 'this API' : 'these APIs'}. ${lines.join('\n')}`;
  return cut([...told, cut(about, FIRST_SCREEN)].join('\n\n'), MAX_INSTRUCTIONS);
}

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}
