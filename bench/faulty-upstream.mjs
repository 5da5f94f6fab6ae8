// A raw-socket HTTP API that misbehaves on purpose. It knows by nonce what it was asked and what it answered.
import { createServer } from 'node:net';
import { gzipSync } from 'node:zlib';

export const FAULTS = [
  'hang',
  'reset-before-headers',
  'reset-in-body',
  'truncated',
  'status-500',
  'status-503',
  'status-429',
  'drip',
  'gzip-bomb',
  'wrong-type',
  'stale-extra-response',
  'redirect-away',
];

const BOMB = gzipSync(Buffer.alloc(200 * 2 ** 20));

/**
 * Starts it on loopback. `pick()` names the fault of the next request, or nothing. `requests` maps each nonce to what was
 * seen of it: `{ method, hits, served }`.
 */
export async function startFaultyUpstream({ pick, attacker = 'http://127.0.0.1:9', port = 0 }) {
  const requests = new Map();
  const sockets = new Set();
  const counts = {};
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
    readRequests(socket, (request) => answer(socket, request));
  });

  function answer(socket, { method, path, body }) {
    const nonce = /nonce=([\w-]+)/.exec(path)?.[1] ?? /"nonce":\s*"([\w-]+)"/.exec(body)?.[1] ?? 'none';
    const seen = requests.get(nonce) ?? { method, hits: 0, served: 0 };
    requests.set(nonce, seen);
    seen.hits++;
    const fault = pick({ method, nonce });
    counts[fault ?? 'none'] = (counts[fault ?? 'none'] ?? 0) + 1;
    if (fault === undefined || fault === 'stale-extra-response') seen.served++;
    misbehave(socket, fault, JSON.stringify({ nonce, method, filler: 'x'.repeat(200) }), attacker);
  }

  const listen = (at) => new Promise((resolve) => server.listen(at, '127.0.0.1', resolve));
  await listen(port);
  const actual = server.address().port;
  return {
    port: actual,
    url: `http://127.0.0.1:${actual}`,
    requests,
    counts,
    /** Refuses connections from now on, and ends those there are. */
    async goDown() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.resetAndDestroy();
      await closed;
    },
    comeUp: () => listen(actual),
    async close() {
      if (server.listening) await this.goDown();
    },
  };
}

/** Calls back once per whole request on a kept-alive socket. */
function readRequests(socket, handle) {
  let buffer = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    for (;;) {
      const end = buffer.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = buffer.subarray(0, end).toString('latin1');
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      if (buffer.length < end + 4 + length) return;
      const body = buffer.subarray(end + 4, end + 4 + length).toString('utf8');
      buffer = buffer.subarray(end + 4 + length);
      const [method, path] = head.split(' ', 2);
      handle({ method, path, body });
    }
  });
}

function response(status, body, headers = {}) {
  const lines = Object.entries({
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  return `HTTP/1.1 ${status} X\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}

function misbehave(socket, fault, body, attacker) {
  const good = response(200, body);
  const half = good.slice(0, -100);
  switch (fault) {
    case undefined:
      return socket.write(good);
    case 'hang':
      return undefined;
    case 'reset-before-headers':
      return socket.resetAndDestroy();
    case 'reset-in-body':
      return socket.write(half, () => socket.resetAndDestroy());
    case 'truncated':
      return socket.end(half);
    case 'status-500':
      return socket.write(response(500, '{"error":"broken"}'));
    case 'status-503':
      return socket.write(response(503, '{"error":"busy"}'));
    case 'status-429':
      return socket.write(response(429, '{"error":"slower"}', { 'retry-after': '1' }));
    case 'drip':
      return drip(socket, good);
    case 'gzip-bomb':
      socket.write(
        `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: ${BOMB.length}\r\n\r\n`,
      );
      return socket.write(BOMB);
    case 'wrong-type':
      return socket.write(response(200, '<html>not what you asked for</html>', { 'content-type': 'text/html' }));
    case 'stale-extra-response':
      // Later than the answer, so that a kept-alive socket is already carrying somebody else's request.
      setTimeout(() => socket.destroyed || socket.write(response(200, '{"nonce":"STALE","method":"GET"}')), 4);
      return socket.write(good);
    case 'redirect-away':
      return socket.write(response(302, '', { location: `${attacker}/steal` }));
    default:
      throw new Error(`no fault is called ${fault}`);
  }
}

function drip(socket, text) {
  let sent = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || sent >= text.length) return clearInterval(timer);
    socket.write(text[sent++]);
  }, 100);
  socket.on('close', () => clearInterval(timer));
}

/** The document of that API. */
export function faultyDocument() {
  const nonceInQuery = { name: 'nonce', in: 'query', required: true, schema: { type: 'string' } };
  const body = {
    required: true,
    content: {
      'application/json': {
        schema: { type: 'object', required: ['nonce'], properties: { nonce: { type: 'string' } } },
      },
    },
  };
  const responses = {
    200: { description: 'The nonce.', content: { 'application/json': { schema: { type: 'object' } } } },
  };
  const read = (operationId) => ({ operationId, parameters: [nonceInQuery], responses });
  const write = (operationId) => ({ operationId, requestBody: body, responses });
  return {
    openapi: '3.1.0',
    info: { title: 'Faulty', version: '1' },
    servers: [{ url: 'http://127.0.0.1:1' }],
    paths: {
      '/item': {
        get: read('getItem'),
        delete: read('deleteItem'),
        put: write('putItem'),
        patch: write('patchItem'),
        post: write('createItem'),
      },
    },
  };
}
