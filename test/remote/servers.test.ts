import { afterEach, describe, expect, it } from 'vitest';
import type { Exchange } from '../../src/call/execute.ts';
import { planMcpCall, readMcpResponse } from '../../src/call/mcp-request.ts';
import { NetError } from '../../src/net/errors.ts';
import { compileRemoteTools } from '../../src/remote/compile-tools.ts';
import { openRemoteServers, type RemoteServers } from '../../src/remote/servers.ts';
import type { ServerTarget } from '../../src/remote/types.ts';
import type { Tool } from '../../src/tool/types.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import {
  createJournal,
  createMemoryLog,
  GENERATIONS,
  type HttpFixture,
  startHttpServer,
  stdioTarget,
} from './fixtures.ts';

const NO_FILTER = { include: [], exclude: [], readOnly: false };
const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function open(
  targets: { readonly [name: string]: ServerTarget },
  environment: { readonly [name: string]: string } = {},
): Promise<RemoteServers> {
  const remote = openRemoteServers({
    servers: Object.entries(targets).map(([name, target]) => ({ name, target })),
    allowHosts: [],
    environment,
    log: createMemoryLog().log,
    startTimeoutMs: 15_000,
  });
  cleanUps.push(() => remote.close());
  await remote.settle(15_000);
  return remote;
}

function toolOf(remote: RemoteServers, server: string, name: string): Tool {
  const { offer } = remote.servers.find((each) => each.name === server)!;
  const { tools } = compileRemoteTools(offer!.tools, { server, filter: NO_FILTER });
  return tools.find((tool) => tool.remote!.name === name)!;
}

async function call(
  remote: RemoteServers,
  [server, name]: readonly [string, string],
  args: object,
  signal?: AbortSignal,
) {
  const tool = toolOf(remote, server, name);
  const exchange = {
    call: {
      tool,
      args,
      context: { surface: 'cli', requestId: 'r' },
      trace: { attempts: 0, cached: false, timings: {} },
    },
    plan: planMcpCall(tool, args as { [name: string]: unknown }),
    signal: signal ?? AbortSignal.timeout(20_000),
  } as const satisfies Exchange;
  return readMcpResponse(await remote.send(exchange));
}

async function httpServer(generation: (typeof GENERATIONS)[number], port?: number): Promise<HttpFixture> {
  const fixture = await startHttpServer(generation, port);
  cleanUps.push(() => fixture.kill());
  return fixture;
}

it('reaches servers through the proxy of the environment', async () => {
  const { target } = await httpServer(GENERATIONS[0]!);
  const { port } = new URL(target.url);
  const proxy = await startConnectProxy(Number(port));
  cleanUps.push(proxy.close);
  const outside = { ...target, url: target.url.replace(`127.0.0.1:${port}`, 'mcp.example.com') };
  const remote = await open({ one: outside }, { HTTP_PROXY: `http://127.0.0.1:${proxy.port}` });
  expect(remote.servers[0]).toMatchObject({ failure: undefined, offer: { title: GENERATIONS[0] } });
  expect(new Set(proxy.heads.map(({ url }) => url))).toEqual(new Set(['mcp.example.com:80']));
});

