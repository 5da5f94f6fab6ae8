import * as z from 'zod/v4';
import type { ConfirmationRule } from '../tool/confirmation.ts';
import { CONFIRM_WHEN } from '../tool/confirmation.ts';

const when = z.enum(CONFIRM_WHEN);

/** The key `confirm`, in the file, an API and a tool; the innermost counts. */
export const confirmShape = {
  confirm: z
    .union([
      when,
      z.strictObject({
        ask: when.optional().describe('Before which calls a person is asked; default consequential.'),
        cannotAsk: z
          .enum(['refuse', 'allow', 'two-step'])
          .optional()
          .describe(
            'Where the client cannot ask: default two-step for x-openai-isConsequential: true and for "always", allow for the rest.',
          ),
      }),
    ])
    .optional()
    .describe('Ask a person before calls: never, consequential or always.'),
} as const;

/** What the key of one level says; undefined when it says nothing. */
export function toConfirmationRule(key: z.infer<typeof confirmShape.confirm>): ConfirmationRule | undefined {
  if (key === undefined) return undefined;
  if (typeof key === 'string') return { ask: key };
  return {
    ...(key.ask === undefined ? {} : { ask: key.ask }),
    ...(key.cannotAsk === undefined ? {} : { cannotAsk: key.cannotAsk }),
  };
}
