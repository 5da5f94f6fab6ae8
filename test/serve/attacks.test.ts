import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openBridge } from '../../src/bridge.ts';
import { EMPTY_CONFIG, mergeFlags } from '../../src/config/flags.ts';
import { DEFAULT_HTTP } from '../../src/config/http-flags.ts';
import { type HttpServer, serveHttp } from '../../src/serve/http.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { type RunningBridge, startBridge } from '../support/bridge-process.ts';
import { SHARED } from '../support/documents.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api.ts';
import { send, TOKEN } from './support.ts';

const FILE = join(SHARED, 'attacks/attacks.json');
const hasCases = existsSync(FILE);

interface Case {
  readonly id: string;
  readonly family: string;
  readonly title: string;
  readonly spec: object;
  readonly call: {
    readonly http?: {
      readonly method: string;
      readonly headers: { readonly [name: string]: string };
      readonly body: string;
    };
    readonly http2x?: readonly string[];
    readonly repeat?: number;
  };
  readonly expect: {
    readonly status?: number | readonly number[];
    readonly rpcError?: number;
    readonly headersAbsent?: readonly string[];
    readonly bytesRead?: { readonly max: number };
    readonly upstreamHits?: number;
    readonly maxMs?: number;
  };
}

const CASES = hasCases ? (JSON.parse(readFileSync(FILE, 'utf8')) as { readonly cases: readonly Case[] }).cases : [];
const ofFamily = (family: string) => CASES.filter((each) => each.family === family);

const LIST = {
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/list',
  params: {
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
};

/** Bodies that the file only describes. */
function bodyOf(written: string): string {
  const [, bytes] = /^generate:json-string bytes=(\d+)$/.exec(written) ?? [];
  if (bytes !== undefined)
    return JSON.stringify({ ...LIST, params: { ...LIST.params, arguments: { text: 'x'.repeat(Number(bytes)) } } });
  const [, count] = /^generate:batch count=(\d+)$/.exec(written) ?? [];
  if (count !== undefined) return JSON.stringify(Array.from({ length: Number(count) }, () => LIST));
  return written;
}

describe.skipIf(!hasCases)('the attacks of ../shared on the HTTP surface', () => {
  const folder = mkdtempSync(join(tmpdir(), 'actionbridge-attacks-'));
  let api: FakeApi;
  let server: HttpServer;
  let close: () => Promise<void>;
  beforeAll(async () => {
    api = await startFakeApi();
    const file = join(folder, 'spec.json');
    writeFileSync(file, JSON.stringify(ofFamily('http-surface')[0]!.spec).replaceAll('{{UPSTREAM}}', api.url));
    const bridge = await openBridge(mergeFlags([file], { allowHost: [api.host], cacheTools: false }, EMPTY_CONFIG));
    server = await serveHttp(bridge, {
      config: { ...DEFAULT_HTTP, tokens: [{ token: TOKEN }] },
      store: createMemoryStore(),
      formats: {},
    });
    close = async () => {
      await server.close(0);
      await bridge.close();
      await api.close();
      rmSync(folder, { recursive: true });
    };
  });
  afterAll(() => close());

  it.each(ofFamily('http-surface').filter(({ call }) => call.http && !call.http.headers['transfer-encoding']))(
    '$id $title',
    async ({ call, expect: expected }) => {
      const { method, headers, body } = call.http!;
      const given = Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, value.replace('{{TOKEN}}', TOKEN)]),
      );
      const answer = await send(server.port, { method, headers: { authorization: '', ...given }, body: bodyOf(body) });
      expect([expected.status].flat()).toContain(answer.status);
      if (answer.status === 401) expect(answer.headers['www-authenticate']).toMatch(/^Bearer /);
      if (expected.rpcError !== undefined)
        expect(JSON.parse(answer.text)).toMatchObject({ error: { code: expected.rpcError } });
      for (const name of expected.headersAbsent ?? []) expect(answer.headers[name]).toBeUndefined();
      expect(answer.text).not.toContain('getUser');
      expect(api.requests).toEqual([]);
    },
  );

  it.each(ofFamily('http-surface').filter(({ call }) => call.http2x))(
    '$id $title',
    async ({ call, expect: expected }) => {
      for (const authorization of call.http2x!)
        expect((await send(server.port, { headers: { authorization }, body: LIST })).status).toBe(expected.status);
    },
  );

  it.each(ofFamily('http-surface').filter(({ call }) => call.http?.headers['transfer-encoding']))(
    '$id $title',
    async ({ call, expect: expected }) => {
      const sockets: Socket[] = [];
      const note = (message: unknown) => void sockets.push((message as { socket: Socket }).socket);
      subscribe('net.server.socket', note);
      const { method, headers, body } = call.http!;
      const status = await new Promise((resolve) => {
        const given = { ...headers, authorization: `Bearer ${TOKEN}` };
        const outgoing = request(
          { host: '127.0.0.1', port: server.port, path: '/mcp', method, headers: given, agent: false },
          (answer) => {
            answer.resume();
            resolve(answer.statusCode);
          },
        );
        outgoing.on('error', () => undefined);
        outgoing.end(bodyOf(body));
      });
      unsubscribe('net.server.socket', note);
      expect(status).toBe(expected.status);
      expect(sockets.at(-1)!.bytesRead).toBeLessThanOrEqual(expected.bytesRead!.max);
    },
  );

  it('leave it alive', async () => {
    const answer = await send(server.port, { path: '/api/getUser', body: { id: '1' } });
    expect(answer.status).toBe(200);
  });
});

describe.skipIf(!hasCases)('the attacks of ../shared on Redis', () => {
  let bridge: RunningBridge | undefined;
  let api: FakeApi;
  const blackhole = createServer(() => undefined);
  beforeAll(async () => {
    api = await startFakeApi({ json: [] });
    await new Promise<void>((resolve) => blackhole.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => bridge?.stop('SIGKILL'));
  afterAll(async () => {
    blackhole.close();
    await api.close();
  });

  it.each([
    { ...ofFamily('redis')[0]!, redis: () => 'redis://127.0.0.1:1' },
    { ...ofFamily('redis')[1]!, redis: () => `redis://127.0.0.1:${(blackhole.address() as { port: number }).port}` },
  ])('$id $title', async ({ spec, call, expect: expected, redis }) => {
    const folder = mkdtempSync(join(tmpdir(), 'actionbridge-attacks-'));
    const file = join(folder, 'spec.json');
    writeFileSync(file, JSON.stringify(spec).replaceAll('{{UPSTREAM}}', api.url));
    bridge = await startBridge([file, '--allow-host', api.host, '--redis', redis()]);
    const before = api.requests.length;
    const times: number[] = [];
    for (let index = 0; index < call.repeat!; index++) {
      const started = performance.now();
      const answer = await fetch(`${bridge.url}/api/listOrders`, {
        method: 'POST',
        headers: { authorization: `Bearer ${bridge.token}`, 'content-type': 'application/json' },
        body: '{}',
      });
      times.push(performance.now() - started);
      expect(answer.status).toBe(200);
    }
    rmSync(folder, { recursive: true });
    expect(api.requests.length - before).toBe(expected.upstreamHits ?? call.repeat);
    const later = times.slice(1).sort((a, b) => a - b);
    expect(later[Math.floor(later.length * 0.9)]).toBeLessThan(300);
    expect(times.reduce((sum, time) => sum + time, 0)).toBeLessThan(expected.maxMs ?? 6_000);
    expect(bridge.stderr().match(/Redis is lost/g)).toHaveLength(1);
  });
});
