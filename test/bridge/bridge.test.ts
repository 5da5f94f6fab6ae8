import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readAuthConfig } from '../../src/auth/config.ts';
import { authSchema } from '../../src/auth/config-schema.ts';
import { type Bridge, openBridge } from '../../src/bridge.ts';
import { renderResult } from '../../src/call/render.ts';
import { EMPTY_CONFIG, parseSpecArgument } from '../../src/config/flags.ts';
import type { ApiConfig, BridgeConfig } from '../../src/config/types.ts';
import { renderOutcome } from '../../src/mcp/render-outcome.ts';
import { repositoryFile } from '../support/bridge-process.ts';
import { type FakeApi, headerOf, startFakeApi } from '../support/fake-api.ts';

const ITEMS = repositoryFile('test/fixtures/items.yaml');
const SURFACE = { surface: 'cli' } as const;
const NO_WAIT = { retry: { backoffMs: [1] } };

let folder: string;
let api: FakeApi;
const open: Bridge[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'actionbridge-bridge-'));
  api = await startFakeApi();
});

afterEach(async () => {
  for (const bridge of open.splice(0)) await bridge.close();
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await api.close();
});

async function bridgeOf(over: Partial<ApiConfig> = {}, config: Partial<BridgeConfig> = {}): Promise<Bridge> {
  const bridge = await openBridge({
    ...EMPTY_CONFIG,
    cacheTools: false,
    logLevel: 'silent',
    environment: { ACTIONBRIDGE_HOME: folder },
    policy: NO_WAIT,
    ...config,
    apis: [{ ...parseSpecArgument(`items=${ITEMS}`), baseUrl: `${api.url}/v1`, ...over }],
  });
  open.push(bridge);
  return bridge;
}

/** Requests that a piece of work sends. */
async function sentBy(work: () => Promise<unknown>): Promise<string[]> {
  const before = api.requests.length;
  await work();
  return api.requests.slice(before).map(({ method, target }) => `${method} ${target}`);
}

describe('the policy of a call, through the bridge', () => {
  it('it tries a read again and a write once', async () => {
    const bridge = await bridgeOf();
    api.answer({ status: 503 });
    const reads = await sentBy(() => bridge.call('getItem', { id: '1' }, SURFACE));
    expect(reads).toEqual(['GET /v1/items/1', 'GET /v1/items/1', 'GET /v1/items/1']);
    expect(await sentBy(() => bridge.call('addItem', { name: 'cup' }, SURFACE))).toEqual(['POST /v1/items']);
  });

  it('it refuses the call over the limit, of one tool or of the API', async () => {
    api.answer({ json: {} });
    const bridge = await bridgeOf({
      policy: { rateLimit: { calls: 3, windowMs: 60_000 } },
      tools: { getItem: { policy: { rateLimit: { calls: 1, windowMs: 60_000 } } } },
    });
    const codes = [];
    for (const name of ['getItem', 'getItem', 'listItems', 'listItems', 'listItems', 'listItems']) {
      const { result } = await bridge.call(name, name === 'getItem' ? { id: '1' } : {}, SURFACE);
      codes.push(result.kind === 'failed' ? result.error.code : result.kind);
    }
    expect(codes).toEqual(['ok', 'RATE_LIMITED', 'ok', 'ok', 'ok', 'RATE_LIMITED']);
  });

  it('it keeps what the operator says may be kept, for one tool', async () => {
    api.answer({ json: { id: '1' } });
    const bridge = await bridgeOf({ tools: { getItem: { policy: { cache: { silentSeconds: 60 } } } } });
    const sent = await sentBy(async () => {
      const first = await bridge.call('getItem', { id: '1' }, SURFACE);
      const second = await bridge.call('getItem', { id: '1' }, SURFACE);
      expect([first.trace.cached, second.trace.cached]).toEqual([false, true]);
      expect(second.result).toMatchObject({ kind: 'ok', content: { value: { id: '1' } } });
    });
    expect(sent).toHaveLength(1);
  });

  it('it opens the breaker of an API that fails, and sends nothing more', async () => {
    api.answer({ status: 503 });
    const bridge = await bridgeOf({ policy: { retry: { tries: 1 }, breaker: { failures: 2 } } });
    const sent = await sentBy(async () => {
      for (let i = 0; i < 5; i++) await bridge.call('getItem', { id: '1' }, SURFACE);
    });
    expect(sent).toHaveLength(2);
    const { result } = await bridge.call('getItem', { id: '1' }, SURFACE);
    expect(result).toMatchObject({ kind: 'failed', error: { code: 'BREAKER_OPEN', retryable: true } });
  });

  it('it has every request on record before it leaves, and its end after', async () => {
    const path = join(folder, 'audit.jsonl');
    const bridge = await bridgeOf({}, { audit: { path, payloads: true, unauditedReads: false } });
    api.answer({ json: { id: '1' } });
    const { requestId } = await bridge.call('getItem', { id: '1' }, { ...SURFACE, principal: 'ann' });
    await bridge.call('getItem', {}, SURFACE);
    const records = readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records.map(({ event, result }) => [event, result])).toEqual([
      ['started', null],
      ['finished', 'ok'],
      ['refused', 'invalid'],
    ]);
    expect(records[0]).toMatchObject({
      request_id: requestId,
      principal: 'ann',
      tool: 'getItem',
      path_template: '/items/{id}',
      arguments: { id: '1' },
    });
  });

  it('it ends a call whose time is over', async () => {
    api.answer({ after: new Promise((resolve) => setTimeout(resolve, 500).unref()) });
    const bridge = await bridgeOf({ policy: { timeoutMs: 60 } });
    const { result } = await bridge.call('addItem', { name: 'cup' }, SURFACE);
    expect(result).toMatchObject({ kind: 'unknown', error: { code: 'TIMEOUT' } });
  });

  it('it tells where the time of a call went', async () => {
    api.answer({ json: {} });
    const bridge = await bridgeOf();
    const outcome = await bridge.call('getItem', { id: '1' }, SURFACE);
    const { timings } = renderOutcome(outcome)._meta.actionbridge as { timings: { [stop: string]: number } };
    expect(Object.keys(timings)).toEqual(expect.arrayContaining(['validate', 'upstream', 'shape']));
    expect(timings['upstream']).toBeLessThanOrEqual(outcome.ms);
  });
});

