import { own } from '../../spec/references.ts';
import { checkBody } from './body.ts';
import { EDITOR_LIMITS, type Keys, type Say } from './finding.ts';
import { checkParameters } from './parameters.ts';
import { lengthOf } from './python-words.ts';
import { asMap, checkSchema, component } from './schemas.ts';

const METHODS = new Set(['get', 'post', 'put', 'patch', 'delete']);
const OTHER_FIELDS = new Set(['summary', 'description', 'servers', 'parameters']);

/** One operation as the editor reads it. */
export interface CheckedOperation {
  readonly operation: unknown;
  readonly keys: Keys;
  /** `In path P, method M, operationId O` */
  readonly where: string;
  readonly components: unknown;
  readonly schemas: { readonly [name: string]: unknown };
  readonly say: Say;
}

/** Every operation under `paths`; returns how many there are. */
export function checkOperations(document: unknown, say: Say): number {
  const components = own(document, 'components');
  const schemas = asMap(own(components, 'schemas')) ?? {};
  const seen = new Map<string, Keys>();
  let count = 0;
  for (const [path, item] of Object.entries(asMap(own(document, 'paths')) ?? {})) {
    if (path.startsWith('x-')) continue;
    for (const { method, operation, keys } of methodsOf(path, item, say)) {
      count++;
      const id = own(operation, 'operationId');
      if (typeof id !== 'string' || id === '') {
        say('gpt-operation-id', keys, `In path ${path}, method ${method} is missing operationId; skipping`);
        continue;
      }
      const where = `In path ${path}, method ${method}, operationId ${id}`;
      if (seen.has(id))
        say('gpt-operation-id-twice', [...keys, 'operationId'], `${where}, the operationId stands twice`);
      seen.set(id, keys);
      checkOperation({ operation, keys, where, components, schemas, say }, item);
    }
  }
  return count;
}

interface Method {
  readonly method: string;
  readonly operation: unknown;
  readonly keys: Keys;
}

function* methodsOf(path: string, item: unknown, say: Say): Generator<Method> {
  if (typeof own(item, '$ref') === 'string') {
    say('gpt-path-reference', ['paths', path], `Path ${path} is a reference; its operations are not read`);
    return;
  }
  for (const [method, operation] of Object.entries(asMap(item) ?? {})) {
    if (OTHER_FIELDS.has(method) || method.startsWith('x-')) continue;
    const keys = ['paths', path, method];
    if (METHODS.has(method)) yield { method, operation, keys };
    else say('gpt-method', keys, `Path ${path} has unrecognized method ${method}; skipping`);
  }
}

function checkOperation(checked: CheckedOperation, item: unknown): void {
  const { operation, keys, where, say } = checked;
  for (const field of ['summary', 'description'] as const) {
    const text = own(operation, field);
    const length = typeof text === 'string' ? lengthOf(text) : 0;
    if (length > EDITOR_LIMITS.operationText)
      say(
        'gpt-operation-text',
        [...keys, field],
        `${where}, ${field} has length ${length} exceeding limit of ${EDITOR_LIMITS.operationText}`,
      );
  }
  const parameters = checkParameters(checked, item);
  const body = checkBody(checked, parameters.names);
  if (parameters.failed || body.failed) say('gpt-function', keys, `${where}, skipping function due to errors`);
  checkResponses(checked);
}

function checkResponses({ operation, keys, components, schemas, say }: CheckedOperation): void {
  for (const [status, written] of Object.entries(asMap(own(operation, 'responses')) ?? {})) {
    const response = component(written, components);
    for (const [type, media] of Object.entries(asMap(own(response, 'content')) ?? {}))
      checkSchema(own(media, 'schema'), {
        keys: [...keys, 'responses', status, 'content', type, 'schema'],
        schemas,
        say,
      });
  }
}
