import { type Json, listOf, recordOf, textOf, without } from './lenient.ts';
import { badRequest } from './openai-error.ts';
import type { DialectName } from './types.ts';

/** A client's request: its body, and what the proxy has to know of it. */
export interface Asked {
  readonly dialect: DialectName;
  /** Without what is not the client's to say. */
  readonly body: Json;
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** Names of the functions that the client runs itself. */
  readonly clientTools: ReadonlySet<string>;
  /** The client has tools whose names cannot be known here (MCP, tool search, namespaces): calls nobody owns are its own. */
  readonly hasOpenTools: boolean;
  /** Why this request is passed on as it is, without our tools. */
  readonly plainBecause?: string;
  /** The client wants no calls. */
  readonly wantsNoTools: boolean;
  readonly approvals: Json;
}

/** Where requests go and with whose key is the operator's choice (CVE-2024-6587); some upstreams would act upon these. */
const ROUTING = [
  'api_base',
  'base_url',
  'api_key',
  'api_type',
  'api_version',
  'organization',
  'project',
  'extra_headers',
  'extra_query',
  'extra_body',
  'default_headers',
  'headers',
  'proxy',
  'custom_llm_provider',
  'deployment_id',
  'azure_endpoint',
  'actionbridge',
] as const;

/** Reads a body of `/v1/chat/completions` or `/v1/responses`. Throws RequestFailed naming the member that is wrong. */
export function readAsked(dialect: DialectName, given: unknown): Asked {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw badRequest('The body must be a JSON object', null);
  const body = without(given as Json, ...ROUTING);
  const { model, stream } = body;
  if (typeof model !== 'string' || model === '') throw badRequest('you must provide a model parameter', 'model');
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean')
    throw badRequest("'stream' must be a boolean", 'stream');
  if (dialect === 'chat') checkMessages(body);
  else checkInput(body);
  const tools = listOf(body['tools']).map(recordOf);
  if (body['tools'] !== undefined && body['tools'] !== null && !Array.isArray(body['tools']))
    throw badRequest("'tools' must be an array", 'tools');
  const plainBecause = plainReason(body);
  return {
    dialect,
    body,
    model,
    stream: stream === true,
    includeUsage: recordOf(body['stream_options'])['include_usage'] === true,
    clientTools: new Set(tools.flatMap(namesIn)),
    hasOpenTools: tools.some(({ type }) => typeof type === 'string' && OPEN.test(type)),
    approvals: recordOf(recordOf((given as Json)['actionbridge'])),
    wantsNoTools: body['tool_choice'] === 'none',
    ...(plainBecause === undefined ? {} : { plainBecause }),
  };
}

const OPEN = /^(?:mcp|tool_search|namespace|programmatic_tool_calling)/;

function checkMessages({ messages }: Json): void {
  if (!Array.isArray(messages))
    throw badRequest("Missing required parameter: 'messages'.", 'messages', 'missing_required_parameter');
  for (const [index, message] of messages.entries()) {
    if (typeof message !== 'object' || message === null || typeof (message as Json)['role'] !== 'string')
      throw badRequest(`'messages[${index}]' must be an object with a role`, `messages[${index}]`);
  }
}

function checkInput({ input, prompt, previous_response_id, conversation }: Json): void {
  if (typeof input === 'string' || Array.isArray(input)) return;
  if (input === undefined && (prompt || previous_response_id || conversation)) return;
  throw badRequest("Missing required parameter: 'input'.", 'input', 'missing_required_parameter');
}

/** Function and custom tools by name, those inside namespaces too. */
function namesIn(tool: Json): string[] {
  const inner = recordOf(tool['function'] ?? tool['custom'] ?? tool);
  const nested = listOf(tool['tools']).flatMap((each) => namesIn(recordOf(each)));
  const name = textOf(inner['name']);
  return name === '' ? nested : [name, ...nested];
}

function plainReason(body: Json): string | undefined {
  if (typeof body['n'] === 'number' && body['n'] > 1) return 'n';
  if (body['background'] === true) return 'background';
  return Array.isArray(body['functions']) ? 'functions' : undefined;
}
