import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createAddressPolicy } from '../../src/net/address.ts';
import { createHttpClient, type HttpClient, type HttpClientOptions } from '../../src/net/client.ts';
import { NetError } from '../../src/net/errors.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface RawApi {
  readonly url: string;
  readonly server: Server;
  /** Sockets that were opened, in their order. */
  readonly sockets: readonly Socket[];
  readonly heads: readonly string[];
}

/** Answers each request head with what `answer` writes. */
async function startRawApi(
  answer: (socket: Socket, request: { head: string; number: number }) => void,
): Promise<RawApi> {
  const sockets: Socket[] = [];
  const heads: string[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      const head = chunk.toString('latin1');
      heads.push(head);
      answer(socket, { head, number: heads.length });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, sockets, heads };
}

function clientOf(named: readonly string[], options: HttpClientOptions = {}): HttpClient {
  const client = createHttpClient({ policy: createAddressPolicy(named), ...options });
  closers.push(() => client.close());
  return client;
}

const get = (url: string) => ({ method: 'GET', url, headers: [['accept', '*/*']] as const });

function http(body: string | Uint8Array, headers: readonly string[] = []): Buffer {
  const lines = ['HTTP/1.1 200 OK', `content-length: ${Buffer.byteLength(body)}`, ...headers, '', ''];
  return Buffer.concat([Buffer.from(lines.join('\r\n')), Buffer.from(body)]);
}

const text = (body: Uint8Array) => Buffer.from(body).toString();

describe('the bodies of answers', () => {
  const word = 'hello '.repeat(100);
  it.each<[string, Uint8Array]>([
    ['identity', Buffer.from(word)],
    ['gzip', gzipSync(word)],
    ['X-GZIP', gzipSync(word)],
    ['deflate', deflateSync(word)],
    ['deflate', deflateRawSync(word)],
    ['br', brotliCompressSync(word)],
  ])('are read in %s', async (coding, body) => {
    const api = await startRawApi((socket) => socket.write(http(body, [`content-encoding: ${coding}`])));
    expect(text((await clientOf([api.url]).send(get(api.url))).body)).toBe(word);
  });

  it.each<[string, string, Uint8Array, NetError['kind']]>([
    ['two codings', 'gzip, gzip', gzipSync(gzipSync(word)), 'protocol'],
    ['a coding nobody asked for', 'zstd', Buffer.from('x'), 'protocol'],
    ['a coding named like a member of Object', 'constructor', Buffer.from('x'), 'protocol'],
    ['a broken coding', 'gzip', Buffer.from('no gzip'), 'protocol'],
    ['a coding cut short', 'gzip', gzipSync(word).subarray(0, 20), 'protocol'],
    ['more decoded bytes than allowed', 'gzip', gzipSync(Buffer.alloc(50_000)), 'too-large'],
    ['more bytes than allowed', 'identity', Buffer.alloc(50_000), 'too-large'],
  ])('are refused with %s, and the socket is closed', async (_, coding, body, kind) => {
    const api = await startRawApi((socket) => socket.write(http(body, [`content-encoding: ${coding}`])));
    const closed = new Promise((resolve) => api.server.on('connection', (socket) => socket.on('close', resolve)));
    const sent = clientOf([api.url]).send({ ...get(api.url), maxBytes: 40_000 });
    await expect(sent).rejects.toMatchObject({ kind, sent: true });
    if (kind === 'too-large') await closed;
  });

  it('may be missing where a coding is announced', async () => {
    const api = await startRawApi((socket) => socket.write('HTTP/1.1 204 No\r\ncontent-encoding: gzip\r\n\r\n'));
    const { status, body } = await clientOf([api.url]).send(get(api.url));
    expect([status, body.length]).toEqual([204, 0]);
  });

  it('of events are kept when the deadline comes', async () => {
    const deadline = new AbortController();
    const api = await startRawApi((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n');
      setImmediate(() =>
        socket.write('data: 2\n\n', () => setTimeout(() => deadline.abort(new NetError('timeout', true, 'late')), 20)),
      );
    });
    const { body, partial } = await clientOf([api.url]).send({ ...get(api.url), signal: deadline.signal });
    expect([text(body), partial]).toEqual(['data: 1\n\ndata: 2\n\n', true]);
  });

  it('of anything else are not', async () => {
    const deadline = new AbortController();
    const api = await startRawApi((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf', () =>
        setTimeout(() => deadline.abort(new NetError('timeout', true, 'late')), 20),
      );
    });
    const sent = clientOf([api.url]).send({ ...get(api.url), signal: deadline.signal });
    await expect(sent).rejects.toMatchObject({ kind: 'timeout', sent: true, message: 'late' });
  });
});

