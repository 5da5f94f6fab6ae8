// npm run bench:hostile: 10,000 idle sockets, slow headers, 100 MB bodies and malformed JSON at the built command, while a
// well-behaved client goes on. The process must stay up and answer it within 100 ms each time.
//   node bench/http-hostile.mjs [--sockets 10000] [--seconds 5]
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startNode } from './process.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const TOKEN = 'bench-token-0123456789abcdef';
const LIMIT_MS = 100;
const { values } = parseArgs({
  options: { sockets: { type: 'string', default: '10000' }, seconds: { type: 'string', default: '5' } },
});
const forMs = Number(values.seconds) * 1000;

const upstream = await startNode([join(HERE, 'http-servers.mjs'), 'upstream'], /(http:\S+)\n/);
const bridge = await startNode(
  [
    join(HERE, '../dist/actionbridge.mjs'),
    `pets=${join(HERE, '../specs/petstore.yaml')}`,
    ...['--base-url', upstream.url, '--rate-limit', '0', '--http', '0', '--token', TOKEN],
  ],
  / at (http:\S+)\/mcp\n/,
);
const port = Number(new URL(bridge.url).port);
const head = (lines) =>
  `POST /mcp HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${TOKEN}\r\ncontent-type: application/json\r\n${lines}`;

const ATTACKS = {
  nothing: () => () => {},
  'idle sockets': () => hold(Number(values.sockets), () => {}),
  'slow headers': () =>
    hold(1_000, (socket) => {
      socket.write('GET / HTTP/1.1\r\nhost: x\r\n');
      return setInterval(() => socket.write('x: y\r\n'), 500);
    }),
  'bodies of 100 MB': () => repeatedly(4, pour),
  'malformed JSON': () =>
    repeatedly(16, (done) => exchange(`${head('content-length: 20\r\n')}\r\n{"jsonrpc":"2.0","id`, done)),
  'JSON of 500,000 levels': () =>
    repeatedly(4, (done) =>
      exchange(`${head('content-length: 1000000\r\n')}\r\n${'['.repeat(500_000)}${']'.repeat(500_000)}`, done),
    ),
  '70,000 keys of one name': () => {
    const body = `{${'"__proto__":1,'.repeat(70_000)}"a":1}`;
    return repeatedly(1, (done) => exchange(`${head(`content-length: ${body.length}\r\n`)}\r\n${body}`, done));
  },
};

let failed = false;
console.log('| while there are | calls | median ms | slowest ms | memory MiB |\n| --- | --- | --- | --- | --- |');
for (const [name, begin] of Object.entries(ATTACKS)) {
  const stop = await begin();
  const times = await callFor(forMs);
  stop();
  times.sort((a, b) => a - b);
  const slowest = times.at(-1);
  failed ||= slowest > LIMIT_MS;
  console.log(
    `| ${name} | ${times.length} | ${times[times.length >> 1].toFixed(1)} | ${slowest.toFixed(1)} | ${memoryOf(bridge.pid)} |`,
  );
}
bridge.stop();
upstream.stop();
if (failed) console.log(`\nA call took more than ${LIMIT_MS} ms.`);
process.exit(failed ? 1 : 0);

/** Calls a tool every 20 ms, each on a connection of its own; throws when an answer is not the right one. */
async function callFor(ms) {
  const times = [];
  const end = performance.now() + ms;
  while (performance.now() < end) {
    const body = '{"petId":1}';
    const started = performance.now();
    const answer = await new Promise((settle) => {
      const lines = `content-length: ${body.length}\r\nconnection: close\r\n`;
      exchange(`${head(lines).replace('/mcp', '/api/getPetById')}\r\n${body}`, settle);
    });
    if (!answer.startsWith('HTTP/1.1 200') || !answer.includes('doggie'))
      throw new Error(`a wrong answer: ${answer.slice(0, 200) || 'none'}`);
    times.push(performance.now() - started);
    await new Promise((settle) => setTimeout(settle, 20));
  }
  return times;
}

/** Sends text on a new connection, gives all that comes back until it closes. */
function exchange(text, done) {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    received += chunk;
    if (/^HTTP\/1\.1 [45]/.test(received)) socket.destroy();
  });
  socket.on('error', () => undefined);
  socket.once('close', () => done(received));
  socket.write(text);
}

function repeatedly(lanes, once) {
  let running = true;
  const next = () => {
    if (running) once(() => setTimeout(next, 1));
  };
  for (let lane = 0; lane < lanes; lane++) next();
  return () => {
    running = false;
  };
}

/** A chunked body of 100 MB, as long as the server takes it. */
function pour(done) {
  const socket = connect(port, '127.0.0.1');
  const chunk = Buffer.from(`10000\r\n${'x'.repeat(65_536)}\r\n`);
  let left = 1_600;
  const more = () => {
    while (left-- > 0 && !socket.destroyed) if (!socket.write(chunk)) return;
    if (left <= 0) socket.end('0\r\n\r\n');
  };
  socket
    .on('drain', more)
    .on('error', () => undefined)
    .resume();
  socket.once('close', () => done());
  socket.write(`${head('transfer-encoding: chunked\r\n')}\r\n`);
  more();
}

/** So many connections, opened a hundred at a time, and each opened again some seconds after the server closed it. */
async function hold(count, use) {
  const sockets = new Set();
  const timers = new Map();
  let holding = true;
  const open = () =>
    new Promise((settle) => {
      const socket = connect(port, '127.0.0.1', settle);
      sockets.add(socket);
      socket.on('error', settle);
      socket.once('connect', () => timers.set(socket, use(socket)));
      socket.once('close', () => {
        clearInterval(timers.get(socket));
        sockets.delete(socket);
        if (holding) setTimeout(open, 4_000 + Math.random() * 2_000);
      });
    });
  for (let opened = 0; opened < count; opened += 100) await Promise.all(Array.from({ length: 100 }, open));
  return () => {
    holding = false;
    for (const socket of sockets) socket.destroy();
  };
}

function memoryOf(pid) {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Math.round(kilobytes / 1024);
}
