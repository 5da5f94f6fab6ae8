import type { Tool } from '../tool/types.ts';
import type { Json } from './lenient.ts';
import type { ToolFunctions } from './offer.ts';

/** Tools as functions whose schema is the tool's own; the upstream need not enforce it, the bridge does. */
export const plainFunctions: ToolFunctions = {
  functionOf: ({ description, input }: Tool) => ({ description, parameters: input as unknown as Json, strict: false }),
  argumentsFrom: (_tool, _dialect, args) => args,
};