const SECURED = {
  openapi: '3.1.0',
  info: { title: 'Secured', version: '1' },
  security: [{ key: [] }],
  paths: { '/me': { get: { operationId: 'getMe', responses: {} }, post: { operationId: 'setMe', responses: {} } } },
  components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-Key' } } },
};

describe('credentials, through the bridge', () => {
  const CANARY = 'canary-7d1f9b2c';

  async function secured(over: Partial<ApiConfig> = {}, config: Partial<BridgeConfig> = {}): Promise<Bridge> {
    const spec = join(folder, 'secured.json');
    writeFileSync(spec, JSON.stringify(SECURED));
    return bridgeOf({ name: 'secured', spec, baseUrl: api.url, ...over }, config);
  }

  it('it sends a documented variable as the document says', async () => {
    const bridge = await secured({}, { environment: { SECURED_KEY: CANARY, ACTIONBRIDGE_HOME: folder } });
    api.answer({ json: {} });
    await bridge.call('getMe', {}, SURFACE);
    expect(headerOf(api.requests.at(-1)!, 'x-key')).toBe(CANARY);
  });

  it('it masks a credential that the API echoes', async () => {
    const auth = readAuthConfig(authSchema.parse({ key: { apiKey: CANARY } }), 'test', {});
    const bridge = await secured({ auth });
    api.answer({ json: { youSent: CANARY, encoded: Buffer.from(CANARY).toString('base64') } });
    const { result } = await bridge.call('getMe', {}, SURFACE);
    expect(JSON.stringify(result)).not.toContain(CANARY);
    expect(result).toMatchObject({ kind: 'ok', content: { value: { youSent: '***', encoded: '***' } } });
  });

  it('it says what is missing and how to give it, and sends no write', async () => {
    const bridge = await secured();
    const sent = await sentBy(async () => {
      const { result } = await bridge.call('setMe', {}, SURFACE);
      expect(result).toMatchObject({ kind: 'failed', error: { code: 'CREDENTIAL_MISSING' } });
      expect(JSON.stringify(result)).toContain('SECURED_KEY');
    });
    expect(sent).toEqual([]);
    expect(await bridge.credentials()).toMatchObject([{ scheme: 'key', there: false, environment: [['SECURED_KEY']] }]);
  });

  it('it tries a read without: many documents ask for more than their API does', async () => {
    const bridge = await secured();
    api.answer({ json: {} });
    expect(await sentBy(() => bridge.call('getMe', {}, SURFACE))).toEqual(['GET /me']);
    api.answer({ status: 401 });
    const { result } = await bridge.call('getMe', {}, SURFACE);
    expect(result).toMatchObject({ kind: 'failed', error: { code: 'CREDENTIAL_MISSING' } });
  });

  it('it sends nothing at all without, where the operator says so', async () => {
    const bridge = await secured({}, { missingCredential: 'refuse' });
    expect(await sentBy(() => bridge.call('getMe', {}, SURFACE))).toEqual([]);
  });

  it('it shows a dry run with every credential masked', async () => {
    const auth = readAuthConfig(authSchema.parse({ key: { apiKey: CANARY } }), 'test', {});
    const planned = await (await secured({ auth })).plan('getMe', {}, SURFACE);
    expect(planned).toMatchObject({
      ok: true,
      auth: { plan: { headers: expect.arrayContaining([['X-Key', '***']]) } },
    });
  });
});

