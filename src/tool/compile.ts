import { isDeepStrictEqual } from 'node:util';
import { tidyProse } from '../operation/prose.ts';
import type { JsonSchema, SchemaConverter } from '../operation/schema.ts';
import { cleanText } from '../operation/text.ts';
import type { BodyChoice, BodyWire, Operation, Parameter, RequestBody } from '../operation/types.ts';
import { type ArgumentPlace, nameArguments } from './arguments.ts';
import { withoutBoilerplate } from './boilerplate.ts';
import { bundleInput } from './bundle.ts';
import { fileSchema } from './file-schema.ts';
import { gptFilesArgument, withGptFiles } from './gpt-files.ts';
import { hintsOf } from './hints.ts';
import { compileOutput } from './output.ts';
import type { Binding, BindingTarget, InputSchema, RequestTemplate, Tool } from './types.ts';

/** One argument before it has its name. */
interface Argument {
  readonly name: string;
  readonly place: ArgumentPlace;
  readonly schema: JsonSchema;
  readonly required: boolean;
  readonly target: BindingTarget;
}

export interface CompiledTool {
  readonly tool: Tool;
  /** Deep parts of the schema were made free-form to keep it within the size clients accept. */
  readonly reduced: boolean;
  /** Characters of the description that are left out. */
  readonly cut: number;
}

/** What the tools of one document share. */
export interface CompileContext {
  readonly converter: SchemaConverter;
  /** Paragraphs that are left out of descriptions: see `findBoilerplate`. */
  readonly boilerplate: ReadonlySet<string>;
  /** Parameters that several operations share are compiled once; empty at first. */
  readonly parameters: WeakMap<Parameter, CompiledParameter>;
  /** Converts for answers; absent: tools declare no output. */
  readonly answers?: SchemaConverter;
}

interface CompiledParameter {
  readonly schema: JsonSchema;
  readonly written: RequestTemplate['parameters'][number];
}

/** An operation under its settled name, and its description, tidy. */
export interface NamedOperation {
  readonly operation: Operation;
  readonly name: string;
  readonly description: string;
}

/** The tool of one operation. */
export function compileTool(named: NamedOperation, context: CompileContext): CompiledTool {
  const { operation, name } = named;
  const { converter, boilerplate, answers } = context;
  const output = answers && compileOutput(operation, answers);
  const body = operation.body && compileBody(operation.body, converter);
  const parameters = operation.parameters.map((parameter) => compileParameter(parameter, context));
  const list: readonly Argument[] = [...parameters.map(parameterArgument), ...(body?.arguments ?? [])];
  const names = nameArguments(list);
  const { schema, reduced } = bundleInput(
    describedProperties(list, names),
    names.filter((_, index) => list[index]!.required),
    converter.component,
  );
  const { text: description, cut } = shortened(describe(named, boilerplate));
  const tool: Tool = {
    name,
    title: titleOf(operation, name),
    description,
    input: schema as InputSchema,
    hints: operation.hints ?? hintsOf(operation.method, operation.consequential),
    api: operation.api,
    request: requestTemplate(
      operation,
      parameters.map(({ written }) => written),
      body?.requiredProperties ?? [],
    ),
    bindings: list.map((argument, index): Binding => ({ argument: names[index]!, target: argument.target })),
    ...(output ? { output } : {}),
  };
  return { tool: withFileParams(tool), reduced, cut };
}

/** ChatGPT then hands files over as `{ download_url, file_id, … }` (Apps SDK, `_meta`). */
function withFileParams(tool: Tool): Tool {
  const argument = gptFilesArgument(tool);
  return argument === undefined ? tool : { ...tool, meta: { ...tool.meta, 'openai/fileParams': [argument] } };
}

function compileParameter(parameter: Parameter, { converter, parameters }: CompileContext): CompiledParameter {
  let compiled = parameters.get(parameter);
  if (!compiled) {
    const schema = describedParameter(parameter, converter.convert(parameter.schema));
    compiled = { schema, written: { ...parameter.wire, required: parameter.required } };
    parameters.set(parameter, compiled);
  }
  return compiled;
}

function parameterArgument({ schema, written }: CompiledParameter, index: number): Argument {
  const { name, in: place, required } = written;
  return { name, place, schema, required, target: { kind: 'parameter', index } };
}

