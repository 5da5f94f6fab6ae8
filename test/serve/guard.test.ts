import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callOf, type Request, type Served, serveItems, stateless } from './support.ts';

const LIST = stateless('tools/list');
const HERE = 'http://127.0.0.1:PORT';

interface Case {
  readonly what: string;
  readonly request: Partial<Request>;
  readonly status: number;
  readonly code?: string;
  readonly rpcCode?: number;
}

const CASES: readonly Case[] = [
  { what: 'its own Host by address', request: LIST, status: 200 },
  { what: 'its own Host by name', request: withHeaders({ host: 'localhost:PORT' }), status: 200 },
  { what: 'a Host that was allowed', request: withHeaders({ host: 'bridge.example' }), status: 200 },
  { what: 'a Host that a pattern allows', request: withHeaders({ host: 'a.Internal.example:81' }), status: 200 },
  {
    what: 'a Host of somebody else',
    request: withHeaders({ host: 'evil.example' }),
    status: 403,
    code: 'HOST_REFUSED',
  },
  { what: 'a Host that only begins like ours', request: withHeaders({ host: 'localhost.evil.example' }), status: 403 },
  { what: 'a Host with a user in it', request: withHeaders({ host: 'x@localhost' }), status: 403 },
  { what: 'our own Origin', request: withHeaders({ origin: HERE }), status: 200 },
  { what: 'an Origin that was allowed', request: withHeaders({ origin: 'https://chat.example' }), status: 200 },
  {
    what: 'a foreign Origin',
    request: withHeaders({ origin: 'https://evil.example' }),
    status: 403,
    code: 'ORIGIN_REFUSED',
  },
  { what: 'the Origin of a file or sandbox', request: withHeaders({ origin: 'null' }), status: 403 },
  { what: 'our Origin on another port', request: withHeaders({ origin: 'http://127.0.0.1:1' }), status: 403 },
  { what: 'no token', request: withHeaders({ authorization: '' }), status: 401, code: 'UNAUTHORIZED' },
  { what: 'another scheme', request: withHeaders({ authorization: 'Basic dTpw' }), status: 401 },
  {
    what: 'a wrong token of the same length',
    request: withHeaders({ authorization: `Bearer ${'x'.repeat(24)}` }),
    status: 401,
  },
  { what: 'a short token', request: withHeaders({ authorization: 'Bearer short' }), status: 401 },
  {
    what: 'a path that does not exist, without a token',
    request: { path: '/x', headers: { authorization: '' } },
    status: 401,
  },
  { what: 'a path that does not exist', request: { path: '/x' }, status: 404, code: 'NOT_FOUND' },
  { what: 'a target that is no path', request: { path: '*', method: 'OPTIONS' }, status: 400 },
  { what: 'a preflight', request: { method: 'OPTIONS', headers: { origin: HERE } }, status: 405, code: 'METHOD' },
  { what: 'PUT', request: { ...LIST, method: 'PUT' }, status: 405 },
  { what: 'text/plain', request: withHeaders({ 'content-type': 'text/plain' }), status: 415 },
  { what: 'a form', request: withHeaders({ 'content-type': 'application/x-www-form-urlencoded' }), status: 415 },
  { what: 'a compressed body', request: withHeaders({ 'content-encoding': 'gzip' }), status: 415 },
  { what: 'no JSON', request: { ...LIST, body: '{"jsonrpc":' }, status: 400, rpcCode: -32700 },
  { what: 'an empty body', request: { ...LIST, body: '' }, status: 400, rpcCode: -32700 },
  { what: 'a batch', request: { ...LIST, body: [LIST.body, LIST.body] }, status: 400, rpcCode: -32600 },
  { what: 'JSON of 64 levels', request: { ...callOf('getItem', { id: nested(58) }) }, status: 200 },
  {
    what: 'JSON of 10,000 levels',
    request: { ...LIST, body: `${'['.repeat(10_000)}${']'.repeat(10_000)}` },
    status: 400,
  },
  { what: 'brackets in strings', request: callOf('getItem', { id: 1, x: `${'[{'.repeat(99)}\\"{` }), status: 200 },
  { what: 'an object of 65 levels', request: { ...LIST, body: { a: nested(65) } }, status: 400, rpcCode: -32600 },
  { what: 'a body over 1 MiB', request: { ...LIST, body: JSON.stringify({ a: 'x'.repeat(2 ** 20) }) }, status: 413 },
  { what: 'headers over 16 KiB', request: withHeaders({ 'x-much': 'x'.repeat(17_000) }), status: 431 },
];

function withHeaders(headers: { readonly [name: string]: string }): Partial<Request> {
  return { ...LIST, headers: { ...LIST.headers, ...headers } };
}

function nested(levels: number): unknown {
  return levels === 0 ? 'x' : [nested(levels - 1)];
}

