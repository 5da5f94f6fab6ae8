import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import type { InputSchema } from '../tool/types.ts';
import { describeIssues } from './issues.ts';
import { compilePattern } from './linear-pattern.ts';
import type { ArgumentIssue } from './types.ts';

export type Validator = (args: unknown) => readonly ArgumentIssue[];

/**
 * Checks arguments against a tool's input schema. Formats are left to the API; patterns run in linear time, and those
 * that cannot are not checked. Never throws.
 */
export function createValidator(input: InputSchema): Validator {
  const ajv = new Ajv2020({
    strict: false,
    // The schema is of our own making; compiling the meta-schema for each tool would cost more than all else.
    meta: false,
    validateSchema: false,
    allErrors: true,
    ownProperties: true,
    validateFormats: false,
    logger: false,
    verbose: true,
    code: { regExp: compilePattern },
  });
  const check = ajv.compile(input);
  return (args) => (check(args) ? [] : describeIssues((check.errors ?? []) as ErrorObject[], input));
}
