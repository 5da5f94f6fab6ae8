import { setTimeout as sleep } from 'node:timers/promises';
import type { JSONRPCRequest } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_HTTP } from '../../src/config/http-flags.ts';
import { createEndedSessions } from '../../src/serve/ended-sessions.ts';
import { createSessionIds, MAX_AGE_MS, sessionKey } from '../../src/serve/session-ids.ts';
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

  it('survive the end of the replica they began at, also without a shared store', async () => {
    const gone = await serveItems({ store: createMemoryStore(), config: { tokens: TOKENS } });
    const session = await begin(gone);
    await gone.close();
    const other = await serveItems({ store: createMemoryStore(), config: { tokens: TOKENS } });
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
    // Not at the end of the 20 seconds: nobody holds a stream open, though clients open theirs again.
    await expect(Promise.race([closed, sleep(10_000, 'still open', { ref: false })])).resolves.toBeUndefined();
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

describe('ids of sessions', () => {
  let now = 1_000_000_000;
  const clock = { now: () => now, sleep: async () => undefined };
  const ids = (key = 'k') => createSessionIds(async () => Buffer.from(key), clock);
  const RECORD = { principal: 'ann', initialize: INITIALIZE as JSONRPCRequest };

  it('say what a session is made of, to whoever has the key', async () => {
    const id = await ids().make(RECORD);
    expect(await ids().read(id)).toEqual(RECORD);
    expect(await ids('other').read(id)).toBeUndefined();
    expect(await ids().make(RECORD)).not.toBe(id);
    expect(id).toMatch(/^[\x21-\x7e]+$/);
  });

  it('are worth nothing when a byte of them is another', async () => {
    const id = await ids().make(RECORD);
    for (const place of [0, 20, id.indexOf('.') - 1, id.indexOf('.') + 1]) {
      const changed = id.slice(0, place) + (id[place] === 'A' ? 'B' : 'A') + id.slice(place + 1);
      expect(await ids().read(changed)).toBeUndefined();
    }
    for (const made of ['', '.', 'x.y', `${'x'.repeat(9_000)}.${'y'.repeat(43)}`])
      expect(await ids().read(made)).toBeUndefined();
  });

  it('are good for a day', async () => {
    const id = await ids().make(RECORD);
    now += MAX_AGE_MS - 1;
    expect(await ids().read(id)).toBeDefined();
    now += 1;
    expect(await ids().read(id)).toBeUndefined();
  });

  it('leave out what would make them too long, and refuse what still is', async () => {
    const { params } = INITIALIZE;
    const icons = [{ src: `data:image/png;base64,${'A'.repeat(9_000)}` }];
    const chatty = { ...INITIALIZE, params: { ...params, clientInfo: { ...params.clientInfo, icons } } };
    expect((await ids().make({ principal: null, initialize: chatty as JSONRPCRequest })).length).toBeLessThan(1_000);
    const huge = {
      ...INITIALIZE,
      params: { ...params, capabilities: { experimental: { x: { y: 'A'.repeat(9_000) } } } },
    };
    await expect(ids().make({ principal: null, initialize: huge as JSONRPCRequest })).rejects.toThrow(/too much/);
  });

  it('need one key for all replicas: from their tokens, or from the store', async () => {
    const { cells } = createMemoryStore();
    const config = (tokens: string[]) => ({ ...DEFAULT_HTTP, tokens: tokens.map((token) => ({ token })) });
    const key = async (tokens: string[], store = cells) => (await sessionKey(config(tokens), store)).toString('hex');
    expect(await key([ANN, BOB])).toBe(await key([BOB, ANN], createMemoryStore().cells));
    expect(await key([ANN])).not.toBe(await key([BOB]));
    expect(await key([])).toBe(await key([]));
    expect(await key([])).not.toBe(await key([], createMemoryStore().cells));
  });
});

describe('ended sessions', () => {
  it('stay ended at every replica that shares the store', async () => {
    const { cells } = createMemoryStore();
    const [first, second] = [createEndedSessions(cells), createEndedSessions(cells)];
    expect(await first.has('s')).toBe(false);
    await second.add('s');
    expect(await first.has('s')).toBe(true);
    expect(await first.has('other')).toBe(false);
  });

  it('are none while nobody can tell', async () => {
    const ended = createEndedSessions({ update: () => Promise.reject(new Error('lost')) });
    await ended.add('s');
    expect(await ended.has('s')).toBe(false);
  });
});