describe('the guard', () => {
  let served: Served;
  beforeAll(async () => {
    served = await serveItems({
      config: { allowedHosts: ['bridge.example', '*.internal.example'], allowedOrigins: ['https://chat.example'] },
    });
  });
  afterAll(() => served.close());

  const toHere = (request: Partial<Request>): Partial<Request> => ({
    ...request,
    headers: Object.fromEntries(
      Object.entries(request.headers ?? {}).map(([name, value]) => [
        name,
        value.replace('PORT', String(served.server.port)),
      ]),
    ),
  });

  it.each(CASES)('answers $status to $what', async ({ request, status, code, rpcCode }) => {
    const answer = await served.send(toHere(request));
    expect(answer.status).toBe(status);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    if (status !== 431) expect(answer.headers['x-content-type-options']).toBe('nosniff');
    if (status === 401) expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="actionbridge"/);
    if (rpcCode !== undefined) expect(JSON.parse(answer.text)).toMatchObject({ error: { code: rpcCode } });
    if (code !== undefined && request.path !== undefined)
      expect(JSON.parse(answer.text)).toMatchObject({ error: { code } });
    expect(served.api.requests.length).toBe(0);
  });

  it.each(['/healthz', '/readyz'])('lets probes ask %s by any name and without a token', async (path) => {
    const answer = await served.send({ path, headers: { host: '10.1.2.3:80', authorization: '' } });
    expect(answer.status).toBe(200);
  });

  it('keeps the metrics to those who have a token', async () => {
    expect((await served.send({ path: '/metrics', headers: { authorization: '' } })).status).toBe(401);
  });

  it('says nothing of the tools to whoever has no token', async () => {
    for (const path of ['/v1/tools', '/openapi.json', '/mcp']) {
      const answer = await served.send({ path, headers: { authorization: '' } });
      expect(answer.status).toBe(401);
      expect(answer.text).not.toContain('Item');
    }
  });

  it('does not read what it refuses: a body of 100 MB is cut off', async () => {
    const sent = await pour(served.server.url, 100_000_000);
    expect(sent.status).toBe(413);
    expect(sent.bytes).toBeLessThan(16_000_000);
  });
});

describe('a listener without tokens', () => {
  it('serves whoever is on this machine, and still refuses foreign hosts and origins', async () => {
    const served = await serveItems({ config: { auth: 'none', tokens: [] } });
    const ask = (headers: { readonly [name: string]: string }) =>
      served.send({ ...LIST, headers: { ...LIST.headers, authorization: '', ...headers } });
    expect((await ask({})).status).toBe(200);
    expect((await ask({ host: 'evil.example' })).status).toBe(403);
    expect((await ask({ origin: 'https://evil.example' })).status).toBe(403);
    await served.close();
  });
});

describe('the public URL', () => {
  it('is an allowed Host, and what the document says', async () => {
    const served = await serveItems({ config: { publicUrl: 'https://tools.example/bridge/' } });
    const answer = await served.send({ path: '/openapi.json', headers: { host: 'tools.example' } });
    expect(JSON.parse(answer.text)).toMatchObject({ servers: [{ url: 'https://tools.example/bridge' }] });
    await served.close();
  });

  it.each([
    { proxies: [], url: 'http://localhost' },
    { proxies: ['127.0.0.0/8'], url: 'https://tools.example' },
    { proxies: ['10.0.0.1'], url: 'http://localhost' },
  ])('comes from a proxy only if it is trusted: $proxies', async ({ proxies, url }) => {
    const served = await serveItems({ config: { trustedProxies: proxies } });
    const headers = { host: 'localhost', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'tools.example' };
    const answer = await served.send({ path: '/openapi.json', headers });
    expect(JSON.parse(answer.text)).toMatchObject({ servers: [{ url }] });
    await served.close();
  });

  it.each([
    { config: { publicUrl: 'ftp://x' }, names: /public URL/ },
    { config: { trustedProxies: ['10.0.0.0/99'] }, names: /10\.0\.0\.0\/99/ },
    { config: { tokens: [{ token: 'short' }] }, names: /shorter than 16/ },
    { config: { tokens: [{ token: 'a token with spaces in it', principal: 'ann' }] }, names: /ann/ },
    { config: { tls: { cert: '/nowhere/cert.pem', key: '/nowhere/key.pem' } }, names: /TLS files/ },
  ])('is refused at the start when it cannot be: $config', async ({ config, names }) => {
    await expect(serveItems({ config })).rejects.toThrow(names);
  });
});

/** Sends a chunked body until the server stops it; how much went out, and what the server said. */
async function pour(url: string, length: number): Promise<{ readonly status: number; readonly bytes: number }> {
  const { request } = await import('node:http');
  return new Promise((resolve) => {
    let bytes = 0;
    let status = 0;
    const chunk = Buffer.alloc(65_536, 'x');
    const outgoing = request(
      `${url}/mcp`,
      {
        method: 'POST',
        agent: false,
        headers: { authorization: 'Bearer operator-token-0123456789', 'content-type': 'application/json' },
      },
      (answer) => {
        status = answer.statusCode!;
        answer.resume();
      },
    );
    const more = () => {
      while (bytes < length) {
        bytes += chunk.length;
        if (!outgoing.write(chunk)) return;
      }
      outgoing.end();
    };
    outgoing.on('drain', more);
    outgoing.on('error', () => undefined);
    outgoing.on('close', () => resolve({ status, bytes }));
    more();
  });
}
