import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import type { InputSchema, JsonSchema } from '../tool/types.ts';
import { describeIssues } from './issues.ts';
import { compilePattern } from './linear-pattern.ts';
import type { ArgumentIssue } from './types.ts';

export type Validator = (args: unknown) => readonly ArgumentIssue[];

/**
 * How often named schemas may be looked at for one call. Where alternatives contain themselves, a value that fits none of them is
 * tried against every combination: some twenty levels would take minutes.
 */
const MAX_VISITS = 50_000;
/** In each named schema of our copy. */
const VISIT = 'x-actionbridge-visit';

class TooManyVisits extends Error {}

/**
 * Checks arguments against a tool's input schema. Formats are left to the API; patterns run in linear time, and those
 * that cannot are not checked. Never throws.
 */
export function createValidator(input: InputSchema): Validator {
  let visits = 0;
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
  // Otherwise every alternative is looked at, also after one that fits, for the sake of keywords that few schemas have.
  ajv.opts.unevaluated = JSON.stringify(input).includes('"unevaluated');
  ajv.addKeyword({
    keyword: VISIT,
    before: 'anyOf',
    schema: false,
    errors: false,
    validate: () => {
      if (++visits > MAX_VISITS) throw new TooManyVisits();
      return true;
    },
  });
  const check = ajv.compile(counted(input));
  return (args) => {
    visits = 0;
    try {
      return check(args) ? [] : describeIssues((check.errors ?? []) as ErrorObject[], input);
    } catch (error) {
      // RangeError: a schema that is a choice of itself has no end.
      if (error instanceof TooManyVisits || error instanceof RangeError) return [UNCHECKABLE];
      throw error;
    }
  };
}

const UNCHECKABLE: ArgumentIssue = {
  argument: 'the arguments',
  message: 'are nested too deeply to be checked against alternatives that contain themselves; send something simpler',
};

function counted(input: InputSchema): JsonSchema {
  const definitions = input['$defs'] as { readonly [name: string]: JsonSchema } | undefined;
  if (!definitions) return input;
  const entries = Object.entries(definitions).map(([name, schema]) => [name, { ...schema, [VISIT]: true }] as const);
  return { ...input, $defs: Object.fromEntries(entries) };
}
