import type { ToolSource } from '../mcp/server.ts';
import { glob } from '../tool/filter.ts';
import type { JsonSchema, Tool } from '../tool/types.ts';
import { version } from '../version.ts';
import { hoistSchema, type Schemas } from './openapi-schema.ts';

export interface OpenApiOptions {
  /** Where `/api/{tool}` is, without a slash at the end. */
  readonly publicUrl: string;
  /** Globs over tool names; absent: all. */
  readonly tools?: readonly string[];
  readonly secured: boolean;
}

/** The GPT editor takes no more operations in one document. */
const MAX_OPERATIONS = 30;
/** The GPT editor's limit for summaries and descriptions of operations. */
const MAX_TEXT = 300;

/** Every tool as `POST /api/{tool}`, in a document (OpenAPI 3.1) that the GPT editor imports. */
export function buildOpenApi(source: ToolSource, options: OpenApiOptions): object {
  const { tools: patterns, publicUrl, secured } = options;
  const tools = source.registry.tools.filter(
    ({ name }) => patterns === undefined || patterns.some((pattern) => glob(pattern, name)),
  );
  const schemas: Schemas = { Error: ERROR_SCHEMA };
  const paths = Object.fromEntries(tools.map((tool) => [`/api/${tool.name}`, { post: operationOf(tool, schemas) }]));
  return {
    openapi: '3.1.0',
    info: {
      title: source.apis.map(({ title }) => title).join(', ') || 'actionbridge',
      version,
      description: descriptionOf(source, tools.length),
    },
    servers: [{ url: publicUrl }],
    paths,
    components: {
      schemas,
      ...(secured ? { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } } : {}),
    },
    ...(secured ? { security: [{ bearer: [] }] } : {}),
  };
}

function descriptionOf({ apis }: ToolSource, count: number): string {
  const what = `Each operation is a tool of actionbridge, over ${apis.map(({ title }) => title).join(', ')}.`;
  if (count <= MAX_OPERATIONS) return what;
  return `${what} The GPT editor takes ${MAX_OPERATIONS} operations, and here are ${count}: choose with ?tools=name,prefix*.`;
}

function operationOf(tool: Tool, schemas: Schemas): object {
  const { name, title, description, input, output, request, hints } = tool;
  return {
    operationId: name,
    summary: cut(title),
    description: cut(description),
    tags: [tool.api],
    'x-openai-isConsequential': request.consequential ?? !hints.readOnly,
    requestBody: {
      required: (input.required ?? []).length > 0,
      content: { 'application/json': { schema: hoistSchema(input, name, schemas) } },
    },
    responses: {
      '200': {
        description: 'The answer of the API.',
        content: {
          'application/json': { schema: output ? hoistSchema(output, `${name}_output`, schemas) : ANY_OBJECT },
        },
      },
      default: {
        description: 'The call failed, or the API refused it.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  };
}

/** The editor drops objects that list no properties. */
const ANY_OBJECT: JsonSchema = { type: 'object', properties: {}, additionalProperties: true };

const ERROR_SCHEMA: JsonSchema = {
  type: 'object',
  properties: {
    error: {
      type: 'object',
      properties: {
        code: { type: 'string' },
        message: { type: 'string' },
        hint: { type: 'string', description: 'What to do next.' },
        retryable: { type: 'boolean' },
      },
    },
  },
};

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 1).trimEnd()}…`;
}
