import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSessionRecords } from '../../src/serve/session-records.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { PolicyStore } from '../../src/store/types.ts';
import { HTTP_CLIENTS } from '../support/mcp-clients.ts';
import { type Answer, type Served, serveItems, TOKEN } from './support.ts';

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
};
const ANN = 'token-of-ann-0123456789';
const BOB = 'token-of-bob-0123456789';
const TOKENS = [{ token: TOKEN }, { token: ANN, principal: 'ann' }, { token: BOB, principal: 'bob' }];

/** Two replicas that share what a session is made of. */
describe('sessions of older clients', () => {
  let store: PolicyStore;
  let first: Served;
  let second: Served;
  beforeAll(async () => {
    store = createMemoryStore();
    first = await serveItems({ store, config: { tokens: TOKENS } });
    second = await serveItems({ store, config: { tokens: TOKENS } });
  });
  afterAll(async () => {
    await first.close();
    await second.close();
  });

  async function begin(served: Served, token = TOKEN): Promise<string> {
    const answer = await ask(served, INITIALIZE, { token });
    expect(answer.status).toBe(200);
    return answer.headers['mcp-session-id'] as string;
  }

  const call = (id: number, name = 'getItem') => ({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name, arguments: { id: String(id) } },
  });

  it('begin with initialize and go on with calls', async () => {
    const session = await begin(first);
    first.api.answer({ json: { id: '5' } });
    const answer = await ask(first, call(5), { session });
    expect(messageIn(answer)).toMatchObject({ id: 5, result: { content: [{ type: 'text' }] } });
  });

  it('go on at another replica', async () => {
    const session = await begin(first);
    second.api.answer({ json: { id: '6' } });
    const answer = await ask(second, call(6), { session });
    expect(messageIn(answer)).toMatchObject({ id: 6, result: { content: [{ type: 'text' }] } });
    expect(second.api.requests.at(-1)!.target).toBe('/v1/items/6');
  });

  it('go on at another replica for many requests at once', async () => {
    const session = await begin(first);
    second.api.answer(({ target }) => ({ json: { target } }));
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => ask(second, call(index + 10), { session })),
    );
    expect(answers.map((answer) => (messageIn(answer) as { id: number }).id)).toEqual(
      Array.from({ length: 10 }, (_, index) => index + 10),
    );
  });

  it('are refused to another principal, here and at another replica', async () => {
    const session = await begin(first, ANN);
    expect((await ask(first, call(1), { session, token: BOB })).status).toBe(404);
    expect((await ask(second, call(1), { session, token: BOB })).status).toBe(404);
    expect((await ask(second, call(1), { session, token: TOKEN })).status).toBe(404);
    expect((await ask(second, call(1), { session, token: ANN })).status).toBe(200);
  });

  it('end with DELETE, at every replica', async () => {
    const session = await begin(first);
    const ended = await first.send({ method: 'DELETE', headers: { ...HEADERS, 'mcp-session-id': session } });
    expect(ended.status).toBe(200);
    expect((await ask(first, call(1), { session })).status).toBe(404);
    expect((await ask(second, call(1), { session })).status).toBe(404);
  });

  it.each([
    { what: 'no session and no initialize', session: undefined, status: 400 },
    { what: 'a made-up session', session: 'b5a9f2a4-0000-4000-8000-000000000000', status: 404 },
  ])('are asked for: $what', async ({ session, status }) => {
    const answer = await ask(first, call(1), session === undefined ? {} : { session });
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { message: expect.stringContaining('initialize') } });
  });

  it('make room for new ones by ending the one that lay idle longest', async () => {
    const small = await serveItems({ store: createMemoryStore(), config: { tokens: TOKENS } });
    const sessions = [];
    for (let count = 0; count < 1_010; count++) sessions.push(await begin(small));
    // The first one was dropped from memory, but its record is there: it is made again.
    expect((await ask(small, call(1), { session: sessions[0]! })).status).toBe(200);
    await small.close();
  });

  it('survive the end of the replica they began at', async () => {
    const shared = createMemoryStore();
    const gone = await serveItems({ store: shared, config: { tokens: TOKENS } });
    const session = await begin(gone);
    await gone.close();
    const other = await serveItems({ store: shared, config: { tokens: TOKENS } });
    expect((await ask(other, call(1), { session })).status).toBe(200);
    await other.close();
  });
});

describe('the end of a listener', () => {
  it.each(HTTP_CLIENTS)('lets the call of $name come to its end, and takes no new one', async ({ open }) => {
    const served = await serveItems({ listChanged: true });
    const client = await open({ url: `${served.server.url}/mcp`, token: TOKEN });
    let finish = () => {};
    const arrived = new Promise<void>((resolve) => {
      served.api.answer(() => {
        resolve();
        return { after: new Promise<void>((done) => (finish = done)), json: { id: '1' } };
      });
    });
    const call = client.call('getItem', { id: '1' });
    await arrived;
    const closed = served.server.close(20_000);
    finish();
    expect((await call).isError).toBe(false);
    await closed;
    await expect(client.call('getItem', { id: '1' })).rejects.toThrow();
    await client.close().catch(() => undefined);
    await served.close();
  });
});

const HEADERS = { accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-11-25' };

function ask(
  served: Served,
  body: unknown,
  { session, token = TOKEN }: { session?: string; token?: string },
): Promise<Answer> {
  return served.send({
    headers: {
      ...HEADERS,
      authorization: `Bearer ${token}`,
      ...(session === undefined ? {} : { 'mcp-session-id': session }),
    },
    body,
  });
}

/** The message of an answer, plain or as an event. */
function messageIn({ text }: Answer): unknown {
  return JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text);
}

describe('records of sessions', () => {
  const RECORD = { principal: null, initialize: { jsonrpc: '2.0' as const, id: 0, method: 'initialize' } };
  const IDLE_MS = 1_800_000;

  it('are put back by the replica that holds the session when the store has lost them', async () => {
    const store = createMemoryStore();
    const records = createSessionRecords(store.cells, IDLE_MS);
    expect(await records.read('s')).toBeUndefined();
    expect(await records.touch('s', RECORD)).toBe(true);
    expect(await records.read('s')).toEqual(RECORD);
  });

  it('stay ended, whoever still holds the session', async () => {
    const records = createSessionRecords(createMemoryStore().cells, IDLE_MS);
    await records.write('s', RECORD);
    await records.end('s');
    expect(await records.touch('s', RECORD)).toBe(false);
    expect(await records.read('s')).toBeUndefined();
  });

  it('are taken as they are while nobody can tell', async () => {
    const cells = { update: () => Promise.reject(new Error('lost')) };
    const records = createSessionRecords(cells, IDLE_MS);
    expect(await records.touch('s', RECORD)).toBe(true);
    expect(await records.read('s')).toBeUndefined();
  });
});
