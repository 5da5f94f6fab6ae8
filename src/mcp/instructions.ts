import type { ServedApi } from '../load-apis.ts';

/** Some clients read no more than this. */
const FIRST_SCREEN = 512;

/** What a model is told about the server as a whole: what the tools are for, shortest first. */
export function instructionsFor(apis: readonly ServedApi[]): string {
  const lines = apis.map(({ title, description }) => {
    const first = description.split('\n').find((line) => /\w/.test(line)) ?? '';
    return first === '' ? title : `${title}: ${first}`;
  });
  const text = `Each tool is one operation of ${apis.length === 1 ? 'this API' : 'these APIs'}. ${lines.join('\n')}`;
  return text.length <= FIRST_SCREEN ? text : `${text.slice(0, FIRST_SCREEN - 1)}…`;
}
