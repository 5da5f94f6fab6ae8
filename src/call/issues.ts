import type { ErrorObject } from 'ajv';
import type { InputSchema } from '../tool/types.ts';
import { nearest } from './nearest.ts';
import type { ArgumentIssue } from './types.ts';

const MAX_ISSUES = 20;

/** ajv's errors in words a model can act on: one line an argument, unions as one. */
export function describeIssues(errors: readonly ErrorObject[], input: InputSchema): readonly ArgumentIssue[] {
  const unions = errors.filter(({ keyword }) => keyword === 'anyOf').map(({ instancePath }) => instancePath);
  const told = errors.filter(
    (error) =>
      error.keyword === 'anyOf' ||
      !unions.some((path) => error.instancePath.startsWith(path) && /\/anyOf\//.test(error.schemaPath)),
  );
  const issues = new Map<string, ArgumentIssue>();
  for (const error of told) {
    const issue = describe(error, input);
    issues.set(`${issue.argument} ${issue.message}`, issue);
  }
  return [...issues.values()].slice(0, MAX_ISSUES);
}

function describe(error: ErrorObject, input: InputSchema): ArgumentIssue {
  const path = pathOf(error.instancePath);
  const params = error.params as { [key: string]: unknown };
  switch (error.keyword) {
    case 'required':
      return { argument: join(path, String(params['missingProperty'])), message: 'is required' };
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const name = String(params['additionalProperty'] ?? params['unevaluatedProperty']);
      const known =
        error.instancePath === ''
          ? Object.keys(input.properties)
          : Object.keys(((error.parentSchema as { properties?: object } | undefined)?.properties ?? {}) as object);
      const close = nearest(name, known);
      return {
        argument: join(path, name),
        message: `is not known${close === undefined ? '' : `; did you mean "${close}"?`}${close === undefined && known.length > 0 ? `; there are ${known.slice(0, 20).join(', ')}` : ''}`,
      };
    }
    case 'enum':
      return {
        argument: path,
        message: `must be one of ${listed(params['allowedValues'] as unknown[])}, not ${shown(error.data)}`,
      };
    case 'const':
      return { argument: path, message: `must be ${JSON.stringify(params['allowedValue'])}, not ${shown(error.data)}` };
    case 'type':
      return { argument: path, message: `must be ${[params['type']].flat().join(' or ')}, not ${shown(error.data)}` };
    case 'pattern':
      return {
        argument: path,
        message: `must match ${String(params['pattern'])}, which ${shown(error.data)} does not`,
      };
    case 'anyOf':
      return {
        argument: path,
        message: `fits none of the allowed forms: ${forms(error.schema)}; it is ${shown(error.data)}`,
      };
    case 'false schema':
      return { argument: path, message: 'is not allowed here' };
    default:
      return { argument: path, message: `${error.message ?? 'is not valid'}, not ${shown(error.data)}` };
  }
}

function pathOf(instancePath: string): string {
  const steps = instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  return (
    steps.map((step, index) => (index === 0 ? step : /^\d+$/.test(step) ? `[${step}]` : `.${step}`)).join('') ||
    'arguments'
  );
}

function join(path: string, name: string): string {
  return path === 'arguments' ? name : `${path}.${name}`;
}

function listed(values: readonly unknown[]): string {
  const more = values.length > 20 ? `, … (${values.length} in all)` : '';
  return (
    values
      .slice(0, 20)
      .map((value) => JSON.stringify(value))
      .join(', ') + more
  );
}

/** A value in short: enough to recognise it. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}

function forms(schema: unknown): string {
  if (!Array.isArray(schema)) return 'see the schema';
  const named = schema.map((branch: { type?: unknown; required?: string[]; properties?: object; $ref?: string }) => {
    if (typeof branch.$ref === 'string') return branch.$ref.split('/').at(-1)!;
    const type = [branch.type ?? 'any'].flat().join(' or ');
    return branch.required?.length ? `${type} with ${branch.required.slice(0, 5).join(', ')}` : type;
  });
  return [...new Set(named)].slice(0, 8).join(' | ');
}
