import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTokenTable, generateToken } from '../../src/serve/tokens.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { type Answer, callOf, type Request, type Served, serveItems, stateless, TOKEN } from './support.ts';

const READER = 'token-of-the-reader-01234';
const CHOSEN = 'token-of-the-chosen-01234';
const HASTY = 'token-of-the-hasty-012345';

describe('tokens', () => {
  const refused: { code: unknown; principal: unknown }[] = [];
  let served: Served;
  let now = 1_000_000;
  beforeAll(async () => {
    served = await serveItems({
      store: createMemoryStore({ clock: { now: () => now, sleep: async () => undefined } }),
      wrap: (bridge) => ({
        ...bridge,
        call(name, args, options) {
          if (options.refusal) refused.push({ code: options.refusal.code, principal: options.principal });
          return bridge.call(name, args, options);
        },
      }),
      config: {
        tokens: [
          { token: TOKEN },
          { token: READER, principal: 'reader', readOnly: true },
          { token: CHOSEN, principal: 'chosen', tools: ['add*', 'getItem'] },
          { token: HASTY, principal: 'hasty', rate: { calls: 2, windowMs: 60_000 } },
        ],
      },
    });
  });
  afterAll(() => served.close());

  const as = (token: string, request: Partial<Request>): Promise<Answer> =>
    served.send({ ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } });

  it.each([
    { token: TOKEN, names: ['listItems', 'addItem', 'getItem', 'deleteItem'] },
    { token: READER, names: ['listItems', 'getItem'] },
    { token: CHOSEN, names: ['addItem', 'getItem'] },
  ])('see the tools that they may call, on every surface: $names', async ({ token, names }) => {
    const list = JSON.parse((await as(token, stateless('tools/list'))).text) as Listed;
    expect(list.result.tools.map(({ name }) => name)).toEqual(names);
    expect(list.result.cacheScope).toBe('private');
    const plain = JSON.parse((await as(token, { path: '/v1/tools' })).text) as Listed['result'];
    expect(plain.tools.map(({ name }) => name)).toEqual(names);
    const document = JSON.parse((await as(token, { path: '/openapi.json' })).text) as { paths: object };
    expect(Object.keys(document.paths)).toEqual(names.map((name) => `/api/${name}`));
  });

  it.each([
    { token: READER, tool: 'deleteItem' },
    { token: CHOSEN, tool: 'listItems' },
  ])('do not call what they may not: $tool', async ({ token, tool }) => {
    const sent = served.api.requests.length;
    const answer = await as(token, callOf(tool, { id: '1' }));
    expect(JSON.parse(answer.text)).toMatchObject({ result: { isError: true } });
    expect(answer.text).toContain('does not permit');
    expect((await as(token, { path: `/api/${tool}`, body: { id: '1' } })).status).toBe(403);
    expect(served.api.requests.length).toBe(sent);
    expect(refused.at(-1)).toMatchObject({ code: 'NOT_PERMITTED' });
  });

  it('wait when they have called too often, and no other with them', async () => {
    const calls = () => as(HASTY, { path: '/api/getItem', body: { id: '1' } });
    expect([(await calls()).status, (await calls()).status]).toEqual([200, 200]);
    const third = await calls();
    expect(third.status).toBe(429);
    expect(third.headers['retry-after']).toBe('60');
    expect((await as(READER, { path: '/api/getItem', body: { id: '1' } })).status).toBe(200);
    now += 60_001;
    expect((await calls()).status).toBe(200);
    expect(refused.at(-1)).toMatchObject({ code: 'RATE_LIMITED', principal: 'hasty' });
  });
});

describe('the table of tokens', () => {
  it('finds whose a token is, and nobody for any other', () => {
    const table = createTokenTable([
      { token: READER, principal: 'reader' },
      { token: CHOSEN, principal: 'chosen' },
    ]);
    expect(table.find(CHOSEN)).toEqual({ principal: 'chosen' });
    expect(table.find(`${CHOSEN}x`)).toBeUndefined();
    expect(table.find('')).toBeUndefined();
    expect(table.find('__proto__')).toBeUndefined();
  });

  it('takes a generated token', () => {
    const token = generateToken();
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(createTokenTable([{ token }]).find(token)).toEqual({});
  });
});

interface Listed {
  readonly result: { readonly tools: readonly { readonly name: string }[]; readonly cacheScope: string };
}
