import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, ListenOptions } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createAddressPolicy } from '../../src/net/address.ts';
import { createGuardedFetch } from '../../src/net/guarded-fetch.ts';
import { createProxyOf } from '../../src/net/proxy.ts';
import { createRoutes, type RouteOptions, readCertificates } from '../../src/net/routes.ts';
import { type ConnectProxy, startConnectProxy } from '../support/connect-proxy.ts';

describe('createProxyOf', () => {
  const both = { HTTPS_PROXY: 'http://p:1', HTTP_PROXY: 'http://q:2' };
  test.each<[string, { readonly [name: string]: string }, string | undefined]>([
    ['https://api.example.com', both, 'http://p:1'],
    ['http://api.example.com', both, 'http://q:2'],
    ['https://api.example.com', {}, undefined],
    ['https://api.example.com', { HTTPS_PROXY: '' }, undefined],
    ['https://api.example.com', { HTTPS_PROXY: 'p:1' }, 'http://p:1'],
    ['https://api.example.com', { ...both, https_proxy: 'http://lower:3' }, 'http://lower:3'],
    ['https://api.example.com', { ALL_PROXY: 'http://a:4' }, 'http://a:4'],
    ['https://api.example.com', { ...both, ALL_PROXY: 'socks5://a:4' }, 'http://p:1'],
    ['https://localhost:8443', both, undefined],
    ['http://127.0.0.1:80', both, undefined],
    ['http://[::1]:80', both, undefined],
    ['https://api.example.com', { ...both, NO_PROXY: '*' }, undefined],
    ['https://api.example.com', { ...both, NO_PROXY: 'other.com, example.com' }, undefined],
    ['https://api.example.com', { ...both, NO_PROXY: '.example.com' }, undefined],
    ['https://api.example.com', { ...both, NO_PROXY: '*.example.com' }, undefined],
    ['https://api.example.com', { ...both, NO_PROXY: 'api.example.com:443' }, undefined],
    ['https://api.example.com', { ...both, NO_PROXY: 'api.example.com:8443' }, 'http://p:1'],
    ['https://badexample.com', { ...both, NO_PROXY: 'example.com' }, 'http://p:1'],
    ['https://[2001:db8::1]', { ...both, NO_PROXY: '2001:db8::1' }, undefined],
    ['https://10.0.0.7', { ...both, no_proxy: '10.0.0.7' }, undefined],
  ])('%s with %j goes through %s', (origin, environment, proxy) => {
    expect(createProxyOf(environment)(origin)).toBe(proxy);
  });

  test.each(['socks5://user:pass@h:1', 'http://', 'ftp://h'])('refuses %s without showing it', (url) => {
    const refused = expect(() => createProxyOf({ HTTPS_PROXY: url }));
    refused.toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.not.stringContaining('pass') }));
  });
});

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listen(server: Server, options: ListenOptions = { port: 0, host: '127.0.0.1' }): Promise<number> {
  await new Promise<void>((resolve) => server.listen(options, resolve));
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

async function startProxy(target: number, status = 200): Promise<ConnectProxy> {
  const proxy = await startConnectProxy(target, status);
  closers.push(proxy.close);
  return proxy;
}

function routed(origin: string, options: Partial<RouteOptions>, named: readonly string[] = []) {
  const policy = createAddressPolicy(named);
  const pool = new Pool(origin, { connect: createRoutes({ policy, timeoutMs: 1_000, ...options })(origin) });
  closers.push(() => void pool.destroy());
  return async (path = '/') => {
    const { statusCode, body } = await pool.request({ path, method: 'GET' });
    return `${statusCode} ${await body.text()}`;
  };
}

describe('createRoutes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'routes-'));
  const files = { key: join(folder, 'key.pem'), cert: join(folder, 'cert.pem') };
  beforeAll(() => {
    const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=api.example.com -addext subjectAltName=DNS:api.example.com -keyout ${files.key} -out ${files.cert}`;
    spawnSync('openssl', words.split(' '));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const hello = (request: IncomingMessage) => `${request.headers.host} ${request.url}`;

  test('goes through the proxy to http, as the user it names', async () => {
    const upstream = createServer((request, response) => void response.end(hello(request)));
    const proxy = await startProxy(await listen(upstream));
    const get = routed('http://api.example.com', { proxyOf: () => `http://user:p%40ss@127.0.0.1:${proxy.port}` });
    expect(await get('/a')).toBe('200 api.example.com /a');
    expect(await get('/b')).toBe('200 api.example.com /b');
    const authorization = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
    for (const head of proxy.heads) expect(head).toEqual({ url: 'api.example.com:80', authorization });
  });

  test('goes through the proxy to https, and trusts the named authority only', async () => {
    const upstream = createTlsServer(
      { key: readFileSync(files.key), cert: readFileSync(files.cert) },
      (request, response) => void response.end(hello(request)),
    );
    const proxy = await startProxy(await listen(upstream));
    const proxyOf = () => `http://127.0.0.1:${proxy.port}`;
    const get = routed('https://api.example.com', { proxyOf, ca: readCertificates(files.cert) });
    expect(await get('/a')).toBe('200 api.example.com /a');
    expect(proxy.heads[0]!.url).toBe('api.example.com:443');
    await expect(routed('https://api.example.com', { proxyOf })()).rejects.toMatchObject({
      code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO_VERIFY/),
    });
  });

  test('are those of the guarded fetch too', async () => {
    const upstream = createTlsServer(
      { key: readFileSync(files.key), cert: readFileSync(files.cert) },
      (request, response) => void response.end(hello(request)),
    );
    const proxy = await startProxy(await listen(upstream));
    const proxyOf = () => `http://127.0.0.1:${proxy.port}`;
    const policy = createAddressPolicy();
    const [knowing, ignorant] = [{ ca: readCertificates(files.cert) }, {}].map((more) => {
      const made = createGuardedFetch({ policy, proxyOf, ...more });
      closers.push(() => void made.close());
      return made.fetch;
    });
    expect(await (await knowing!('https://api.example.com/a')).text()).toBe('api.example.com /a');
    expect(proxy.heads[0]!.url).toBe('api.example.com:443');
    await expect(ignorant!('https://api.example.com/a')).rejects.toMatchObject({ name: 'NetError' });
    await expect(knowing!('https://10.0.0.1/')).rejects.toMatchObject({ kind: 'address', sent: false });
  });

  test.each(['http://10.0.0.1', 'http://169.254.169.254', 'http://metadata.google.internal', 'http://intranet'])(
    'does not ask the proxy for %s unless it was named',
    async (origin) => {
      const upstream = createServer((_, response) => void response.end('inside'));
      const proxy = await startProxy(await listen(upstream));
      const proxyOf = () => `http://127.0.0.1:${proxy.port}`;
      await expect(routed(origin, { proxyOf })()).rejects.toMatchObject({ kind: 'address', sent: false });
      expect(proxy.heads).toEqual([]);
      expect(await routed(origin, { proxyOf }, [origin])()).toBe('200 inside');
    },
  );

  test('says that nothing was sent when the proxy refuses, lies or is gone', async () => {
    const refusing = await startProxy(0, 407);
    const expected = { kind: 'connect', sent: false };
    const through = (port: number) => routed('http://api.example.com', { proxyOf: () => `http://127.0.0.1:${port}` });
    await expect(through(refusing.port)()).rejects.toMatchObject({ ...expected, message: /407/ });
    const gone = createServer();
    const port = await listen(gone);
    gone.close();
    await expect(through(port)()).rejects.toMatchObject({ ...expected, message: /ECONNREFUSED/ });
  });

  test('goes to a unix socket that was named', async () => {
    const path = join(folder, 'api.sock');
    await listen(
      createServer((request, response) => void response.end(hello(request))),
      { path },
    );
    const socketOf = (origin: string) => (origin === 'http://docker' ? path : undefined);
    expect(await routed('http://docker', { socketOf })('/info')).toBe('200 docker /info');
  });

  test('refuses a file that holds no certificate', () => {
    const path = join(folder, 'not.pem');
    writeFileSync(path, 'x');
    for (const file of [path, '/nowhere.pem'])
      expect(() => readCertificates(file)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
