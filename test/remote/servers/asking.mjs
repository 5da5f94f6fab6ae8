// A server of the second generation that asks its client something before it answers.
import { inputRequired, Server } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { note } from './kit.mjs';

const none = { type: 'object', properties: {} };
const READ_ONLY = { readOnlyHint: true };
const text = (words) => ({ content: [{ type: 'text', text: words }] });
const form = (message, field) => ({
  method: 'elicitation/create',
  params: {
    mode: 'form',
    message,
    requestedSchema: { type: 'object', properties: { [field]: { type: 'string' } }, required: [field] },
  },
});
const SAMPLE = {
  method: 'sampling/createMessage',
  params: { messages: [{ role: 'user', content: { type: 'text', text: 'Capital of France?' } }], maxTokens: 10 },
};

const TOOLS = {
  greet: ({ inputResponses }) => {
    const name = inputResponses?.who?.content?.name;
    return name === undefined
      ? inputRequired({ inputRequests: { who: form('What is\u202e your name?', 'name') } })
      : text(`Hello ${name}`);
  },
  ask_model: ({ inputResponses }) => {
    const { model } = inputResponses ?? {};
    return model ? text(`It says ${model.content.text}`) : inputRequired({ inputRequests: { model: SAMPLE } });
  },
  list_roots: ({ inputResponses }) => {
    const { roots } = inputResponses ?? {};
    return roots
      ? text(roots.roots.map(({ uri }) => uri).join())
      : inputRequired({ inputRequests: { roots: { method: 'roots/list', params: {} } } });
  },
  /** Its key is one that the bridge uses itself. */
  remove: ({ inputResponses, requestState }) => {
    const state = requestState();
    const { confirm } = inputResponses ?? {};
    if (state === 'one.two' && confirm) return text(`Removed ${confirm.content.which}`);
    if (state === 'one' && confirm)
      return inputRequired({ inputRequests: { confirm: form('Which one?', 'which') }, requestState: 'one.two' });
    return inputRequired({ inputRequests: { confirm: form('Why?', 'why') }, requestState: 'one' });
  },
};

serveStdio(() => {
  const server = new Server(
    { name: 'asking', version: '1.0.0' },
    { capabilities: { tools: {}, prompts: {}, resources: {}, completions: {} } },
  );
  server.setRequestHandler('tools/list', () => ({
    tools: Object.keys(TOOLS).map((name) => ({
      name,
      description: `${name} of the asking server`,
      inputSchema: none,
      annotations: name === 'remove' ? {} : READ_ONLY,
    })),
  }));
  server.setRequestHandler('tools/call', ({ params }, { mcpReq }) => {
    note(`${params.name} ${JSON.stringify(Object.keys(mcpReq.inputResponses ?? {}))}`);
    return TOOLS[params.name](mcpReq);
  });
  server.setRequestHandler('prompts/list', () => ({
    prompts: [{ name: 'plan', description: 'A plan', arguments: [{ name: 'city' }] }],
  }));
  server.setRequestHandler('prompts/get', (_, { mcpReq }) => {
    const goal = mcpReq.inputResponses?.goal?.content?.goal;
    if (goal === undefined) return inputRequired({ inputRequests: { goal: form('Which goal?', 'goal') } });
    return { messages: [{ role: 'user', content: { type: 'text', text: `Plan for ${goal}` } }] };
  });
  server.setRequestHandler('resources/list', () => ({
    resources: ['now', 'secret'].map((name) => ({ uri: `plan://${name}`, name })),
  }));
  server.setRequestHandler('resources/templates/list', () => ({
    resourceTemplates: [{ uriTemplate: 'plan://{city}/of/{day}', name: 'plan' }],
  }));
  server.setRequestHandler('resources/read', ({ params: { uri } }, { mcpReq }) => {
    const { pass } = mcpReq.inputResponses ?? {};
    if (uri === 'plan://secret' && !pass)
      return inputRequired({ inputRequests: { pass: form('Which word?', 'word') }, requestState: 'asked' });
    return { contents: [{ uri, text: pass ? `${mcpReq.requestState()} ${pass.content.word}` : `read ${uri}` }] };
  });
  server.setRequestHandler('completion/complete', ({ params: { ref, argument } }) => ({
    completion: { values: [`${ref.name ?? ref.uri} ${argument.name} ${argument.value}`] },
  }));
  return server;
});