function describedParameter({ description, deprecated }: Parameter, schema: JsonSchema): JsonSchema {
  if (!description && !deprecated) return schema;
  return {
    ...schema,
    ...(description ? { description: tidyProse(description) } : {}),
    ...(deprecated ? { deprecated: true } : {}),
  };
}

function describedProperties(list: readonly Argument[], names: readonly string[]): { [argument: string]: JsonSchema } {
  const properties: { [argument: string]: JsonSchema } = Object.create(null);
  list.forEach(({ name, place, schema, target }, index) => {
    const argument = names[index]!;
    const own = target.kind === 'parameter' || target.kind === 'property';
    const renamed = own && argument !== name && argument !== `${name}_${place}`;
    properties[argument] = renamed
      ? {
          ...schema,
          description: `${schema['description'] ? `${schema['description']} ` : ''}(API name: ${JSON.stringify(name)})`,
        }
      : schema;
  });
  return properties;
}

interface CompiledBody {
  readonly arguments: readonly Argument[];
  readonly requiredProperties: readonly string[];
}

/** Properties of a plain object stand beside the parameters; any other body is one argument. */
function compileBody(body: RequestBody, converter: SchemaConverter): CompiledBody {
  const schemas = body.choices.map((choice) => convertChoice(choice, converter));
  const media = mediaTypeArgument(body.choices);
  const first = schemas[0]!;
  const same = schemas.every((schema) => schema === first || isDeepStrictEqual(schema, first));
  if (same && isPlainObject(first) && body.choices.every((choice) => holdsProperties(choice.wire))) {
    return {
      arguments: [...propertyArguments(first, body.required), ...media],
      requiredProperties: (first['required'] as string[] | undefined) ?? [],
    };
  }
  const schema = schemas.length === 1 || same ? first : { anyOf: uniqueSchemas(schemas) };
  const description = [body.description && tidyProse(body.description), schema['description']]
    .filter(Boolean)
    .join('\n');
  const whole: Argument = {
    name: 'body',
    place: 'body',
    schema: { ...schema, ...(description ? { description } : {}) },
    required: body.required,
    target: { kind: 'body' },
  };
  return { arguments: [whole, ...media], requiredProperties: [] };
}

function convertChoice(choice: BodyChoice, converter: SchemaConverter): JsonSchema {
  const { wire } = choice;
  if (wire.encoding === 'bytes') return fileSchema();
  const schema = converter.convertRoot(choice.schema);
  if (wire.encoding === 'json') return withGptFiles(schema);
  return wire.encoding === 'form' || wire.encoding === 'multipart' ? withFiles(schema, wire) : schema;
}

/** Properties that are sent as bytes are asked for as files. */
function withFiles(schema: JsonSchema, wire: Extract<BodyWire, { encoding: 'form' | 'multipart' }>): JsonSchema {
  const properties = schema['properties'] as { [name: string]: JsonSchema } | undefined;
  if (!properties) return schema;
  const changed: { [name: string]: JsonSchema } = Object.assign(Object.create(null), properties);
  for (const name of Object.keys(properties)) {
    const field = Object.hasOwn(wire.fields, name) || name in wire.fields ? wire.fields[name] : undefined;
    if (field?.value !== 'bytes') continue;
    const description = properties[name]!['description'];
    const file = { ...fileSchema(), ...(description === undefined ? {} : { description }) };
    changed[name] = field.array
      ? { type: 'array', items: fileSchema(), ...(description === undefined ? {} : { description }) }
      : file;
  }
  return { ...schema, properties: changed };
}

const PLAIN_KEYWORDS = new Set([
  'type',
  'properties',
  'required',
  'description',
  'title',
  'default',
  'deprecated',
  'format',
]);

/** An object of named properties and nothing else: no union, no map, no condition at its root. */
function isPlainObject(schema: JsonSchema): boolean {
  if (schema['type'] !== 'object' || schema['properties'] === undefined) return false;
  return Object.keys(schema).every(
    (keyword) =>
      PLAIN_KEYWORDS.has(keyword) ||
      ((keyword === 'additionalProperties' || keyword === 'unevaluatedProperties') && schema[keyword] === false),
  );
}

function holdsProperties(wire: BodyWire): boolean {
  return (
    wire.encoding === 'json' || wire.encoding === 'form' || wire.encoding === 'multipart' || wire.encoding === 'xml'
  );
}

