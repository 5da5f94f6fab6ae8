import { tidyProse } from '../operation/prose.ts';
import { cleanText } from '../operation/text.ts';
import type { Operation } from '../operation/types.ts';
import { withoutBoilerplate } from './boilerplate.ts';

/** An operation under its settled name, and its description, tidy. */
export interface NamedOperation {
  readonly operation: Operation;
  readonly name: string;
  readonly description: string;
}

/** Its summary, unless that is long; else its name. */
export function titleOf(operation: Operation, name: string): string {
  const summary = operation.summary ? cleanText(operation.summary).split('\n')[0]! : '';
  return summary !== '' && summary.length <= 120 ? summary : name.replace(/[_-]+/g, ' ');
}

/** The operation in words: its summary, unless name and description say it, then its description. */
export function describe(
  { operation, name, description: whole }: NamedOperation,
  boilerplate: ReadonlySet<string>,
): string {
  const summary = tidyProse(operation.summary ?? '');
  const description = withoutBoilerplate(whole, boilerplate);
  const words = description !== '' && saysAll(`${name} ${firstLine(description)}`, summary) ? '' : summary;
  const text = [words, description].filter(Boolean).join('\n\n') || `${operation.method} ${operation.path}`;
  return operation.deprecated ? `Deprecated. ${text}` : text;
}

/** What OpenAI's functions take, and enough for any model: characters of a description. */
const MAX_DESCRIPTION = 1_024;
const CUT = ' […]';

/** A description that fits, cut after a sentence or a word. */
export function shortened(text: string): { readonly text: string; readonly cut: number } {
  if (text.length <= MAX_DESCRIPTION) return { text, cut: 0 };
  const room = text.slice(0, MAX_DESCRIPTION - CUT.length);
  const sentence = Math.max(room.lastIndexOf('. ') + 1, room.lastIndexOf('\n'));
  const end = sentence > room.length * 0.7 ? sentence : room.lastIndexOf(' ');
  const kept = (end > room.length / 2 ? room.slice(0, end) : room).replace(/[\ud800-\udbff]$/, '').trimEnd();
  return { text: kept + CUT, cut: text.length - kept.length };
}

function firstLine(text: string): string {
  return text.slice(0, 400).split('\n')[0]!;
}

const SMALL_WORDS = new Set(['the', 'a', 'an', 'of', 'for', 'to', 'in', 'is', 'or', 'and', 'by', 'with', 'on']);

/** Whether each word of `summary` stands in `text`, endings aside. */
function saysAll(text: string, summary: string): boolean {
  const said = text.toLowerCase();
  const words = summary.toLowerCase().match(/[a-z0-9]+|[^\x00-\x7f]+/g) ?? [];
  return words.every((word) => SMALL_WORDS.has(word) || said.includes(word.length > 5 ? word.slice(0, 5) : stem(word)));
}

function stem(word: string): string {
  return word.length > 2 && word.endsWith('s') ? word.slice(0, -1) : word;
}
