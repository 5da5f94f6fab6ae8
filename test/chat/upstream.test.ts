import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { functionsFor } from '../../src/chat/functions.ts';
import { say } from './model-turns.ts';
import type { ModelReply, ModelRequest } from './scripted-upstream.ts';
import { PROVIDER_KEY, type ProxySetup, type SetupOptions, startProxy, TOKEN } from './setup.ts';
import { ask, requestFor, toolNames } from './transcript.ts';

const open: ProxySetup[] = [];
async function start(options: SetupOptions = {}): Promise<ProxySetup> {
  const setup = await startProxy(options);
  open.push(setup);
  return setup;
}
afterAll(async () => {
  for (const setup of open) await setup.close();
});

const CHAT = requestFor('chat', {});
const refusal = (status: number, error: object, headers: { [name: string]: string } = {}): ModelReply => ({
  status,
  headers,
  json: { error },
});
const NEEDS_RESPONSES = {
  message:
    "Function tools with reasoning_effort are not supported for gpt-5.6-luna in /v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'.",
  type: 'invalid_request_error',
  param: 'reasoning_effort',
  code: null,
};

/** Chat streams tell what they cost only to those who ask. */
function countingIfAsked(reply: ModelReply, { body }: ModelRequest): ModelReply {
  if (!reply.events || body.messages === undefined || body.stream_options?.include_usage === true) return reply;
  return { ...reply, events: reply.events.filter((event) => !(event as { usage?: unknown }).usage) };
}

/** By the provider's dialect, of a client that speaks the other one. */
const DROPPED = { chat: 'unknown_thing', responses: 'seed, function_call' };

