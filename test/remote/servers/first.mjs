// A server of the first generation (SDK 1.x), over stdio, or over HTTP with sessions when PORT is set.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  CallToolRequestSchema,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { call, GROWN, getPrompt, note, PROMPTS, RESOURCES, readResource, TEMPLATES, TOOLS } from './kit.mjs';

let grown = false;

function makeServer() {
  const server = new Server(
    { name: 'first', version: '1.0.0' },
    {
      capabilities: { tools: { listChanged: true }, resources: { subscribe: true }, prompts: {} },
      instructions: 'The first one.',
    },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: grown ? [...TOOLS, GROWN] : TOOLS }));
  server.setRequestHandler(ListResourcesRequestSchema, () => ({ resources: RESOURCES }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({ resourceTemplates: TEMPLATES }));
  server.setRequestHandler(ListPromptsRequestSchema, () => ({ prompts: PROMPTS }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }) => readResource(params.uri));
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) => getPrompt(params));
  const subscribed = new Set();
  server.setRequestHandler(SubscribeRequestSchema, ({ params: { uri } }) => {
    note(`subscribe ${uri}`);
    subscribed.add(uri);
    return {};
  });
  server.setRequestHandler(UnsubscribeRequestSchema, ({ params: { uri } }) => {
    note(`unsubscribe ${uri}`);
    subscribed.delete(uri);
    return {};
  });
  server.setRequestHandler(CallToolRequestSchema, ({ params }) =>
    call(params, {
      refuse: (code, message) => new McpError(code, message),
      grow: () => {
        grown = true;
        void server.sendToolListChanged();
      },
      touch: (uri) => {
        if (subscribed.has(uri)) void server.sendResourceUpdated({ uri });
      },
    }),
  );
  return server;
}

note(`start ${process.pid}`);
if (process.env.PORT === undefined) await makeServer().connect(new StdioServerTransport());
else serveHttp(Number(process.env.PORT));

function serveHttp(port) {
  const sessions = new Map();
  const http = createServer(async (request, response) => {
    if (request.method === 'DELETE') note('delete');
    const known = sessions.get(request.headers['mcp-session-id']);
    if (known) return known.handleRequest(request, response);
    if (request.headers['mcp-session-id']) return response.writeHead(404).end();
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => sessions.set(id, transport),
    });
    await makeServer().connect(transport);
    return transport.handleRequest(request, response);
  });
  http.listen(port, '127.0.0.1', () => process.stdout.write(`${http.address().port}\n`));
}
