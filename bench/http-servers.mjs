// What `bench/http.mjs` compares with, each in a process of its own: node bench/http-servers.mjs KIND [UPSTREAM]
//   upstream     a node:http server with one small JSON answer
//   proxy        a bare node:http server: reads the call, one undici request, writes a JSON-RPC result
//   sdk          the SDK's own handler around the same request: modern stateless, older generation in sessions
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { NodeStreamableHTTPServerTransport, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import { Pool } from 'undici';

const PET = JSON.stringify({
  id: 1,
  name: 'doggie',
  status: 'available',
  category: { id: 1, name: 'Dogs' },
  photoUrls: ['http://example.test/1.png'],
  tags: [
    { id: 0, name: 'a' },
    { id: 1, name: 'b' },
  ],
});

const KINDS = { upstream, proxy, sdk };
const [kind, upstreamUrl] = process.argv.slice(2);
const listener = KINDS[kind](upstreamUrl);
const server = createServer(listener).listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${server.address().port}\n`);
});
process.stdin.on('end', () => process.exit(0)).resume();

function upstream() {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(PET) });
    response.end(PET);
  };
}

function caller(origin) {
  const pool = new Pool(origin, { connections: 100, pipelining: 1 });
  return async ({ petId }) => {
    const answer = await pool.request({
      path: `/pet/${petId}`,
      method: 'GET',
      headers: { accept: 'application/json' },
    });
    return answer.body.text();
  };
}

function proxy(origin) {
  const call = caller(origin);
  return (request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', async () => {
      const { id, method, params } = JSON.parse(body);
      if (method !== 'tools/call') return response.writeHead(202).end();
      const text = await call(params.arguments);
      const answer = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } }));
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
      response.end(answer);
    });
  };
}

function sdk(origin) {
  const call = caller(origin);
  const factory = () => {
    const instance = new Server({ name: 'floor', version: '1.0.0' }, { capabilities: { tools: {} } });
    instance.setRequestHandler('tools/list', () => ({ tools: [] }));
    instance.setRequestHandler('tools/call', async ({ params }) => ({
      content: [{ type: 'text', text: await call(params.arguments) }],
    }));
    return instance;
  };
  const modern = toNodeHandler(createMcpHandler(factory, { legacy: 'reject' }));
  const sessions = new Map();
  return async (request, response) => {
    if (request.headers['mcp-protocol-version'] === '2026-07-28') return modern(request, response);
    const known = sessions.get(request.headers['mcp-session-id']);
    if (known) return known.handleRequest(request, response);
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    await factory().connect(transport);
    return transport.handleRequest(request, response);
  };
}