describe('the dialect', () => {
  it.each([false, true])('becomes responses when the model wants that, and stays so (stream: %s)', async (stream) => {
    const setup = await start();
    setup.model.play(
      refusal(400, NEEDS_RESPONSES),
      say({ calls: [{ name: 'get_weather', args: { city: 'Lisbon' } }] }, 'responses', stream),
      say({ text: 'Fine.' }, 'responses', stream),
    );
    expect((await ask(setup.client, { dialect: 'chat', stream, model: 'gpt-5.6-luna' })).text).toBe('Fine.');
    expect(setup.model.requests.map(({ path }) => path)).toEqual([
      '/v1/chat/completions',
      '/v1/responses',
      '/v1/responses',
    ]);
    setup.model.play(say({ text: 'Again.' }, 'responses', stream));
    expect((await ask(setup.client, { dialect: 'chat', stream, model: 'gpt-5.6-luna' })).text).toBe('Again.');
    expect(setup.model.requests.map(({ path }) => path)).toEqual(['/v1/responses']);
  });

  it.each([
    { reply: { status: 404, text: '404 page not found' } },
    { reply: { status: 404, json: { detail: 'Not Found' } } },
    { reply: { status: 405, json: { detail: 'Method Not Allowed' } } },
    { reply: { status: 404, json: { error: { code: '404', message: 'Resource not found' } } } },
  ])('becomes chat when the provider has no responses ($reply.status)', async ({ reply }) => {
    const setup = await start();
    setup.model.play(reply, say({ text: 'Fine.' }, 'chat', false));
    expect((await ask(setup.client, { dialect: 'responses', stream: false })).text).toBe('Fine.');
    expect(setup.model.requests.map(({ path }) => path)).toEqual(['/v1/responses', '/v1/chat/completions']);
    setup.model.play(say({ text: 'Again.' }, 'chat', false));
    expect((await ask(setup.client, { dialect: 'responses', stream: false })).text).toBe('Again.');
  });

  it('does not take an unknown model for a missing route', async () => {
    const setup = await start();
    setup.model.play(
      refusal(404, {
        message: 'The model `x` does not exist',
        type: 'invalid_request_error',
        param: null,
        code: 'model_not_found',
      }),
    );
    await expect(setup.client.responses.create({ model: 'x', input: 'hi' })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
    expect(setup.model.requests).toHaveLength(1);
  });

  it('leaves encrypted reasoning out for models that have none', async () => {
    const setup = await start({ upstream: { dialect: 'responses' } });
    setup.model.play(
      refusal(400, {
        message: 'Encrypted content is not supported with this model.',
        type: 'invalid_request_error',
        param: 'include',
        code: null,
      }),
      say({ text: 'Fine.' }, 'responses', false),
    );
    expect((await ask(setup.client, { dialect: 'chat', stream: false })).text).toBe('Fine.');
    expect(setup.model.requests.map(({ body }) => body.include)).toEqual([['reasoning.encrypted_content'], []]);
  });

  it('names what the other dialect cannot carry', async () => {
    const setup = await start({ upstream: { dialect: 'chat' } });
    const tools = [{ type: 'web_search' as const }];
    await expect(setup.client.responses.create({ model: 'm', input: 'x', tools })).rejects.toMatchObject({
      status: 400,
      param: 'tools[0].type',
    });
  });

  it.each(
    (['chat', 'responses'] as const).flatMap((upstream) =>
      [false, true].map((stream) => ({ upstream, stream, dropped: DROPPED[upstream] })),
    ),
  )(
    'tells what of a request $upstream does not know: $dropped (stream: $stream)',
    async ({ upstream, stream, dropped }) => {
      const setup = await start({ upstream: { dialect: upstream } });
      for (const client of ['chat', 'responses'] as const) {
        setup.model.play(say({ text: 'x' }, upstream, stream));
        const path = client === 'chat' ? 'chat/completions' : client;
        const more = client === 'chat' ? { seed: 7, function_call: 'auto' } : { truncation: 'auto', unknown_thing: 1 };
        const answer = await setup.post(`/v1/${path}`, { ...requestFor(client, { more }), stream });
        expect(answer.headers.get('x-actionbridge-dropped')).toBe(client === upstream ? null : dropped);
        await answer.text();
      }
    },
  );
});

describe('refusals', () => {
  let setup: ProxySetup;
  beforeAll(async () => {
    setup = await start({ upstream: { dialect: 'chat' } });
  });

  it('come through verbatim, with the headers that clients act upon', async () => {
    const error = {
      message: "Invalid 'temperature'",
      type: 'invalid_request_error',
      param: 'temperature',
      code: 'decimal_above_max_value',
      extra: 1,
    };
    setup.model.play(
      refusal(400, error, { 'x-request-id': 'req_1', 'x-ratelimit-remaining-requests': '99', 'set-cookie': 'a=b' }),
    );
    const response = await setup.post('/v1/chat/completions', CHAT);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error });
    expect(response.headers.get('x-request-id')).toBe('req_1');
    expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('99');
    expect(response.headers.get('set-cookie')).toBeNull();
  });

  it.each([
    {
      name: 'Gemini',
      json: [{ error: { code: 400, message: 'API key not valid', status: 'INVALID_ARGUMENT' } }],
      message: 'API key not valid',
    },
    {
      name: 'vLLM',
      json: { object: 'error', message: 'too long', type: 'BadRequestError', code: 400 },
      message: 'too long',
    },
    { name: 'Ollama', json: { error: 'model is loading' }, message: 'model is loading' },
    {
      name: 'Anthropic',
      json: { type: 'error', error: { type: 'invalid_request_error', message: 'bad' } },
      message: 'bad',
    },
  ])('of $name reach the SDK as an error with its message', async ({ json, message }) => {
    setup.model.play({ status: 400, json });
    await expect(ask(setup.client, { dialect: 'chat', stream: false })).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining(message),
    });
  });

  it.each([
    { status: 307, headers: { location: 'http://127.0.0.1:1/v1' } },
    { status: 304, headers: {} },
    { status: 799, headers: {} },
  ])('that are none of HTTP become a bad gateway ($status)', async ({ status, headers }) => {
    setup.model.play({ status, headers, text: '' });
    expect((await setup.post('/v1/chat/completions', CHAT, { redirect: 'manual' })).status).toBe(502);
    expect(setup.model.requests).toHaveLength(1);
  });

  it('without JSON show nothing of what a proxy in between wrote', async () => {
    setup.model.play({ status: 502, text: '<html>internal host 10.1.2.3</html>' });
    const response = await setup.post('/v1/chat/completions', CHAT);
    expect(response.status).toBe(502);
    expect(await response.text()).not.toContain('10.1.2.3');
  });

  it.each([true, false])('after rounds of ours still are refusals (stream: %s)', async (stream) => {
    setup.model.play(
      say({ calls: [{ name: 'get_weather', args: { city: 'A' } }] }, 'chat', stream),
      refusal(400, {
        message: 'context too long',
        type: 'invalid_request_error',
        param: 'messages',
        code: 'context_length_exceeded',
      }),
    );
    await expect(ask(setup.client, { dialect: 'chat', stream })).rejects.toMatchObject({
      code: 'context_length_exceeded',
    });
  });

  it.each(['chat', 'responses'] as const)(
    'inside a stream end it with an error that the SDK throws (%s)',
    async (dialect) => {
      const events = say({ text: 'Hello there' }, 'chat', true).events!.slice(0, 2);
      setup.model.play({
        events: [
          ...events,
          { error: { message: 'overloaded', type: 'server_error', code: 'overloaded', param: null } },
        ],
      });
      await expect(ask(setup.client, { dialect, stream: true })).rejects.toMatchObject({
        message: expect.stringContaining('overloaded'),
      });
    },
  );

  it.each(['reset', undefined] as const)('a stream that is cut off is an error, not an answer (%s)', async (end) => {
    setup.model.play({
      events: say({ text: 'Hello there' }, 'chat', true).events!.slice(0, 2),
      ...(end ? { end } : {}),
    });
    await expect(ask(setup.client, { dialect: 'chat', stream: true })).rejects.toThrow(
      /too early|broke|breaks|cannot be reached/,
    );
  });

  it('tells where a provider cannot be reached, and nothing of its key', async () => {
    const lost = await start({ upstream: { baseUrl: 'http://127.0.0.1:9/v1' } });
    const response = await lost.post('/v1/chat/completions', CHAT);
    expect(response.status).toBe(502);
    const text = await response.text();
    expect(JSON.parse(text).error.code).toBe('upstream_unreachable');
    expect(text).not.toContain(PROVIDER_KEY);
  });
});