describe('what failed', () => {
  it('had not left when the connection broke before it', async () => {
    const api = await startRawApi(() => undefined);
    api.server.on('connection', (socket) => socket.resetAndDestroy());
    const client = clientOf([api.url, api.url.replace('http', 'https')]);
    const sent = client.send({ ...get(api.url.replace('http', 'https')), method: 'POST', body: '{}' });
    await expect(sent).rejects.toMatchObject({ kind: 'connect', sent: false });
  });

  it('had left when the connection broke after it', async () => {
    const api = await startRawApi((socket) => socket.resetAndDestroy());
    await expect(clientOf([api.url]).send({ ...get(api.url), method: 'POST' })).rejects.toMatchObject({
      kind: 'reset',
      sent: true,
    });
  });

  it('had not left when it was cancelled while it waited for a connection', async () => {
    const api = await startRawApi(() => undefined);
    const client = clientOf([api.url], { connections: 1 });
    const first = new AbortController();
    const held = client.send({ ...get(api.url), signal: first.signal });
    held.catch(() => undefined);
    await expect.poll(() => api.heads.length).toBe(1);
    const second = new AbortController();
    const waiting = client.send({ ...get(`${api.url}/second`), method: 'POST', signal: second.signal });
    second.abort(new NetError('timeout', true, 'late'));
    await expect(waiting).rejects.toMatchObject({ kind: 'timeout', sent: false });
    first.abort();
    await expect(held).rejects.toMatchObject({ kind: 'cancelled', sent: true });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(api.heads.filter((head) => head.includes('/second'))).toEqual([]);
  });

  it('is told from a signal that had been aborted before', async () => {
    const client = clientOf([]);
    await expect(client.send({ ...get('http://127.0.0.1:1'), signal: AbortSignal.abort() })).rejects.toMatchObject({
      kind: 'cancelled',
      sent: false,
    });
  });

  it('is the time to the first byte', async () => {
    const api = await startRawApi(() => undefined);
    const client = clientOf([api.url], { firstByteTimeoutMs: 200 });
    await expect(client.send(get(api.url))).rejects.toMatchObject({ kind: 'timeout', sent: true });
  });

  it.each(['HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n', 'no HTTP at all\r\n\r\n'])(
    'is an answer that is no HTTP: %j',
    async (raw) => {
      const api = await startRawApi((socket) => socket.write(raw));
      await expect(clientOf([api.url]).send(get(api.url))).rejects.toMatchObject({ kind: 'protocol', sent: true });
    },
  );
});

