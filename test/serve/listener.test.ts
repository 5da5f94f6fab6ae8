import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { Agent, request } from 'node:https';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Listening, type ListenOptions, listen } from '../../src/serve/listener.ts';

const QUICK = { headersTimeout: 100, requestTimeout: 200, keepAliveTimeout: 5_000, connectionsCheckingInterval: 20 };

let listening: Listening | undefined;
afterEach(() => listening?.close(0));

async function start(options: Partial<ListenOptions> = {}, handle: RequestListener = answer): Promise<Listening> {
  listening = await listen(handle, { host: '127.0.0.1', port: 0, maxBodyBytes: 1_000, timeouts: QUICK, ...options });
  return listening;
}

const answer: RequestListener = (incoming, response) => {
  incoming.resume().once('end', () => response.end('ok'));
};

/** A raw connection: what it has received, and when it ended. */
async function dial(
  port: number,
): Promise<{ socket: Socket; text: () => string; until: (part: string) => Promise<void>; ended: Promise<void> }> {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  const waiting = new Set<() => void>();
  socket.setEncoding('utf8').on('data', (text: string) => {
    received += text;
    for (const check of waiting) check();
  });
  socket.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  return {
    socket,
    ended,
    text: () => received,
    until: (part) =>
      new Promise((resolve) => {
        const check = () => received.includes(part) && resolve();
        waiting.add(check);
        check();
      }),
  };
}

const GET = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';

describe('the listener', () => {
  it('ends a connection whose headers come too slowly, with 408', async () => {
    const { port } = await start();
    const slow = await dial(port);
    slow.socket.write('GET / HTTP/1.1\r\nhost: x\r\n');
    await slow.ended;
    expect(slow.text()).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('ends a connection whose body comes too slowly', async () => {
    const { port } = await start();
    const slow = await dial(port);
    slow.socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n1');
    await slow.ended;
    expect(slow.text()).not.toContain('200 OK');
  });

  it.each([
    { what: 'no HTTP', sent: 'hello\r\n\r\n', status: 400 },
    {
      what: 'two lengths',
      sent: 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      status: 400,
    },
    {
      what: 'a length beside chunks',
      sent: 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      status: 400,
    },
    { what: 'headers over 16 KiB', sent: `GET / HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(17_000)}\r\n\r\n`, status: 431 },
  ])('answers $status to $what, and closes', async ({ sent, status }) => {
    const { port } = await start();
    const broken = await dial(port);
    broken.socket.write(sent);
    await broken.ended;
    expect(broken.text()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it('closes the connection that lay idle longest when one too many comes', async () => {
    const { port } = await start({ maxSockets: 3 });
    const [first, second, third] = [await dial(port), await dial(port), await dial(port)];
    first.socket.write(GET);
    await first.until('ok');
    const fourth = await dial(port);
    await second.ended;
    fourth.socket.write(GET);
    await fourth.until('ok');
    third.socket.write(GET);
    await third.until('ok');
    first.socket.write(GET);
    await first.until('ok');
  });

  it('refuses the new connection when all others are at work', async () => {
    const held: (() => void)[] = [];
    let asked = () => {};
    const both = new Promise<void>((resolve) => (asked = resolve));
    const { port } = await start({ maxSockets: 2 }, (_, response) => {
      held.push(() => response.end('done'));
      if (held.length === 2) asked();
    });
    const [first, second] = [await dial(port), await dial(port)];
    first.socket.write(GET);
    second.socket.write(GET);
    await both;
    const third = await dial(port);
    await third.ended;
    for (const finish of held) finish();
    await Promise.all([first.until('done'), second.until('done')]);
  });

  it('asks for a body that is announced, unless it is too large', async () => {
    const { port } = await start();
    const small = await dial(port);
    small.socket.write('POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n');
    await small.until('100 Continue');
    small.socket.write('{}');
    await small.until('ok');
    const large = await dial(port);
    large.socket.write('POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2000\r\n\r\n');
    await large.ended;
    expect(large.text()).not.toContain('100 Continue');
  });

  it('lets a request under way end when it closes, and then the connection', async () => {
    let finish = () => {};
    let asked = () => {};
    const arrived = new Promise<void>((resolve) => (asked = resolve));
    const { port, close } = await start({}, (_, response) => {
      finish = () => response.end('done');
      asked();
    });
    const client = await dial(port);
    client.socket.write(GET);
    await arrived;
    const closed = close(10_000);
    finish();
    await client.until('done');
    await closed;
    await client.ended;
  });

  it('cuts off what is left after the grace', async () => {
    let asked = () => {};
    const arrived = new Promise<void>((resolve) => (asked = resolve));
    const { port, close } = await start({}, () => asked());
    const client = await dial(port);
    client.socket.write(GET);
    await arrived;
    await close(20);
    await client.ended;
  });

  it('says which address is in use', async () => {
    const { port } = await start();
    await expect(listen(answer, { host: '127.0.0.1', port, maxBodyBytes: 1 })).rejects.toThrow(
      `127.0.0.1:${port}: it is in use`,
    );
  });
});

describe('the listener with TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'actionbridge-test-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const words = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=localhost',
  ];
  execFileSync('openssl', [...words, '-keyout', key, '-out', cert], { stdio: 'ignore' });

  it('serves more requests on kept connections than it has room for idle ones', async () => {
    const { port } = await start({ tls: { cert, key }, maxSockets: 2 });
    const agent = new Agent({ keepAlive: true, maxSockets: 2, rejectUnauthorized: false });
    const ask = () =>
      new Promise<number>((resolve, reject) => {
        const outgoing = request({ port, agent, path: '/' }, (response) =>
          response.resume().once('end', () => resolve(response.statusCode!)),
        );
        outgoing.once('error', reject).end();
      });
    for (let round = 0; round < 5; round++) expect(await Promise.all([ask(), ask()])).toEqual([200, 200]);
    agent.destroy();
  });

  it('says which file is none', async () => {
    await expect(start({ tls: { cert: '/nowhere/cert.pem', key } })).rejects.toThrow('/nowhere/cert.pem');
  });
});