describe('retries', () => {
  it('are made where they may help, and the client is told not to', async () => {
    const setup = await start({ upstream: { dialect: 'chat', retries: 2 } });
    setup.model.play(
      refusal(500, { message: 'x' }, { 'retry-after-ms': '1' }),
      refusal(429, { message: 'slow', type: 'requests', code: 'rate_limit_exceeded' }, { 'retry-after-ms': '1' }),
      say({ text: 'Fine.' }, 'chat', false),
    );
    expect((await ask(setup.client, { dialect: 'chat', stream: false })).text).toBe('Fine.');
    setup.model.play(refusal(503, { message: 'x' }, { 'retry-after-ms': '1' }));
    const response = await setup.post('/v1/chat/completions', CHAT);
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([503, 'false']);
    expect(setup.model.requests).toHaveLength(3);
  });

  it.each(['insufficient_quota', 'credit_balance_exhausted', 'project_spend_limit_exceeded'])(
    'are never made about money (%s)',
    async (code) => {
      const setup = await start({ upstream: { dialect: 'chat', retries: 2 } });
      setup.model.play(refusal(429, { message: 'pay', type: 'insufficient_quota', code, param: null }));
      const response = await setup.post('/v1/chat/completions', CHAT);
      expect([response.status, response.headers.get('x-should-retry')]).toEqual([429, 'false']);
      expect(setup.model.requests).toHaveLength(1);
    },
  );

  describe.each(['chat', 'responses'] as const)('of a request whose provider fails, in %s', (dialect) => {
    const ORDER = { name: 'addOrder', args: { item: 'tea' } };
    it.each([
      { after: 'a write', calls: [ORDER], sent: ['POST /orders'], retry: 'false' },
      {
        after: 'a read and a write',
        calls: [{ name: 'getOrder', args: { id: '7' } }, ORDER],
        sent: ['GET /orders/7', 'POST /orders'],
        retry: 'false',
      },
      { after: 'a read', calls: [{ name: 'getOrder', args: { id: '7' } }], sent: ['GET /orders/7'], retry: 'true' },
      { after: 'a write that was not sent', calls: [{ name: 'addOrder', args: {} }], sent: [], retry: 'true' },
      { after: 'no call', calls: [], sent: [], retry: 'true' },
    ])('are wanted after $after: $retry', async ({ calls, sent, retry }) => {
      const setup = await start({ upstream: { dialect }, spec: 'test/fixtures/shop.yaml' });
      const down = refusal(500, { message: 'x' }, { 'x-should-retry': 'true' });
      setup.model.play(...(calls.length > 0 ? [say({ calls }, dialect, false)] : []), down);
      const response = await setup.post('/v1/chat/completions', CHAT);
      expect(response.headers.get('x-should-retry')).toBe(retry);
      expect(setup.api.requests.map(({ method, target }) => `${method} ${target}`)).toEqual(sent);
    });

    it('are not made by the official SDK after a write', async () => {
      const setup = await start({ upstream: { dialect }, spec: 'test/fixtures/shop.yaml' });
      setup.model.play(say({ calls: [ORDER] }, dialect, false), refusal(503, { message: 'x' }));
      const asking = ask(setup.client.withOptions({ maxRetries: 2 }), { dialect, stream: false });
      await expect(asking).rejects.toMatchObject({ status: 503 });
      expect(setup.api.requests).toHaveLength(1);
    });
  });

  it('wait as the provider says, and not for ever', async () => {
    const setup = await start({ upstream: { dialect: 'chat', retries: 2 } });
    setup.model.play(
      refusal(429, { message: 'slow', type: 'tokens', code: 'rate_limit_exceeded' }, { 'retry-after': '60' }),
    );
    const response = await setup.post('/v1/chat/completions', CHAT);
    expect([response.status, response.headers.get('retry-after'), setup.model.requests.length]).toEqual([429, '60', 1]);
    const next = await setup.post('/v1/chat/completions', CHAT);
    expect(next.status).toBe(429);
    expect(Number(next.headers.get('retry-after'))).toBeGreaterThan(50);
    expect(setup.model.requests).toHaveLength(1);
  });
});

