import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, ListenOptions } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, test } from 'vitest';
import { readConfigFile } from '../../src/config/file.ts';
import { createNetwork } from '../../src/network.ts';

const folder = mkdtempSync(join(tmpdir(), 'network-'));
afterAll(() => rmSync(folder, { recursive: true }));
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

let sockets = 0;

async function listen(answer: RequestListener, where: ListenOptions = { port: 0, host: '127.0.0.1' }): Promise<string> {
  sockets = 0;
  const server = createServer(answer).on('connection', () => sockets++);
  await new Promise<void>((resolve) => server.listen(where, resolve));
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return where.path === undefined ? `http://127.0.0.1:${(server.address() as AddressInfo).port}` : '';
}

/** The network of a config file with one API, whose document is elsewhere. */
async function networkOf(api: object, more: object = {}, environment: NodeJS.ProcessEnv = {}) {
  const file = join(folder, 'actionbridge.json');
  writeFileSync(file, JSON.stringify({ apis: { shop: { spec: 'shop.json', ...api } }, ...more }));
  const network = createNetwork((await readConfigFile(file, environment))!);
  closers.push(() => void network.close());
  return async (url: string) => {
    const { body } = await network.send({ method: 'GET', url, headers: [] });
    return Buffer.from(body).toString();
  };
}

describe('createNetwork', () => {
  const hello: RequestListener = (request, response) => void response.end(`${request.headers.host} ${request.url}`);

  it('goes through the unix socket of an API', async () => {
    const socket = join(folder, 'docker.sock');
    await listen(hello, { path: socket });
    const get = await networkOf({ baseUrl: 'http://docker', socket });
    expect(await get('http://docker/info')).toBe('docker /info');
    await expect(get('http://docker:81/info')).rejects.toMatchObject({
      kind: expect.stringMatching(/connect|address/),
    });
  });

  it.each([
    ['uses connections to a base URL again', {}, 1],
    ['does not, where the operator says so', { keepAlive: false }, 4],
  ])('%s', async (_, api, expected) => {
    const url = await listen(hello);
    const get = await networkOf({ baseUrl: url, ...api });
    for (let i = 0; i < 4; i++) await get(`${url}/${i}`);
    // One may be ready for a fifth.
    if (expected === 4) expect(sockets).toBeGreaterThanOrEqual(4);
    else expect(sockets).toBeLessThanOrEqual(2);
  });

  it('calls no inner address that was not named', async () => {
    const url = await listen(hello);
    const get = await networkOf({});
    await expect(get(url)).rejects.toMatchObject({ kind: 'address' });
    expect(await (await networkOf({}, { allowHosts: [new URL(url).host] }))(`${url}/x`)).toContain('/x');
  });

  it('goes through the proxy of the environment', async () => {
    const proxy = createServer();
    const asked: string[] = [];
    proxy.on('connect', (request, socket) => {
      asked.push(request.url!);
      socket.end('HTTP/1.1 403 No\r\n\r\n');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    closers.push(() => proxy.close());
    const { port } = proxy.address() as AddressInfo;
    const get = await networkOf({}, {}, { HTTPS_PROXY: `http://127.0.0.1:${port}`, NO_PROXY: 'direct.example.com' });
    await expect(get('https://api.example.com/')).rejects.toMatchObject({ kind: 'connect', sent: false });
    expect(asked).toEqual(['api.example.com:443']);
  });

  test.each([
    ['socket without a base URL', { socket: '/x' }, 'apis.shop.socket'],
    ['keepAlive without a base URL', { keepAlive: false }, 'apis.shop.keepAlive'],
    ['a base URL with a password in it', { baseUrl: 'http://u:p@api.example.com' }, 'apis.shop.baseUrl'],
  ])('refuses %s', async (_, api, key) => {
    await expect(networkOf(api)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(key),
    });
  });

  it('refuses a file of certificates that is not there', async () => {
    await expect(networkOf({}, { ca: '/nowhere.pem' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
