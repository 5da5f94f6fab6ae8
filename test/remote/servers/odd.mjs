// Servers as they are found: what is odd is the first word.
import { createServer } from 'node:http';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { call, TOOLS } from './kit.mjs';

const [odd, port] = process.argv.slice(2);

function makeServer() {
  const server = new Server({ name: 'odd', version: '1.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, ({ params }) => list(params?.cursor));
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => {
    if (odd === 'talks') process.stdout.write('calling a tool\n');
    if (odd === 'dies' && params.name === 'echo') process.exit(7);
    if (odd === 'huge') return { content: [{ type: 'text', text: 'x'.repeat(12 * 2 ** 20) }] };
    return call(params, { refuse: (_, message) => new Error(message), grow: () => undefined });
  });
  return server;
}

function list(cursor) {
  if (odd === 'broken-tools')
    return {
      tools: [
        null,
        { name: 7 },
        { name: 'bare' },
        { name: 'echo', description: null, inputSchema: { type: ['object', 'null'] } },
      ],
    };
  if (odd !== 'pages') return { tools: TOOLS };
  const page = Number(cursor ?? 0);
  return { tools: [TOOLS[page]], ...(page + 1 < TOOLS.length ? { nextCursor: String(page + 1) } : {}) };
}

if (odd === 'talks') process.stdout.write('Welcome!\n{"not": "json-rpc"}\n\n');
if (odd === 'deaf') {
  // Dies of a request before `initialize`, as some of the first generation do.
  const transport = new StdioServerTransport();
  await makeServer().connect(transport);
  const { onmessage } = transport;
  let initialized = false;
  transport.onmessage = (message, extra) => {
    if (!initialized && message.method !== 'initialize') process.exit(1);
    initialized = true;
    onmessage(message, extra);
  };
} else if (odd === 'sse') serveSse(Number(port));
else await makeServer().connect(new StdioServerTransport());

function serveSse(at) {
  const transports = new Map();
  const http = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://localhost');
    if (request.method === 'GET') {
      const transport = new SSEServerTransport('/messages', response);
      transports.set(transport.sessionId, transport);
      return makeServer().connect(transport);
    }
    return transports.get(url.searchParams.get('sessionId'))?.handlePostMessage(request, response);
  });
  http.listen(at, '127.0.0.1', () => process.stdout.write(`${http.address().port}\n`));
}