describe('sockets', () => {
  const keyed = (api: RawApi, credentialKey: string) => ({ ...get(api.url), credentialKey });

  it('are never shared by two credentials or two certificates', async () => {
    const owners = new Map<Socket, Set<string>>();
    const api = await startRawApi((socket, { head }) => {
      const known = owners.get(socket) ?? new Set();
      owners.set(socket, known.add(/^GET (\S+)/.exec(head)![1]!));
      socket.write(http('{}'));
    });
    const client = clientOf([api.url]);
    const certificates = [undefined, { cert: '', key: '' }, { cert: '', key: '' }];
    for (let round = 0; round < 5; round++)
      for (const [index, tls] of certificates.entries())
        for (const credentialKey of ['a', 'b']) {
          const url = `${api.url}/${credentialKey}${index}`;
          await client.send({ ...get(url), credentialKey, ...(tls ? { tls } : {}) });
        }
    expect(api.heads.length).toBe(30);
    expect(api.sockets.length).toBeLessThan(15);
    for (const paths of owners.values()) expect(paths.size).toBe(1);
  });

  it('serve one request only at an API that was not named', async () => {
    const api = await startRawApi((socket) => socket.write(http('{}')));
    const client = clientOf([api.url], { reuses: () => false });
    for (let i = 0; i < 3; i++) await client.send(keyed(api, 'a'));
    // And one is ready for the next.
    await expect.poll(() => api.sockets.length).toBe(4);
    expect(api.heads[0]).toMatch(/connection: close/i);
  });

  it('carry a response too many to nobody where they are not used again', async () => {
    const api = await startRawApi((socket, { number }) => {
      socket.write(http(String(number)));
      setTimeout(() => socket.destroyed || socket.write(http('POISON')), 1);
    });
    const client = clientOf([api.url], { reuses: () => false });
    const answers = await Promise.all(
      Array.from({ length: 60 }, async () => text((await client.send(keyed(api, 'a'))).body)),
    );
    expect(answers.filter((answer) => answer === 'POISON')).toEqual([]);
  });

  it('of one credential carry a response too many to no other', async () => {
    const api = await startRawApi((socket, { head }) => {
      const owner = /x-owner: (\w)/.exec(head)![1];
      socket.write(http(`${owner}`));
      setTimeout(() => socket.destroyed || socket.write(http(`${owner}`)), 1);
    });
    const client = clientOf([api.url]);
    for (let i = 0; i < 60; i++) {
      const owner = i % 2 === 0 ? 'A' : 'B';
      const { body } = await client.send({ ...keyed(api, owner), headers: [['x-owner', owner]] });
      expect(text(body)).toBe(owner);
    }
  });

  it('are ready before they are needed where each serves one request', async () => {
    const api = await startRawApi((socket) => socket.write(http('{}')));
    const client = clientOf([api.url], { reuses: () => false });
    await client.send(keyed(api, 'a'));
    await client.send(keyed(api, 'a'));
    await expect.poll(() => api.sockets.length).toBe(3);
    const waits: number[] = [];
    for (let i = 0; i < 5; i++) {
      const opened = api.sockets.length;
      waits.push((await client.send(keyed(api, 'a'))).connectMs!);
      await expect.poll(() => api.sockets.length).toBe(opened + 1);
    }
    expect(Math.min(...waits)).toBeLessThan(1);
    await client.close();
    await expect.poll(() => api.sockets.every(({ destroyed }) => destroyed)).toBe(true);
  });

  it.each([
    ['a response that nobody asked for', (socket: Socket) => socket.write(http('POISON'))],
    ['its end', (socket: Socket) => socket.end()],
    ['a reset', (socket: Socket) => socket.resetAndDestroy()],
  ])('that were ready are thrown away with %s', async (_, spoil) => {
    const api = await startRawApi((socket, { number }) => socket.write(http(String(number))));
    const client = clientOf([api.url], { reuses: () => false });
    await client.send(keyed(api, 'a'));
    await client.send(keyed(api, 'a'));
    await expect.poll(() => api.sockets.length).toBe(3);
    spoil(api.sockets[2]!);
    await expect.poll(() => api.sockets[2]!.destroyed).toBe(true);
    // Our end hears of it a moment later.
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(text((await client.send(keyed(api, 'a'))).body)).toBe('3');
    expect(api.sockets.length).toBeGreaterThanOrEqual(4);
  });

  it('say how long it took to open them', async () => {
    const api = await startRawApi((socket) => socket.write(http('{}')));
    expect((await clientOf([api.url]).send(get(api.url))).connectMs).toBeGreaterThan(0);
  });
});