function propertyArguments(schema: JsonSchema, bodyRequired: boolean): Argument[] {
  const required = new Set(schema['required'] as string[] | undefined);
  const properties = schema['properties'] as { [name: string]: JsonSchema };
  return Object.keys(properties).map((name) => ({
    name,
    place: 'body',
    schema: properties[name]!,
    required: bodyRequired && required.has(name),
    target: { kind: 'property', name },
  }));
}

/** Only where there is a choice. */
function mediaTypeArgument(choices: readonly BodyChoice[]): Argument[] {
  if (choices.length < 2) return [];
  const types = [...new Set(choices.map((choice) => choice.wire.mediaType))];
  if (types.length < 2) return [];
  const schema = { type: 'string', enum: types, description: `Media type of the body; ${types[0]} when not given.` };
  return [{ name: 'content_type', place: 'body', schema, required: false, target: { kind: 'contentType' } }];
}

function uniqueSchemas(schemas: readonly JsonSchema[]): JsonSchema[] {
  return schemas.filter((schema, index) => schemas.findIndex((other) => isDeepStrictEqual(schema, other)) === index);
}

function requestTemplate(
  operation: Operation,
  parameters: RequestTemplate['parameters'],
  requiredProperties: readonly string[],
): RequestTemplate {
  return {
    operation: operation.id ?? `${operation.method} ${operation.path}`,
    method: operation.method,
    path: operation.path,
    servers: operation.servers,
    parameters,
    accept: acceptedTypes(operation),
    security: operation.security,
    ...(operation.consequential === undefined ? {} : { consequential: operation.consequential }),
    deprecated: operation.deprecated,
    tags: operation.tags,
    ...(operation.body
      ? {
          body: {
            required: operation.body.required,
            choices: operation.body.choices.map((choice) => choice.wire),
            requiredProperties,
          },
        }
      : {}),
  };
}

/** Media types of the declared answers, each once. */
function acceptedTypes({ responses }: Operation): string[] {
  const types = new Set<string>();
  for (const { content } of responses) for (const { mediaType } of content) types.add(mediaType);
  return [...types];
}

function titleOf(operation: Operation, name: string): string {
  const summary = operation.summary ? cleanText(operation.summary).split('\n')[0]! : '';
  return summary !== '' && summary.length <= 120 ? summary : name.replace(/[_-]+/g, ' ');
}

/** The operation in words: its summary, unless name and description say it, then its description. */
function describe({ operation, name, description: whole }: NamedOperation, boilerplate: ReadonlySet<string>): string {
  const summary = tidyProse(operation.summary ?? '');
  const description = withoutBoilerplate(whole, boilerplate);
  const words = description !== '' && saysAll(`${name} ${firstLine(description)}`, summary) ? '' : summary;
  const text = [words, description].filter(Boolean).join('\n\n') || `${operation.method} ${operation.path}`;
  return operation.deprecated ? `Deprecated. ${text}` : text;
}

/** What OpenAI's functions take, and enough for any model: characters of a description. */
const MAX_DESCRIPTION = 1_024;
const CUT = ' […]';

/** A description that fits, cut after a sentence or a word. */
function shortened(text: string): { readonly text: string; readonly cut: number } {
  if (text.length <= MAX_DESCRIPTION) return { text, cut: 0 };
  const room = text.slice(0, MAX_DESCRIPTION - CUT.length);
  const sentence = Math.max(room.lastIndexOf('. ') + 1, room.lastIndexOf('\n'));
  const end = sentence > room.length * 0.7 ? sentence : room.lastIndexOf(' ');
  const kept = (end > room.length / 2 ? room.slice(0, end) : room).replace(/[\ud800-\udbff]$/, '').trimEnd();
  return { text: kept + CUT, cut: text.length - kept.length };
}

function firstLine(text: string): string {
  return text.slice(0, 400).split('\n')[0]!;
}

const SMALL_WORDS = new Set(['the', 'a', 'an', 'of', 'for', 'to', 'in', 'is', 'or', 'and', 'by', 'with', 'on']);

/** Whether each word of `summary` stands in `text`, endings aside. */
function saysAll(text: string, summary: string): boolean {
  const said = text.toLowerCase();
  const words = summary.toLowerCase().match(/[a-z0-9]+|[^\x00-\x7f]+/g) ?? [];
  return words.every((word) => SMALL_WORDS.has(word) || said.includes(word.length > 5 ? word.slice(0, 5) : stem(word)));
}

function stem(word: string): string {
  return word.length > 2 && word.endsWith('s') ? word.slice(0, -1) : word;
}
