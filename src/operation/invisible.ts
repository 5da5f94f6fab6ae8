import type { JsonObject } from '../spec/types.ts';
import { at, type Reading } from './reading.ts';
import { invisibleIn } from './text.ts';

const TEXTS = ['operationId', 'summary', 'description'];
const SHOWN = 8;

/** Warns of texts that hold what a model reads and a person does not see; it is removed wherever they are shown. */
export function reportInvisible(reading: Reading, pointer: string, holder: JsonObject): void {
  for (const field of TEXTS) {
    const text = holder[field];
    const points = typeof text === 'string' ? invisibleIn(text) : [];
    if (points.length === 0) continue;
    const more = points.length > SHOWN ? ` and ${points.length - SHOWN} more` : '';
    reading.report(
      'warning',
      'invisible-characters',
      at(pointer, field),
      `The ${field} holds characters that nobody sees (${points.slice(0, SHOWN).join(', ')}${more}); they are removed`,
      'Look where the document comes from: such characters can hide instructions to a model',
    );
  }
}
