// The API behind openapi.yaml.
import { createServer } from 'node:http';

const SLOW_MS = 7_000;
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==',
  'base64',
);

const ROUTES = {
  '/simple-text': text('This is a simple text response for testing.'),
  '/image': bytes('image/png', PNG),
  '/audio': bytes('audio/wav', silence(80)),
  '/resource': bytes('application/pdf', Buffer.from('%PDF-1.4\n')),
  '/mixed': bytes('multipart/mixed; boundary=part', mixed('part')),
  '/error': (_request, response) =>
    send(
      response,
      422,
      'application/json',
      Buffer.from('{"error":"This tool intentionally returns an error for testing"}'),
    ),
  '/slow': (request, response) => {
    const timer = setTimeout(() => text('At last.')(request, response), SLOW_MS);
    response.once('close', () => clearTimeout(timer));
  },
  '/logging': text('Done.'),
  '/logging-tool': text('Done.'),
  '/streaming-elicitation': text('Done.'),
  '/elicitation': text('Done.'),
  '/schema': text('Valid.'),
};

/** Listens on a free loopback port. */
export async function startUpstream() {
  const server = createServer((request, response) => {
    const route = ROUTES[request.url] ?? (request.url.startsWith('/input-required/') ? text('Done.') : undefined);
    if (route) route(request.resume(), response);
    else send(response, 404, 'text/plain', Buffer.from('nothing here'));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function text(words) {
  return bytes('text/plain', Buffer.from(words));
}

function bytes(type, body) {
  return (_request, response) => send(response, 200, type, body);
}

function send(response, status, type, body) {
  response.writeHead(status, { 'content-type': type, 'content-length': body.length });
  response.end(body);
}

/** RFC 2046 §5.1.3 */
function mixed(boundary) {
  const part = (type, body) =>
    Buffer.concat([Buffer.from(`--${boundary}\r\ncontent-type: ${type}\r\n\r\n`), body, Buffer.from('\r\n')]);
  return Buffer.concat([
    part('text/plain', Buffer.from('Multiple content types test:')),
    part('image/png', PNG),
    part('application/octet-stream', Buffer.from('{"test":"data","value":123}')),
    Buffer.from(`--${boundary}--\r\n`),
  ]);
}

/** A WAV file: eight-bit samples at 8 kHz. */
function silence(samples) {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8_000, 24);
  head.writeUInt32LE(8_000, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples, 40);
  return Buffer.concat([head, Buffer.alloc(samples, 128)]);
}