describe('the provider’s limits', () => {
  it('are kept: requests a minute', async () => {
    const setup = await start({
      upstream: { dialect: 'chat' },
      config: { rate: { requestsPerMinute: 2, maxWaitSeconds: 0.01 } },
    });
    setup.model.play(say({ text: 'x' }, 'chat', false));
    const statuses = [];
    for (let index = 0; index < 3; index++) statuses.push((await setup.post('/v1/chat/completions', CHAT)).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  it.each(
    (['chat', 'responses'] as const).flatMap((client) =>
      (['chat', 'responses'] as const).flatMap((upstream) =>
        [false, true].map((stream) => ({ client, upstream, stream })),
      ),
    ),
  )(
    'are kept: tokens a minute, as counted by $upstream for $client (stream: $stream)',
    async ({ client, upstream, stream }) => {
      const setup = await start({
        upstream: { dialect: upstream },
        config: { rate: { tokensPerMinute: 100, maxWaitSeconds: 0.01 } },
      });
      setup.model.play((request) => countingIfAsked(say({ text: 'x', usage: [90, 20] }, upstream, stream), request));
      const path = client === 'chat' ? '/v1/chat/completions' : '/v1/responses';
      const body = { ...requestFor(client, {}), stream };
      const answer = await setup.post(path, body);
      expect(answer.status).toBe(200);
      const text = await answer.text();
      if (client === 'chat' && stream) expect(text).not.toContain('"usage":{');
      expect((await setup.post(path, body)).status).toBe(429);
    },
  );

  it('of tokens change no request where there are none', async () => {
    const setup = await start({ upstream: { dialect: 'chat' } });
    setup.model.play(say({ text: 'x' }, 'chat', true));
    await (await setup.post('/v1/chat/completions', { ...CHAT, stream: true })).text();
    expect(setup.model.requests[0]!.body.stream_options).toBeUndefined();
  });

  it('are read from its headers', async () => {
    const setup = await start({ upstream: { dialect: 'chat' } });
    setup.model.play({
      ...say({ text: 'x' }, 'chat', false),
      headers: { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '1m30s' },
    });
    expect((await setup.post('/v1/chat/completions', CHAT)).status).toBe(200);
    const refused = await setup.post('/v1/chat/completions', CHAT);
    expect([refused.status, setup.model.requests.length]).toEqual([429, 1]);
  });
});

describe('keys', () => {
  it('go to whom they are for', async () => {
    const setup = await start({
      upstream: { dialect: 'chat', headers: [['x-team', 'blue']], query: { 'api-version': '2026-01' } },
    });
    setup.model.play(
      say({ calls: [{ name: 'get_weather', args: { city: 'A' } }] }, 'chat', false),
      say({ text: 'x' }, 'chat', false),
    );
    await setup.post('/v1/chat/completions', CHAT, {
      headers: { 'openai-organization': 'org-mine', cookie: 'c=1', 'x-upstream-api-key': 'sk-smuggled' },
    });
    const [first] = setup.model.requests;
    expect(first!.headers.authorization).toBe(`Bearer ${PROVIDER_KEY}`);
    expect(first!.headers['x-team']).toBe('blue');
    expect(first!.path).toBe('/v1/chat/completions?api-version=2026-01');
    expect(JSON.stringify(first!.headers)).not.toMatch(/org-mine|c=1|smuggled|a-token-of-the-bridge/);
    expect(JSON.stringify(setup.api.requests)).not.toMatch(/sk-provider|a-token-of-the-bridge/);
  });

  it('of Azure go in a header of their own', async () => {
    const setup = await start({ upstream: { dialect: 'chat', keyHeader: 'api-key' } });
    setup.model.play(say({ text: 'x' }, 'chat', false));
    await setup.post('/v1/chat/completions', CHAT);
    expect(setup.model.requests[0]!.headers).toMatchObject({ 'api-key': PROVIDER_KEY });
    expect(setup.model.requests[0]!.headers.authorization).toBeUndefined();
  });

  it('of the client are passed on only where the operator says so', async () => {
    const { apiKey: _, ...upstream } = { apiKey: '', dialect: 'chat' as const };
    const setup = await start({ upstream, config: { passThroughKey: true } });
    setup.model.play(say({ text: 'x' }, 'chat', false));
    await setup.post('/v1/chat/completions', CHAT, {
      headers: { 'x-upstream-api-key': 'sk-of-the-client', 'openai-organization': 'org-mine' },
    });
    expect(setup.model.requests[0]!.headers).toMatchObject({
      authorization: 'Bearer sk-of-the-client',
      'openai-organization': 'org-mine',
    });
  });

  it('are taken from Authorization where the bridge asks for none', async () => {
    const setup = await start({ upstream: { dialect: 'chat' }, config: { passThroughKey: true }, auth: 'none' });
    setup.model.play(say({ text: 'x' }, 'chat', false));
    await setup.post('/v1/chat/completions', CHAT, { headers: { authorization: 'Bearer sk-mine-0123456789' } });
    expect(setup.model.requests[0]!.headers.authorization).toBe('Bearer sk-mine-0123456789');
  });

  it('of the bridge are asked for before anything else', async () => {
    const setup = await start();
    for (const path of ['/v1/chat/completions', '/v1/responses']) {
      const response = await setup.post(path, CHAT, { headers: { authorization: 'Bearer wrong' } });
      expect(response.status).toBe(401);
    }
    expect(setup.model.requests).toHaveLength(0);
  });
});

describe('models', () => {
  it('are the provider’s', async () => {
    const setup = await start();
    setup.model.play({
      json: {
        object: 'list',
        data: [
          { id: 'a', object: 'model', created: 1, owned_by: 'x' },
          { id: 'b', object: 'model', created: 1, owned_by: 'x' },
        ],
      },
    });
    const ids = [];
    for await (const model of setup.client.models.list()) ids.push(model.id);
    expect(ids).toEqual(['a', 'b']);
    setup.model.play({ json: { id: 'org/a', object: 'model', created: 1, owned_by: 'x' } });
    expect((await setup.client.models.retrieve('org/a')).id).toBe('org/a');
    expect(setup.model.requests[0]!.path).toBe('/v1/models/org%2Fa');
  });

  it('are those that the operator allows', async () => {
    const setup = await start({ config: { models: ['gpt-*'] } });
    setup.model.play({ json: { object: 'list', data: [{ id: 'gpt-1' }, { id: 'secret' }] } });
    expect((await setup.client.models.list()).data.map(({ id }) => id)).toEqual(['gpt-1']);
    await expect(setup.client.models.retrieve('secret')).rejects.toMatchObject({ status: 404 });
    await expect(ask(setup.client, { dialect: 'chat', stream: false, model: 'secret' })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
  });
});

describe('tools', () => {
  it.each([
    { by: 'the config', options: { config: { tools: ['get_w*'] } }, headers: {}, expected: ['get_weather'] },
    {
      by: 'the model',
      options: { config: { perModel: [['gpt-*', { tools: ['get_forecast'] }]] as const } },
      headers: {},
      expected: ['get_forecast'],
    },
    { by: 'the request', options: {}, headers: { 'x-actionbridge-tools': 'get_forecast' }, expected: ['get_forecast'] },
    {
      by: 'a request that can only take away',
      options: { config: { tools: ['get_w*'] } },
      headers: { 'x-actionbridge-tools': '*' },
      expected: ['get_weather'],
    },
    {
      by: 'a token',
      options: { tokens: [{ token: TOKEN, principal: 'a', tools: ['get_forecast'] }] },
      headers: {},
      expected: ['get_forecast'],
    },
  ])('are chosen by $by', async ({ options, headers, expected }) => {
    const setup = await start({ ...options, upstream: { dialect: 'chat' } });
    setup.model.play(say({ text: 'x' }, 'chat', false));
    await setup.post('/v1/chat/completions', CHAT, { headers });
    expect(toolNames(setup.model.requests[0]!)).toEqual(expected);
  });

  it('more than the model takes are refused with a way out', async () => {
    const setup = await start({ config: { maxTools: 2 } });
    const response = await setup.post('/v1/chat/completions', requestFor('chat', { tools: ['mine'] }));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: {
        code: 'array_above_max_length',
        param: 'tools',
        message: expect.stringContaining('x-actionbridge-tools'),
      },
    });
  });
});

describe('what cannot be looped over', () => {
  let setup: ProxySetup;
  beforeAll(async () => {
    setup = await start({ upstream: { dialect: 'chat' } });
  });
  const TWO = {
    id: 'c',
    object: 'chat.completion',
    choices: [
      { index: 0, message: { content: 'a' } },
      { index: 1, message: { content: 'b' } },
    ],
  };

  it.each([
    { what: 'n', body: { ...CHAT, n: 2 } },
    { what: 'functions', body: { ...CHAT, functions: [{ name: 'old' }], function_call: 'auto' } },
    { what: 'background', path: '/v1/responses', body: { ...requestFor('responses', {}), background: true } },
  ])('goes through as it is, and says so: $what', async ({ what, body, path = '/v1/chat/completions' }) => {
    setup.model.play({ json: TWO });
    const response = await setup.post(path, body);
    expect(await response.json()).toEqual(TWO);
    expect(setup.model.requests[0]!.body).toEqual(body);
    expect(response.headers.get('x-actionbridge-tools')).toBe(`none; because of ${what}`);
  });

  it('goes through streamed, byte for byte', async () => {
    const events = ['data: {"choices":[{"index":1,"delta":{"content":"b"}}]}\n\n', 'data: [DONE]\n\n'];
    setup.model.play({ events });
    const response = await setup.post('/v1/chat/completions', { ...CHAT, n: 2, stream: true });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(response.headers.get('x-actionbridge-tools')).toBe('none; because of n');
    expect(await response.text()).toBe(events.join(''));
  });
});

describe('bodies', () => {
  let setup: ProxySetup;
  beforeEach(async () => {
    setup ??= await start();
  });

  it.each([
    { path: 'chat/completions', body: { messages: [] }, param: 'model' },
    { path: 'chat/completions', body: { model: 'm' }, param: 'messages' },
    { path: 'chat/completions', body: { model: 'm', messages: ['hi'] }, param: 'messages[0]' },
    { path: 'chat/completions', body: { model: 'm', messages: [], tools: {} }, param: 'tools' },
    { path: 'chat/completions', body: { model: 'm', messages: [], stream: 'yes' }, param: 'stream' },
    { path: 'responses', body: { model: 'm' }, param: 'input' },
    { path: 'responses', body: { model: 'm', input: 7 }, param: 'input' },
  ])('are refused by name: $path $param', async ({ path, body, param }) => {
    const response = await setup.post(`/v1/${path}`, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error', param } });
    expect(setup.model.requests).toHaveLength(0);
  });
});

it('fails with 424 when the tool that the client insists on cannot be reached', async () => {
  const setup = await start({ upstream: { dialect: 'chat' } });
  setup.model.play(
    say({ calls: [{ name: 'get_weather', args: { city: 'Reset' } }] }, 'chat', false),
    say({ text: 'x' }, 'chat', false),
  );
  const response = await setup.post('/v1/chat/completions', {
    ...CHAT,
    tool_choice: { type: 'function', function: { name: 'get_weather' } },
  });
  expect(response.status).toBe(424);
  expect(await response.json()).toMatchObject({
    error: { type: 'tool_unavailable', param: 'tool_choice', code: 'connect_failed' },
  });
});

describe.each(['chat', 'responses'] as const)('tools in strict schemas (%s)', (dialect) => {
  it('are called as their own schemas have it', async () => {
    const setup = await start({ upstream: { dialect, toolSchemas: 'openai' } });
    const calls = [{ name: 'get_forecast', args: { city: 'Lisbon', days: null, units: null } }];
    setup.model.play(say({ calls }, dialect, false), say({ text: 'x' }, dialect, false));
    await ask(setup.client, { dialect, stream: false });
    const [first] = setup.model.requests[0]!.body.tools;
    expect(first.strict ?? first.function.strict).toBe(true);
    expect((first.parameters ?? first.function.parameters).required).toEqual(['city', 'units']);
    expect(setup.api.requests.map(({ target }) => target)).toEqual(['/forecast?city=Lisbon']);
  });
});

it.each([
  { url: 'https://api.openai.com/v1', strict: true },
  { url: 'https://mine.openai.azure.com/openai/v1', strict: true },
  { url: 'https://openrouter.ai/api/v1', strict: false },
  { url: 'http://127.0.0.1:11434/v1', strict: false },
  { url: 'https://generativelanguage.googleapis.com/v1beta/openai', strict: false },
  { url: 'https://openai.com.example.net/v1', strict: false },
])('describes tools as $url takes them', async ({ url, strict }) => {
  const setup = await start();
  const { functionOf, argumentsFrom } = functionsFor(url, 'auto');
  const tool = setup.bridge.registry.get('get_weather')!;
  expect(functionOf(tool, 'chat').strict).toBe(strict);
  expect(functionOf(tool, 'chat').parameters['type']).toBe('object');
  expect(argumentsFrom(tool, 'chat', { city: 'A' })).toEqual({ city: 'A' });
});

it('does not show the model the argument by which a person consents', async () => {
  const setup = await start({ upstream: { dialect: 'chat', toolSchemas: 'openai' }, spec: 'test/fixtures/shop.yaml' });
  setup.model.play(say({ text: 'x' }, 'chat', false));
  await setup.post('/v1/chat/completions', CHAT);
  expect(toolNames(setup.model.requests[0]!)).toContain('pay');
  expect(JSON.stringify(setup.model.requests[0]!.body)).not.toContain('_confirmation');
});

it('makes no more calls than a client of Responses asks for', async () => {
  const setup = await start({ upstream: { dialect: 'responses' } });
  const calls = ['A', 'B'].map((city) => ({ name: 'get_weather', args: { city } }));
  setup.model.play(say({ calls }, 'responses', false), say({ text: 'x' }, 'responses', false));
  await setup.post('/v1/responses', { model: 'm', input: 'x', max_tool_calls: 1 });
  expect(setup.api.requests).toHaveLength(1);
  expect(setup.model.requests[1]!.body.tool_choice).toBe('none');
});

it('tells in headers what the loop did', async () => {
  const setup = await start({ upstream: { dialect: 'chat' } });
  setup.model.play(
    say({ calls: [{ name: 'get_weather', args: { city: 'Nowhere' } }] }, 'chat', false),
    say({ text: 'x' }, 'chat', false),
  );
  const { headers } = await setup.post('/v1/chat/completions', CHAT);
  expect(headers.get('x-actionbridge-rounds')).toBe('2');
  expect(headers.get('x-actionbridge-calls')).toBe('1');
  expect(headers.get('x-actionbridge-tool-errors')).toBe('get_weather=404');
});

it('tells the model when a breaker is open, and for how long', async () => {
  const setup = await start({ upstream: { dialect: 'chat' }, policy: { breaker: { failures: 2 } } });
  const turn = say({ calls: [{ name: 'get_weather', args: { city: 'Down' } }] }, 'chat', false);
  setup.model.play(turn, turn, turn, say({ text: 'x' }, 'chat', false));
  await setup.post('/v1/chat/completions', CHAT);
  const last = JSON.parse(setup.model.requests[3]!.body.messages.at(-1).content);
  expect(last.error).toMatchObject({
    type: 'tool_unavailable',
    code: 'BREAKER_OPEN',
    retryable: true,
    retry_after_s: expect.any(Number),
  });
});