describe('large answers', () => {
  it('it shows their shape and keeps them whole, for whoever asked', async () => {
    const items = Array.from({ length: 20_000 }, (_, id) => ({ id, name: `item ${id}` }));
    api.answer({ json: items });
    const bridge = await bridgeOf();
    const outcome = await bridge.call('listItems', {}, { ...SURFACE, principal: 'ann' });
    const rendered = renderOutcome(outcome);
    const [shape, note] = rendered.content as { text: string }[];
    expect(shape!.text.length).toBeLessThanOrEqual(100_000);
    expect(JSON.parse(shape!.text.slice(shape!.text.indexOf('\n') + 1))[0]).toEqual({ id: 0, name: 'item 0' });
    const { uri, pages } = outcome.saved!;
    expect(note!.text).toContain(uri);
    let text = '';
    for (let page = 1; page <= pages; page++)
      text += (await bridge.resources.read({ uri: `${uri}?page=${page}` }, 'ann'))!.contents![0]!.text;
    expect(JSON.parse(text)).toEqual(items);
    expect(await bridge.resources.list('ann')).toHaveLength(1);
    expect(await bridge.resources.read({ uri }, 'bob')).toBeUndefined();
    expect(await bridge.resources.list(undefined)).toEqual([]);
  });
});

describe('tools as the operator wants them', () => {
  it('it renames, describes and hides them, and calls them under the new name', async () => {
    const bridge = await bridgeOf({
      tools: {
        getItem: { name: 'read_item', description: 'Reads one.' },
        deleteItem: { hidden: true },
        gone: { hidden: true },
      },
    });
    expect(bridge.registry.tools.map(({ name }) => name)).toEqual(['listItems', 'addItem', 'read_item']);
    expect(bridge.registry.get('read_item')!.description).toBe('Reads one.');
    expect(bridge.diagnostics).toMatchObject([{ code: 'tool-unknown', pointer: '/apis/items/tools/gone' }]);
    api.answer({ json: {} });
    expect(await sentBy(() => bridge.call('read_item', { id: '1' }, SURFACE))).toEqual(['GET /v1/items/1']);
  });

  it('it refuses two tools of one name', async () => {
    await expect(bridgeOf({ tools: { getItem: { name: 'listItems' } } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'Two tools would be named "listItems"',
    });
  });

  it('it offers _select on every tool, and applies it', async () => {
    const bridge = await bridgeOf({}, { select: true });
    expect(bridge.registry.get('listItems')!.input.properties['_select']).toMatchObject({ type: 'string' });
    api.answer({
      json: [
        { id: '1', name: 'cup' },
        { id: '2', name: 'mug' },
      ],
    });
    const { result } = await bridge.call('listItems', { _select: '[].name' }, SURFACE);
    expect(result).toMatchObject({ kind: 'ok', content: { value: ['cup', 'mug'] } });
    expect(api.requests.at(-1)!.target).toBe('/v1/items');
  });

  it('it declares what tools answer, relaxed, only when asked', async () => {
    expect((await bridgeOf()).registry.get('getItem')!.output).toBeUndefined();
    const bridge = await bridgeOf({}, { outputSchema: true });
    expect(bridge.registry.get('listItems')!.output).toEqual({
      type: 'object',
      properties: {
        result: {
          type: ['array', 'null'],
          items: {
            type: ['object', 'null'],
            properties: expect.objectContaining({ id: { type: ['string', 'null'] } }),
          },
        },
      },
    });
    expect(bridge.registry.get('getItem')!.output).toMatchObject({
      type: 'object',
      properties: { name: { type: ['string', 'null'] }, color: { type: ['string', 'null'] } },
    });
    expect(bridge.registry.get('deleteItem')!.output).toBeUndefined();
    const answer = { kind: 'ok', status: 200, statusText: 'OK' } as const;
    const text = { kind: 'text', text: 'x', mediaType: 'text/plain' } as const;
    expect(renderResult({ ...answer, content: text }, { structured: true }).structuredContent).toEqual({});
  });
});

describe('documents that change', () => {
  it('it serves them anew and tells who listens; a broken one changes nothing', async () => {
    const spec = join(folder, 'changing.yaml');
    copyFileSync(ITEMS, spec);
    const bridge = await bridgeOf({ spec }, { watch: true });
    const changed = new Promise<void>((resolve) => bridge.onChange(() => resolve()));
    const before = bridge.registry;
    writeFileSync(spec, readFileSync(ITEMS, 'utf8').replace('operationId: getItem', 'operationId: readItem'));
    await changed;
    expect(bridge.registry).not.toBe(before);
    expect(bridge.registry.get('readItem')).toBeDefined();
    writeFileSync(spec, '{');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(bridge.registry.get('readItem')).toBeDefined();
  });
});
