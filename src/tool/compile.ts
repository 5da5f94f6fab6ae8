import { tidyProse } from '../operation/prose.ts';
import type { JsonSchema, SchemaConverter } from '../operation/schema.ts';
import type { Operation, Parameter } from '../operation/types.ts';
import { nameArguments } from './arguments.ts';
import { type Argument, compileBody } from './body-arguments.ts';
import { bundleInput } from './bundle.ts';
import { describe, type NamedOperation, shortened, titleOf } from './describe.ts';
import { gptFilesArgument } from './gpt-files.ts';
import { hintsOf } from './hints.ts';
import { compileOutput } from './output.ts';
import type { Binding, InputSchema, RequestTemplate, Tool } from './types.ts';

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
