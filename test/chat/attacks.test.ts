import { afterAll, describe, expect, it } from 'vitest';
import { startFakeApi } from '../support/fake-api.ts';
import { say } from './model-turns.ts';
import { type ProxySetup, type SetupOptions, startProxy, TOKEN } from './setup.ts';

/** The family "chat-proxy" of the attacks, over both surfaces, streamed and not. */
const open: ProxySetup[] = [];
async function start(options: SetupOptions = {}): Promise<ProxySetup> {
  const setup = await startProxy({ upstream: { dialect: 'chat' }, spec: 'test/fixtures/users.yaml', ...options });
  open.push(setup);
  return setup;
}
afterAll(async () => {
  for (const setup of open) await setup.close();
});

const WAYS = [
  { path: '/v1/chat/completions', stream: false },
  { path: '/v1/chat/completions', stream: true },
  { path: '/v1/responses', stream: false },
  { path: '/v1/responses', stream: true },
];

describe.each(WAYS)('$path, stream: $stream', ({ path, stream }) => {
  const body = {
    model: 'm',
    stream,
    ...(path.endsWith('responses') ? { input: 'x' } : { messages: [{ role: 'user', content: 'x' }] }),
  };
  const call = (name: string, args: unknown) => say({ calls: [{ name, args }] }, 'chat', stream);
  const done = say({ text: 'Done.' }, 'chat', stream);

  it('does not let a client choose the address of the provider (D-CP-01)', async () => {
    const setup = await start();
    const attacker = await startFakeApi();
    setup.model.play(done);
    const choice = {
      api_base: attacker.url,
      base_url: attacker.url,
      extra_headers: { host: 'x' },
      api_key: 'sk-x',
      headers: { host: 'x' },
    };
    expect((await setup.post(path, { ...body, ...choice })).status).toBe(200);
    expect(attacker.requests).toHaveLength(0);
    expect(Object.keys(setup.model.requests[0]!.body)).not.toEqual(expect.arrayContaining(Object.keys(choice)));
    for (const name of Object.keys(choice)) expect(setup.model.requests[0]!.body).not.toHaveProperty(name);
    expect(setup.model.requests[0]!.headers.host).toContain('127.0.0.1');
    await attacker.close();
  });

  it('ends an endless loop of calls, and says so (D-CP-02)', async () => {
    const setup = await start();
    setup.model.play(call('getUser', { id: '1' }));
    const text = await (await setup.post(path, body)).text();
    expect(text).toContain('came to no answer');
    expect(setup.api.requests.length).toBeLessThanOrEqual(10);
    expect(setup.model.requests.length).toBeLessThanOrEqual(10);
  });

  it('does not make a call that the caller is not permitted (D-CP-03)', async () => {
    const setup = await start({ tokens: [{ token: TOKEN, principal: 'A', tools: ['getUser'] }] });
    setup.model.play(call('deleteUser', { id: '1' }), done);
    await (await setup.post(path, body)).text();
    expect(setup.api.requests).toHaveLength(0);
    expect(JSON.parse(setup.model.requests[1]!.body.messages.at(-1).content)).toMatchObject({
      error: { code: 'NOT_PERMITTED' },
    });
  });

  it('does not make a call that the operator keeps from the proxy', async () => {
    const setup = await start({ config: { tools: ['get*'] } });
    setup.model.play(call('deleteUser', { id: '1' }), done);
    await (await setup.post(path, body)).text();
    expect(setup.api.requests).toHaveLength(0);
    expect(JSON.parse(setup.model.requests[1]!.body.messages.at(-1).content)).toMatchObject({
      error: { code: 'NOT_PERMITTED' },
    });
  });

  it('tells the model of arguments that are no JSON (D-CP-04)', async () => {
    const setup = await start();
    setup.model.play(call('getUser', '{"id": '), done);
    await (await setup.post(path, body)).text();
    expect(setup.api.requests).toHaveLength(0);
    expect(setup.model.requests[1]!.body.messages.at(-1).content).toContain('not JSON');
  });

  it.each(['..', '../admin', '%2e%2e', 'a/../../b', ''])(
    'does not let arguments climb out of the path (%j)',
    async (id) => {
      const setup = await start();
      setup.model.play(call('getUser', { id }), done);
      await (await setup.post(path, body)).text();
      for (const { target } of setup.api.requests) expect(target).toMatch(/^\/users\/[^/]+$/);
      expect(setup.model.requests).toHaveLength(2);
    },
  );

  it('keeps prototypes clean, whatever is called and sent', async () => {
    const setup = await start();
    setup.model.play(
      call('__proto__', '{"__proto__":{"polluted":1}}'),
      call('constructor', {}),
      call('getUser', '{"id":"1","__proto__":{"polluted":1}}'),
      done,
    );
    await (
      await setup.post(path, {
        ...body,
        tools: [{ type: 'function', name: '__proto__', function: { name: 'toString' } }],
      })
    ).text();
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect((await setup.post(path, body)).status).toBe(200);
  });
});
