import type { Diagnostic } from '../../diagnostic.ts';
import type { JsonSchema, SchemaConverter } from '../../operation/schema.ts';
import type { Operation, Parameter, ParameterWire, SecurityRequirement } from '../../operation/types.ts';
import { EDITOR_LIMITS } from '../editor/finding.ts';
import { fitText } from './fit-text.ts';
import type { createHoister } from './hoist.ts';

/** What operations are written with, for one document. */
export interface OperationWriter {
  readonly request: SchemaConverter;
  readonly answer: SchemaConverter;
  readonly hoist: ReturnType<typeof createHoister>;
  /** The one scheme the document keeps. */
  readonly scheme: string | undefined;
}

export interface WrittenOperation {
  /** Undefined when ChatGPT cannot call it. */
  readonly operation: object | undefined;
  /** What was left out, and why. */
  readonly losses: readonly Diagnostic[];
}

/** An operation as ChatGPT can call it, and what it took to make it so. */
export function writeOperation(operation: Operation, id: string, writer: OperationWriter): WrittenOperation {
  const losses: Diagnostic[] = [];
  const where = `${operation.method} ${operation.path}`;
  const lose = (severity: Diagnostic['severity'], code: string, message: string): void => {
    const hint =
      severity === 'info' ? {} : { hint: 'Through the bridge it can be called: actionbridge export gpt-action' };
    losses.push({ severity, code, ...operation.source, message: `${where}: ${message}`, ...hint });
  };
  const parameters = writeParameters(operation, writer, lose);
  const names = new Set(parameters?.map(({ name }) => name));
  const body = parameters && writeBody(operation, names, { ...writer, id, lose });
  if (!parameters || !body) return { operation: undefined, losses };
  const { summary, description, tags, deprecated, consequential } = operation;
  return {
    losses,
    operation: {
      operationId: id,
      ...(summary === undefined ? {} : { summary: fitText(summary, EDITOR_LIMITS.operationText) }),
      ...(description === undefined ? {} : { description: fitText(description, EDITOR_LIMITS.operationText) }),
      ...(tags.length > 0 ? { tags } : {}),
      ...(deprecated ? { deprecated } : {}),
      ...(consequential === undefined ? {} : { 'x-openai-isConsequential': consequential }),
      ...(parameters.length > 0 ? { parameters } : {}),
      ...body,
      responses: writeResponses(operation, id, writer),
      ...writeSecurity(operation.security, writer.scheme),
    },
  };
}

type Lose = (severity: Diagnostic['severity'], code: string, message: string) => void;

interface WrittenParameter {
  readonly name: string;
  readonly [member: string]: unknown;
}

/** Undefined when a parameter that must be sent cannot be. */
function writeParameters(operation: Operation, writer: OperationWriter, lose: Lose): WrittenParameter[] | undefined {
  const written = new Map<string, WrittenParameter>();
  for (const parameter of operation.parameters) {
    const { wire, required } = parameter;
    if (wire.in === 'querystring') {
      lose('warning', 'fix-querystring', 'left out: ChatGPT cannot write a whole query');
      return undefined;
    }
    if (wire.in === 'header' || wire.in === 'cookie') {
      const message = `the ${wire.in} ${wire.name} is not sent by ChatGPT; it is left out${required ? ', and the API asks for it' : ''}`;
      lose(required ? 'warning' : 'info', 'fix-parameter-location', message);
      continue;
    }
    const other = written.get(wire.name);
    if (other?.['required'] === true && required) {
      lose('warning', 'fix-parameter-twice', `left out: two parameters named ${wire.name} are required`);
      return undefined;
    }
    if (other) lose('warning', 'fix-parameter-twice', `of two parameters named ${wire.name} one is left out`);
    if (other && !required) continue;
    written.set(wire.name, writeParameter(parameter, wire, writer));
  }
  return [...written.values()];
}

function writeParameter(parameter: Parameter, wire: ParameterWire, writer: OperationWriter): WrittenParameter {
  const { request, hoist } = writer;
  const schema = hoist(request.convert(parameter.schema), {
    owner: wire.name,
    lookUp: componentsOf(writer, request),
  }).schema;
  const { description } = parameter;
  return {
    name: wire.name,
    in: wire.in,
    ...(parameter.required || wire.in === 'path' ? { required: true } : {}),
    ...(description === undefined ? {} : { description: fitText(description, EDITOR_LIMITS.parameterText) }),
    ...(parameter.deprecated ? { deprecated: true } : {}),
    ...(wire.style === 'content' ? { content: { [wire.mediaType]: { schema } } } : { ...styleOf(wire), schema }),
  };
}

const DEFAULT_STYLE = { path: 'simple', query: 'form', header: 'simple', cookie: 'form', querystring: 'content' };
const STYLES = new Set(['simple', 'label', 'matrix', 'form', 'deepObject', 'spaceDelimited', 'pipeDelimited']);

