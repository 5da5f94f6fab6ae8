import type { JsonSchema, Tool } from '../tool/types.ts';
import type { ArgumentIssue } from './types.ts';

type Arguments = { readonly [name: string]: unknown };

/** Arguments with those integers set aside that no JSON number carries exactly. */
export interface ExactIntegers {
  /** For the validator: numbers in the place of digits. */
  readonly rounded: Arguments;
  readonly issues: readonly ArgumentIssue[];
}

const DIGITS = /^-?\d{16,40}$/;

/**
 * Integers beyond 2^53 lose digits in a JSON number, and then name another record. As numbers they are refused; parameters
 * take them as a string of digits, which goes out as it stands.
 */
export function checkIntegers({ input, bindings }: Tool, args: Arguments): ExactIntegers {
  const issues: ArgumentIssue[] = [];
  let rounded: { [name: string]: unknown } | undefined;
  for (const [name, value] of Object.entries(args)) {
    const types = typesOf(Object.hasOwn(input.properties, name) ? input.properties[name] : undefined);
    if (!types.includes('integer') || types.includes('number')) continue;
    const parameter = bindings.some(({ argument, target }) => argument === name && target.kind === 'parameter');
    if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
      issues.push({
        argument: name,
        message: `is beyond ${Number.MAX_SAFE_INTEGER}, where JSON numbers lose digits${parameter ? '; give its digits as a string' : ''}`,
      });
    else if (parameter && typeof value === 'string' && DIGITS.test(value) && !types.includes('string')) {
      rounded ??= { ...args };
      rounded[name] = Number(value);
    }
  }
  return { rounded: rounded ?? args, issues };
}

function typesOf(schema: JsonSchema | undefined): readonly unknown[] {
  const type = schema?.['type'];
  return Array.isArray(type) ? type : [type];
}
