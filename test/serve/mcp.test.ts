import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bridge } from '../../src/bridge.ts';
import { createRegistry, type Registry } from '../../src/tool/registry.ts';
import { type ConnectedClient, HTTP_CLIENTS } from '../support/mcp-clients.ts';
import { type Answer, callOf, type Request, type Served, serveItems, stateless, TOKEN } from './support.ts';

/** A bridge whose tools can be exchanged, as a reload does. */
function swappable(bridge: Bridge): Bridge & { swap(registry: Registry): void } {
  let { registry } = bridge;
  return {
    ...bridge,
    get registry() {
      return registry;
    },
    swap(next) {
      registry = next;
    },
  };
}

describe.each(HTTP_CLIENTS)('$name at one listener', ({ open }) => {
  let served: Served;
  let client: ConnectedClient;
  beforeAll(async () => {
    served = await serveItems({ wrap: swappable, listChanged: true, progressEveryMs: 5 });
    client = await open({ url: `${served.server.url}/mcp`, token: TOKEN });
  });
  afterAll(async () => {
    await client?.close();
    await served?.close();
  });

  it('is told of progress while a call takes long', async () => {
    let finish = () => {};
    served.api.answer({ after: new Promise<void>((resolve) => (finish = resolve)), json: { id: '1' } });
    const heard: number[] = [];
    const answer = await client.call(
      'getItem',
      { id: '1' },
      { onProgress: (progress) => heard.push(progress) > 1 && finish() },
    );
    expect(answer.isError).toBe(false);
    expect(heard.length).toBeGreaterThanOrEqual(2);
    expect([...heard].sort((a, b) => a - b)).toEqual(heard);
  });

  it('gives up the request at the API when it cancels', async () => {
    const seen = served.api.requests.length;
    let release = () => {};
    const arrived = new Promise<void>((resolve) => {
      served.api.answer(() => {
        resolve();
        return { after: new Promise<void>((done) => (release = done)) };
      });
    });
    const controller = new AbortController();
    const call = expect(client.call('getItem', { id: '1' }, controller.signal)).rejects.toThrow();
    await arrived;
    controller.abort();
    await call;
    await served.api.requests[seen]!.abandoned;
    release();
  });

  it('serves twenty calls at a time, each its own answer', async () => {
    served.api.answer(({ target }) => ({ json: { id: target.split('/').at(-1) } }));
    const calls = Array.from({ length: 20 }, (_, index) => client.call('getItem', { id: `n${index}` }));
    const answers = (await Promise.all(calls)).map(({ text }) => (JSON.parse(text) as { id: string }).id);
    expect(answers).toEqual(Array.from({ length: 20 }, (_, index) => `n${index}`));
  });

  it('is told that the tools have changed, and sees the new ones', async () => {
    const bridge = served.bridge as ReturnType<typeof swappable>;
    const all = bridge.registry;
    expect(await client.listTools()).toHaveLength(4);
    bridge.swap(createRegistry(all.tools.slice(0, 2)));
    served.server.changed('tools');
    await client.toolsChanged();
    expect((await client.listTools()).map(({ name }) => name)).toEqual(['listItems', 'addItem']);
    bridge.swap(all);
    served.server.changed('tools');
    await client.toolsChanged();
    expect(await client.listTools()).toHaveLength(4);
    expect(client.errors).toEqual([]);
  });
});

describe('requests of 2026-07-28', () => {
  let served: Served;
  beforeAll(async () => {
    served = await serveItems();
  });
  afterAll(() => served.close());

  const PLAIN = callOf('getItem', { id: '1' });
  it.each([
    { what: 'a call', request: PLAIN, status: 200, has: { result: { resultType: 'complete' } } },
    {
      what: 'another method in the header',
      request: withHeaders(PLAIN, { 'mcp-method': 'tools/list' }),
      status: 400,
      has: { error: { code: -32020 } },
    },
    {
      what: 'another name in the header',
      request: withHeaders(PLAIN, { 'mcp-name': 'addItem' }),
      status: 400,
      has: { error: { code: -32020 } },
    },
    {
      what: 'no method in the header',
      request: withHeaders(PLAIN, { 'mcp-method': '' }),
      status: 400,
      has: { error: { code: -32020 } },
    },
    { what: 'an unknown revision', request: withVersion('1900-01-01'), status: 400, has: { error: { code: -32022 } } },
    { what: 'an unknown tool', request: callOf('nope'), status: 200, has: { error: { code: -32602 } } },
    { what: 'an unknown method', request: stateless('tools/burn'), status: 404, has: { error: { code: -32601 } } },
    {
      what: 'the discovery',
      request: stateless('server/discover'),
      status: 200,
      has: { result: { ttlMs: 300_000, cacheScope: 'public' } },
    },
    {
      what: 'the list',
      request: stateless('tools/list'),
      status: 200,
      has: { result: { ttlMs: 300_000, cacheScope: 'public' } },
    },
    {
      what: 'a cursor',
      request: stateless('tools/list', { cursor: 'x' }),
      status: 200,
      has: { error: { code: -32602 } },
    },
  ])('are answered: $what', async ({ request, status, has }) => {
    const answer = await served.send(request);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject(has);
  });

  it('are the same on the short way and on the long one', async () => {
    served.api.answer({ json: { id: '1' } });
    const short = await served.send(PLAIN);
    const long = await served.send(
      withHeaders(PLAIN, { 'mcp-name': `=?base64?${Buffer.from('getItem').toString('base64')}?=` }),
    );
    expect(withoutTrace(long)).toEqual(withoutTrace(short));
  });

  it('need no session, and GET has nothing to give', async () => {
    const answer = await served.send({
      headers: { 'mcp-protocol-version': '2026-07-28', accept: 'text/event-stream' },
    });
    expect(answer.status).toBe(405);
  });
});

/** The message, plain or as an event, without what differs from call to call. */
function withoutTrace({ text }: Answer): unknown {
  const message = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text) as {
    result: { _meta: { actionbridge?: unknown } };
  };
  delete message.result._meta.actionbridge;
  return message;
}

function withHeaders(request: Partial<Request>, headers: { readonly [name: string]: string }) {
  return { ...request, headers: { ...request.headers, ...headers } };
}

function withVersion(version: string) {
  const request = withHeaders(callOf('getItem', { id: '1' }), { 'mcp-protocol-version': version });
  return { ...request, body: JSON.parse(JSON.stringify(request.body).replace('2026-07-28', version)) as object };
}