function styleOf(wire: Exclude<ParameterWire, { readonly style: 'content' }>): object {
  const { style, explode } = wire;
  return {
    ...(style === DEFAULT_STYLE[wire.in] || !STYLES.has(style) ? {} : { style }),
    ...(explode === (style === 'form') ? {} : { explode }),
    ...('allowReserved' in wire && wire.allowReserved ? { allowReserved: true } : {}),
    ...('allowEmptyValue' in wire && wire.allowEmptyValue ? { allowEmptyValue: true } : {}),
  };
}

interface BodyWriter extends OperationWriter {
  readonly id: string;
  readonly lose: Lose;
}

/** Undefined when a body that must be sent cannot be; `{}` for none. */
function writeBody(operation: Operation, names: ReadonlySet<string>, writer: BodyWriter): object | undefined {
  const { body } = operation;
  if (!body) return {};
  const { request, hoist, id, lose } = writer;
  const without = (why: string): object | undefined => {
    lose('warning', 'fix-body', body.required ? `left out: ${why}` : `without a body: ${why}`);
    return body.required ? undefined : {};
  };
  const choice = body.choices.find(({ wire }) => wire.encoding === 'json');
  if (!choice) return without(`ChatGPT sends JSON, and the body is ${body.choices[0]?.wire.mediaType}`);
  const schema = asObjectSchema(request.convertRoot(choice.schema));
  if (!schema) return without('the body is no object');
  const distinct = withoutNames(schema, names, lose);
  if (!distinct) return without('a property that is required has the name of a parameter');
  return {
    requestBody: {
      ...(body.description === undefined ? {} : { description: body.description }),
      required: body.required,
      content: {
        'application/json': { schema: hoist(distinct, { owner: id, lookUp: componentsOf(writer, request) }).schema },
      },
    },
  };
}

/** The editor asks for the type itself. */
function asObjectSchema(schema: JsonSchema): JsonSchema | undefined {
  const { type, properties } = schema;
  if (type === 'object') return schema;
  const isObject = Array.isArray(type) ? type.includes('object') : type === undefined && properties !== undefined;
  return isObject ? { ...schema, type: 'object' } : undefined;
}

/** Without the properties that a parameter has the name of; undefined when one of them is required. */
function withoutNames(schema: JsonSchema, names: ReadonlySet<string>, lose: Lose): JsonSchema | undefined {
  const properties = Object.entries((schema['properties'] ?? {}) as { readonly [name: string]: JsonSchema });
  const clashing = properties.map(([name]) => name).filter((name) => names.has(name));
  if (clashing.length === 0) return schema;
  const required = (schema['required'] ?? []) as readonly string[];
  if (clashing.some((name) => required.includes(name))) return undefined;
  for (const name of clashing)
    lose('warning', 'fix-parameter-twice', `the property ${name} has the name of a parameter; it is left out`);
  return { ...schema, properties: Object.fromEntries(properties.filter(([name]) => !names.has(name))) };
}

function writeResponses({ responses }: Operation, id: string, writer: OperationWriter): object {
  const { answer, hoist } = writer;
  if (responses.length === 0) return { '200': { description: 'OK' } };
  const lookUp = componentsOf(writer, answer);
  return Object.fromEntries(
    responses.map(({ status, description, content }) => [
      status,
      {
        description: description ?? 'OK',
        ...(content.length > 0
          ? {
              content: Object.fromEntries(
                content.map(({ mediaType, schema }) => [
                  mediaType,
                  schema === undefined
                    ? {}
                    : { schema: hoist(answer.convert(schema), { owner: `${id}_answer`, lookUp }).schema },
                ]),
              ),
            }
          : {}),
      },
    ]),
  );
}

/** An operation without a requirement stays open; any other asks for the one scheme there is. */
function writeSecurity(security: readonly (readonly SecurityRequirement[])[], scheme: string | undefined): object {
  if (scheme === undefined) return {};
  if (security.every((requirements) => requirements.length === 0)) return { security: [] };
  const scopes = security.flat().find((requirement) => requirement.scheme === scheme)?.scopes ?? [];
  return { security: [{ [scheme]: scopes }] };
}

/** References of converted schemas are pointers into the document. What is read only is no part of a request: each direction has components of its own. */
function componentsOf({ request }: OperationWriter, converter: SchemaConverter) {
  const direction = converter === request ? 'request' : 'answer';
  return (pointer: string) => ({
    name: pointer
      .slice(pointer.lastIndexOf('/') + 1)
      .replaceAll('~1', '_')
      .replaceAll('~0', '~'),
    key: `${direction} ${pointer}`,
    schema: converter.component(pointer),
  });
}