describe.each(GENERATIONS)('a server of the %s generation', (generation) => {
  describe.each(['stdio', 'http'] as const)('over %s', (kind) => {
    const target = async () => (kind === 'stdio' ? stdioTarget(generation) : (await httpServer(generation)).target);

    it('shows what it offers', async () => {
      const remote = await open({ one: await target() });
      const { offer, failure } = remote.servers[0]!;
      expect(failure).toBeUndefined();
      expect(offer?.title).toBe(generation);
      expect(offer?.instructions).toBe(`The ${generation} one.`);
      expect(offer?.tools.length).toBe(12);
      expect(offer?.resources.length).toBe(1);
      expect(offer?.templates.length).toBe(1);
      expect(offer?.prompts.length).toBe(1);
    });

    it('answers calls, resources and prompts', async () => {
      const remote = await open({ one: await target() });
      expect(await call(remote, ['one', 'echo'], { text: 'hello' })).toMatchObject({
        kind: 'ok',
        content: { kind: 'mcp', blocks: [{ type: 'text', text: 'hello' }] },
      });
      expect(await call(remote, ['one', 'fail'], {})).toMatchObject({
        kind: 'refused',
        content: { blocks: [{ text: 'the disk is full' }] },
      });
      expect(await call(remote, ['one', 'reject'], {})).toMatchObject({
        kind: 'failed',
        error: { code: 'MCP_REFUSED', message: expect.stringContaining('not like this') },
      });
      expect(await call(remote, ['one', 'typed'], {})).toMatchObject({ content: { structured: { sum: 3 } } });
      const signal = AbortSignal.timeout(5_000);
      expect(await remote.readResource('one', { uri: 'note://one' }, signal)).toMatchObject({
        contents: [{ uri: 'one+note://one', text: 'the text of note://one' }],
      });
      expect(await remote.getPrompt('one', { name: 'greet', arguments: { who: 'Ada' } }, signal)).toMatchObject({
        messages: [{ content: { text: 'Hello Ada' } }],
      });
    });

    it('gives content out with addresses that can be read', async () => {
      const remote = await open({ one: await target() });
      const result = await call(remote, ['one', 'media'], {});
      expect(result.kind === 'ok' && result.content.kind === 'mcp' ? result.content.blocks : []).toMatchObject([
        { type: 'text' },
        { type: 'image', mimeType: 'image/png' },
        { type: 'audio' },
        { type: 'resource', resource: { uri: 'one+note://one', text: 'embedded' } },
        { type: 'resource_link', uri: 'one+note://two' },
      ]);
    });

    it('is followed when its list changes', async () => {
      const remote = await open({ one: await target() });
      const changed = new Promise<string>((resolve) => remote.onChange(resolve));
      await call(remote, ['one', 'grow'], {});
      expect(await changed).toBe('tools');
      expect(await call(remote, ['one', 'grown'], {})).toMatchObject({ content: { blocks: [{ text: 'I am new' }] } });
    });

    it('stops at the caller’s signal', async () => {
      const remote = await open({ one: await target() });
      const controller = new AbortController();
      const running = call(remote, ['one', 'slow'], { ms: 60_000 }, controller.signal);
      setTimeout(() => controller.abort(new NetError('cancelled', true, 'The call was cancelled')), 50);
      await expect(running).rejects.toMatchObject({ kind: 'cancelled' });
    });
  });

  it('is started again after kill -9, and the call under way is told that it broke', async () => {
    const journal = createJournal();
    cleanUps.push(() => journal.remove());
    const remote = await open({ one: stdioTarget(generation, { REMOTE_JOURNAL: journal.path }) });
    for (let round = 1; round <= 3; round++) {
      const running = call(remote, ['one', 'slow'], { ms: 60_000 });
      const started = await journal.until('start', round);
      await journal.until('slow', round);
      process.kill(Number(started.at(-1)!.split(' ')[1]), 'SIGKILL');
      await expect(running).rejects.toMatchObject({ kind: 'reset', sent: true });
      expect(await call(remote, ['one', 'echo'], { text: String(round) })).toMatchObject({ kind: 'ok' });
    }
  });

  it('is reached again after it was away, over HTTP', async () => {
    const first = await httpServer(generation);
    const remote = await open({ one: first.target });
    const running = call(remote, ['one', 'slow'], { ms: 60_000 });
    await new Promise((resolve) => setTimeout(resolve, 200));
    const broken = expect(running).rejects.toMatchObject({ name: 'NetError', sent: true });
    await first.kill();
    await broken;
    await httpServer(generation, first.port);
    await expect
      .poll(() => call(remote, ['one', 'echo'], { text: 'back' }).catch((error: Error) => error), { timeout: 10_000 })
      .toMatchObject({ kind: 'ok' });
  });
});

describe('servers beside each other', () => {
  it('do not depend on one that cannot be started', async () => {
    const remote = await open({
      gone: { kind: 'stdio', command: '/no/such/program', args: [], env: {} },
      one: stdioTarget('second'),
    });
    expect(remote.servers[0]).toMatchObject({ offer: undefined, failure: expect.stringContaining('ENOENT') });
    expect(await call(remote, ['one', 'echo'], { text: 'here' })).toMatchObject({ kind: 'ok' });
  });

  it('are told apart by what they said last', async () => {
    const remote = await open({
      broken: {
        kind: 'stdio',
        command: process.execPath,
        args: ['-e', 'console.error("no licence"); process.exit(3)'],
        env: {},
      },
    });
    expect(remote.servers[0]!.failure).toContain('no licence');
  });

  it('are told when we leave, where they keep a session', async () => {
    const journal = createJournal();
    cleanUps.push(() => journal.remove());
    const fixture = await startHttpServer('first', 0, { REMOTE_JOURNAL: journal.path });
    cleanUps.push(() => fixture.kill());
    const remote = await open({ one: fixture.target });
    await remote.close();
    expect(await journal.until('delete', 1)).toEqual(['delete']);
  });

  it('get no variable of ours that was not given to them', async () => {
    process.env['REMOTE_TEST_SECRET'] = 'do not tell';
    cleanUps.push(() => delete process.env['REMOTE_TEST_SECRET']);
    const remote = await open({ one: stdioTarget('second', { GIVEN: 'yes' }) });
    const answer = async (text: string) => JSON.stringify(await call(remote, ['one', 'environment'], { text }));
    expect(await answer('GIVEN')).toContain('yes');
    expect(await answer('REMOTE_TEST_SECRET')).toContain('(not set)');
  });
});
