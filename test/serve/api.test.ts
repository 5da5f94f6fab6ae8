import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBridge } from '../../src/bridge.ts';
import { EMPTY_CONFIG, mergeFlags } from '../../src/config/flags.ts';
import { BridgeError } from '../../src/errors.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import type { Script } from '../support/fake-api.ts';
import { type Served, serveItems, TOKEN } from './support.ts';

const METRICS = createMetrics();

interface Case {
  readonly what: string;
  readonly tool: string;
  readonly args?: unknown;
  readonly script?: Script;
  readonly status: number;
  readonly headers?: { readonly [name: string]: string };
  /** The body, or members of it. */
  readonly body: unknown;
}

const CASES: readonly Case[] = [
  {
    what: "the API's own answer",
    tool: 'getItem',
    args: { id: '7' },
    script: { json: { id: '7', name: 'cup' } },
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: { id: '7', name: 'cup' },
  },
  {
    what: 'nothing where the API says nothing',
    tool: 'deleteItem',
    args: { id: '7' },
    script: { status: 204 },
    status: 204,
    body: '',
  },
  {
    what: "the API's refusal, marked as such",
    tool: 'getItem',
    args: { id: '7' },
    script: { status: 401, json: { error: 'log in' } },
    status: 401,
    headers: { 'actionbridge-upstream-status': '401' },
    body: { error: 'log in' },
  },
  {
    what: 'each argument that is wrong',
    tool: 'addItem',
    args: { nmae: 'cup' },
    status: 400,
    body: { error: { code: 'ARGUMENTS_INVALID' } },
  },
  {
    what: 'that there is no such tool',
    tool: 'nope',
    args: {},
    status: 404,
    body: { error: { code: 'TOOL_UNKNOWN' } },
  },
  {
    what: 'that a write was sent and its outcome is unknown',
    tool: 'addItem',
    args: { name: 'cup' },
    script: { end: 'reset' },
    status: 502,
    body: { error: { outcome: 'unknown' } },
  },
  {
    what: 'HTML as text that no browser runs',
    tool: 'getItem',
    args: { id: '7' },
    script: { body: '<script>alert(1)</script>', headers: { 'content-type': 'text/html' } },
    status: 200,
    headers: { 'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'" },
    body: '<script>alert(1)</script>',
  },
];

describe('POST /api/{tool}', () => {
  let served: Served;
  beforeAll(async () => {
    served = await serveItems();
  });
  afterAll(() => served.close());

  it.each(CASES)('answers $what', async ({ tool, args, script, status, headers, body }) => {
    served.api.answer(script ?? {});
    const answer = await served.send({ path: `/api/${tool}`, body: args });
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', ...headers });
    if (typeof body === 'string') expect(answer.text).toBe(body);
    else expect(JSON.parse(answer.text)).toMatchObject(body as object);
  });

  it('gives up the request when the client hangs up', async () => {
    const seen = served.api.requests.length;
    let release = () => {};
    served.api.answer({ after: new Promise<void>((open) => (release = open)) });
    const controller = new AbortController();
    const asked = fetch(`${served.server.url}/api/getItem`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: '{"id":"1"}',
      signal: controller.signal,
    }).catch(() => undefined);
    while (served.api.requests.length <= seen) await served.api.nextRequest();
    controller.abort();
    await asked;
    await served.api.requests[seen]!.abandoned;
    release();
  });
});

describe('the other routes', () => {
  let served: Served;
  beforeAll(async () => {
    served = await serveItems({
      metrics: METRICS,
      formats: { names: (tools) => ({ text: JSON.stringify(tools.map(({ name }) => name)) }) },
      extend: (app) => {
        app.post('/v1/echo', (context) => context.json({ got: context.env.admitted.body?.value }));
        app.get('/v1/broken', () => {
          throw new BridgeError('INTERNAL', 'at /home/operator/secret.ts:1');
        });
      },
    });
  });
  afterAll(async () => {
    METRICS.close();
    await served.close();
  });

  it('list the tools as MCP has them', async () => {
    const { tools } = JSON.parse((await served.send({ path: '/v1/tools' })).text) as { tools: { name: string }[] };
    expect(tools.map(({ name }) => name)).toEqual(['listItems', 'addItem', 'getItem', 'deleteItem']);
  });

  it('list the tools in another format', async () => {
    const answer = await served.send({ path: '/v1/tools?format=names' });
    expect(JSON.parse(answer.text)).toEqual(['listItems', 'addItem', 'getItem', 'deleteItem']);
  });

  it.each(['toString', 'xml'])('name the formats when %s is asked for', async (format) => {
    const answer = await served.send({ path: `/v1/tools?format=${format}` });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { message: 'The formats are: names' } });
  });

  it('count in Prometheus text', async () => {
    const answer = await served.send({ path: '/metrics' });
    expect(answer.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(answer.text).toContain('actionbridge_event_loop_delay_seconds{quantile="0.99"}');
  });

  it('can be added, behind the same guard and with the body read', async () => {
    const answer = await served.send({ path: '/v1/echo', body: { a: [1] } });
    expect(JSON.parse(answer.text)).toEqual({ got: { a: [1] } });
    expect((await served.send({ path: '/v1/echo', body: {}, headers: { authorization: '' } })).status).toBe(401);
  });

  it('tell nothing of what went wrong inside', async () => {
    const answer = await served.send({ path: '/v1/broken' });
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('operator');
  });
});

describe('GET /openapi.json', () => {
  let served: Served;
  beforeAll(async () => {
    served = await serveItems();
  });
  afterAll(() => served.close());

  it('has an operation for each tool, with the text and the limits of the GPT editor', async () => {
    const document = JSON.parse((await served.send({ path: '/openapi.json' })).text) as OpenApi;
    expect(document.openapi).toBe('3.1.0');
    expect(document.security).toEqual([{ bearer: [] }]);
    expect(Object.keys(document.paths)).toEqual(['/api/listItems', '/api/addItem', '/api/getItem', '/api/deleteItem']);
    expect(document.paths['/api/deleteItem']!.post).toMatchObject({
      operationId: 'deleteItem',
      'x-openai-isConsequential': true,
    });
    expect(document.paths['/api/getItem']!.post).toMatchObject({ 'x-openai-isConsequential': false });
  });

  it('has the chosen tools only', async () => {
    const document = JSON.parse((await served.send({ path: '/openapi.json?tools=get*,addItem' })).text) as OpenApi;
    expect(Object.keys(document.paths)).toEqual(['/api/addItem', '/api/getItem']);
  });

  it('is served by this bridge again, with the same arguments', async () => {
    const text = (await served.send({ path: '/openapi.json' })).text;
    const file = join(mkdtempSync(join(tmpdir(), 'actionbridge-test-')), 'openapi.json');
    writeFileSync(file, text);
    const again = await openBridge(
      mergeFlags(
        [`again=${file}`],
        { header: [`Authorization: Bearer ${TOKEN}`], allowHost: [new URL(served.server.url).host], cacheTools: false },
        EMPTY_CONFIG,
      ),
    );
    expect(again.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(again.registry.tools.map(({ name }) => name)).toEqual(served.bridge.registry.tools.map(({ name }) => name));
    served.api.answer({ json: { id: '7' } });
    const outcome = await again.call('getItem', { id: '7' }, { surface: 'cli' });
    expect(outcome.result).toMatchObject({ kind: 'ok', content: { value: { id: '7' } } });
    await again.close();
  });
});

interface OpenApi {
  readonly openapi: string;
  readonly security: unknown;
  readonly paths: { readonly [path: string]: { readonly post: object } };
}
