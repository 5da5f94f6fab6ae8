// Load on an HTTP server from raw keep-alive sockets: each connection sends, waits for the whole answer, sends again.
import { connect } from 'node:net';

/**
 * Keeps `connections` busy for `seconds`, or paces `rate` requests a second over them. `request(i)` gives `{ path, headers,
 * body }`; `check(text)` must hold for every answer. Resolves to `{ rate, p50, p99, max, count, errors, firstError }`
 * (times in ms).
 */
export async function drive(url, { connections = 32, seconds = 5, rate, request, check }) {
  const { hostname, port } = new URL(url);
  const times = [];
  const wrong = { count: 0, first: undefined };
  const start = performance.now();
  const end = start + seconds * 1000;
  const one = async (index) => {
    const socket = await openSocket(hostname, Number(port));
    const gap = rate === undefined ? 0 : (connections / rate) * 1000;
    let due = start + (gap * index) / connections;
    while (performance.now() < end) {
      if (gap > 0) {
        const wait = due - performance.now();
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        due += gap;
      }
      const before = performance.now();
      const answer = await socket.exchange(write(hostname, port, request(index)));
      times.push(performance.now() - before);
      if (answer.status !== 200 || !check(answer.text)) {
        wrong.count++;
        wrong.first ??= `${answer.status} ${answer.text.slice(0, 300)}`;
        if (wrong.count > 100) break;
      }
    }
    socket.end();
  };
  await Promise.all(Array.from({ length: connections }, (_, index) => one(index)));
  const elapsed = (performance.now() - start) / 1000;
  times.sort((a, b) => a - b);
  const at = (part) => times[Math.min(times.length - 1, Math.floor(times.length * part))];
  return {
    rate: times.length / elapsed,
    p50: at(0.5),
    p99: at(0.99),
    max: times.at(-1),
    count: times.length,
    errors: wrong.count,
    firstError: wrong.first,
  };
}

/** One request on a socket of its own; resolves to `{ status, headers, text }`. */
export async function once(url, request) {
  const { hostname, port } = new URL(url);
  const socket = await openSocket(hostname, Number(port));
  const answer = await socket.exchange(write(hostname, port, request));
  socket.end();
  return answer;
}

function write(host, port, { method = 'POST', path = '/mcp', headers, body = '' }) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\nhost: ${host}:${port}\r\n${lines.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function openSocket(host, port) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host);
    let received = '';
    let settle;
    socket.setNoDelay(true).setEncoding('latin1');
    socket.once('connect', () =>
      resolve({
        exchange: (text) =>
          new Promise((done, failed) => {
            settle = { done, failed };
            socket.write(text);
          }),
        end: () => socket.end(),
      }),
    );
    const broken = (error) => {
      reject(error);
      settle?.failed(error);
    };
    socket.once('error', broken);
    socket.once('close', () => broken(new Error('the server closed the connection')));
    socket.on('data', (chunk) => {
      received += chunk;
      const answer = readAnswer(received);
      if (!answer) return;
      received = '';
      settle.done(answer);
    });
  });
}

/** The answer, once it is complete: by Content-Length, by the last chunk, or without a body. */
function readAnswer(text) {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return undefined;
  const status = Number(text.slice(9, 12));
  const fields = text.slice(0, head);
  const length = /\r\ncontent-length: *(\d+)/i.exec(fields);
  if (length) {
    const end = head + 4 + Number(length[1]);
    return text.length < end ? undefined : { status, headers: fields, text: text.slice(head + 4, end) };
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(fields)) return { status, headers: fields, text: '' };
  if (!text.endsWith('0\r\n\r\n')) return undefined;
  return { status, headers: fields, text: text.slice(head + 4) };
}
