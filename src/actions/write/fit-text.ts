import { shorten } from '../../tool/bundle.ts';
import { lengthOf } from '../editor/python-words.ts';

/** A text within a limit of the editor, cut at the end of a sentence where there is one. */
export function fitText(text: string, limit: number): string {
  return lengthOf(text) <= limit ? text : shorten(text, limit);
}
