// The MCP server beside openapi.yaml: what no document describes, as "test" of mcp.json. The bridge passes it all on.
import { inputRequired, ProtocolError, Server } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { ASKING_PROMPTS, ASKING_TOOLS } from './questions.mjs';

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
const INVALID_PARAMS = -32602;

const RESOURCES = {
  'test://static-text': { mimeType: 'text/plain', text: 'This is the content of the static text resource.' },
  'test://static-binary': { mimeType: 'image/png', blob: PNG },
  'test://watched-resource': { mimeType: 'text/plain', text: 'It may change.' },
};
const TEMPLATE = 'test://template/{id}/data';

const says = (content) => ({ role: 'user', content });
const text = (words) => ({ type: 'text', text: words });
const required = (...names) => names.map((name) => ({ name, required: true }));

const PROMPTS = {
  simple_prompt: { description: 'A text', get: () => [says(text('This is a simple prompt for testing.'))] },
  prompt_with_arguments: {
    description: 'A text with two places',
    arguments: required('arg1', 'arg2'),
    get: ({ arg1, arg2 }) => [says(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`))],
  },
  prompt_with_embedded_resource: {
    description: 'A resource and a text',
    arguments: required('resourceUri'),
    get: ({ resourceUri: uri }) => [
      says({ type: 'resource', resource: { uri, mimeType: 'text/plain', text: 'Embedded resource content.' } }),
      says(text('Please process the embedded resource above.')),
    ],
  },
  prompt_with_image: {
    description: 'A picture and a text',
    get: () => [
      says({ type: 'image', data: PNG, mimeType: 'image/png' }),
      says(text('Please analyze the image above.')),
    ],
  },
};

/** Tools that change a list, and what they add to it. */
const GROWING = { trigger_tool_change: 'tools', trigger_prompt_change: 'prompts' };
const grown = { tools: 0, prompts: 0 };

function toolsNow() {
  const names = [...Object.keys(ASKING_TOOLS), ...Object.keys(GROWING), ...added('tools')];
  return names.map((name) => ({
    name,
    description: ASKING_TOOLS[name]?.description ?? 'Changes what this server lists',
    inputSchema: ASKING_TOOLS[name]?.inputSchema ?? { type: 'object' },
    // Asking is no reason for the bridge to ask as well.
    annotations: { readOnlyHint: name in ASKING_TOOLS },
  }));
}

function promptsNow() {
  const listed = Object.entries({ ...PROMPTS, ...ASKING_PROMPTS }).map(([name, prompt]) => ({
    name,
    description: prompt.description,
    ...(prompt.arguments ? { arguments: prompt.arguments } : {}),
  }));
  return [...listed, ...added('prompts').map((name) => ({ name, description: 'It has come later' }))];
}

function added(part) {
  return Array.from({ length: grown[part] }, (_, index) => `later_${index}`);
}

function makeServer() {
  const changes = { listChanged: true };
  const server = new Server(
    { name: 'conformance-server', version: '1.0.0' },
    { capabilities: { tools: changes, prompts: changes, resources: { subscribe: true }, completions: {} } },
  );
  server.setRequestHandler('tools/list', () => ({ tools: toolsNow() }));
  server.setRequestHandler('prompts/list', () => ({ prompts: promptsNow() }));
  server.setRequestHandler('resources/list', () => ({
    resources: Object.entries(RESOURCES).map(([uri, { mimeType }]) => ({ uri, name: uri, mimeType })),
  }));
  server.setRequestHandler('resources/templates/list', () => ({
    resourceTemplates: [{ uriTemplate: TEMPLATE, name: 'data' }],
  }));
  server.setRequestHandler('resources/read', ({ params: { uri } }) => ({ contents: [{ uri, ...contentsOf(uri) }] }));
  server.setRequestHandler('prompts/get', ({ params: { name, arguments: args = {} } }, context) => {
    const asking = ASKING_PROMPTS[name];
    if (asking) return asking.answer(stateOf(context));
    return { messages: PROMPTS[name].get(args) };
  });
  server.setRequestHandler('completion/complete', ({ params: { argument } }) => ({
    completion: { values: ['paris', 'park', 'testing'].filter((value) => value.startsWith(argument.value)) },
  }));
  server.setRequestHandler('tools/call', async ({ params: { name, arguments: args = {} } }, context) => {
    const part = GROWING[name];
    if (!part) return ASKING_TOOLS[name].answer({ ...stateOf(context), args });
    grown[part]++;
    await (part === 'tools' ? server.sendToolListChanged() : server.sendPromptListChanged());
    return { content: [text('Changed.')] };
  });
  return server;
}

function stateOf({ mcpReq }) {
  const { 'io.modelcontextprotocol/clientCapabilities': capabilities = {} } = mcpReq.envelope ?? {};
  return { capabilities, responses: mcpReq.inputResponses ?? {}, state: mcpReq.requestState(), ask: inputRequired };
}

function contentsOf(uri) {
  const found = RESOURCES[uri];
  if (found) return found;
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (id === undefined) throw new ProtocolError(INVALID_PARAMS, `No resource ${uri}`);
  return { mimeType: 'application/json', text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }) };
}

serveStdio(makeServer);
