import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { openRemoteServers } from '../../src/remote/servers.ts';
import { BUNDLE, CACHE_ENVIRONMENT, startBridge } from '../support/bridge-process.ts';
import {
  createJournal,
  createMemoryLog,
  GENERATIONS,
  type Generation,
  startHttpServer,
  stdioTarget,
} from './fixtures.ts';

const folder = mkdtempSync(join(tmpdir(), 'actionbridge-subscriptions-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const URI = 'note://one';

function configOf(generation: Generation, env: { readonly [name: string]: string } = {}): string {
  const config = join(folder, `${generation}.json`);
  const { command, args } = stdioTarget(generation) as { command: string; args: readonly string[] };
  writeFileSync(config, JSON.stringify({ mcpServers: { a: { command, args, env } } }));
  return config;
}

/** A client of the official SDK, and what it is told of. */
async function connect(transport: Transport, mode: 'legacy' | 'auto') {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
  const updated: string[] = [];
  let told = (): void => undefined;
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
    updated.push(params.uri);
    told();
  });
  await client.connect(transport);
  cleanUps.push(() => client.close());
  const next = () =>
    new Promise<void>((resolve) => {
      told = resolve;
    });
  const write = () => client.callTool({ name: 'a_write', arguments: { ms: 0 } });
  return { client, updated, next, write };
}

const overStdio = (config: string) =>
  new StdioClientTransport({
    command: process.execPath,
    args: [BUNDLE, '--mcp-config', config],
    env: { ...CACHE_ENVIRONMENT },
  });

async function startHttp(config: string): Promise<() => Transport> {
  const { url, token, stop } = await startBridge(['--mcp-config', config]);
  cleanUps.push(() => stop());
  return () =>
    new StreamableHTTPClientTransport(new URL(`${url}/mcp`), {
      requestInit: { headers: { authorization: `Bearer ${token}` } },
    });
}

describe.each(GENERATIONS)('resources of a server of the %s generation', (generation) => {
  it.each([`a+${URI}`, URI])('are watched for a client that subscribes to %s, until it does no more', async (uri) => {
    const { client, updated, next, write } = await connect(overStdio(configOf(generation)), 'legacy');
    expect(client.getServerCapabilities()?.resources?.subscribe).toBe(true);
    await client.subscribeResource({ uri });
    const told = next();
    await write();
    await told;
    await client.unsubscribeResource({ uri });
    await write();
    // One call later whatever was on its way has come.
    await client.callTool({ name: 'a_echo', arguments: { text: 'x' } });
    expect(updated).toEqual([uri]);
  });

  it.each(['stdio', 'HTTP'])('are watched for a client of 2026-07-28 as long as it listens, over %s', async (way) => {
    const config = configOf(generation);
    const transport = way === 'HTTP' ? (await startHttp(config))() : overStdio(config);
    const { client, updated, next, write } = await connect(transport, 'auto');
    expect(client.getNegotiatedProtocolVersion()).toBe('2026-07-28');
    expect(client.getServerCapabilities()?.resources?.subscribe).toBe(true);
    const uris = [`a+${URI}`, URI];
    const subscription = await client.listen({ resourceSubscriptions: [...uris, 'nobody://one', URI] });
    expect(subscription.honoredFilter).toEqual({ resourceSubscriptions: uris });
    for (const _ of uris) {
      const told = next();
      await write();
      await told;
    }
    await client.callTool({ name: 'a_echo', arguments: { text: 'x' } });
    expect([...updated].sort()).toEqual([...uris, ...uris].sort());
    await subscription.close();
    await write();
    await client.callTool({ name: 'a_echo', arguments: { text: 'x' } });
    expect(updated).toHaveLength(4);
  });

  it('that are not there cannot be subscribed to', async () => {
    const { client } = await connect(overStdio(configOf(generation)), 'legacy');
    await expect(client.subscribeResource({ uri: 'nobody://one' })).rejects.toMatchObject({ code: -32602 });
    await client.unsubscribeResource({ uri: 'nobody://one' });
  });

  it('are watched on the next connection too, and count as changed then', async () => {
    const fixture = await startHttpServer(generation);
    const remote = openRemoteServers({
      servers: [{ name: 'a', target: fixture.target }],
      allowHosts: [],
      environment: {},
      log: createMemoryLog().log,
      startTimeoutMs: 15_000,
    });
    cleanUps.push(() => remote.close());
    await remote.settle(15_000);
    let count = 0;
    let told = (): void => undefined;
    const stop = await remote.watchResource('a', URI, () => {
      count++;
      told();
    });
    const again = new Promise<void>((resolve) => {
      told = resolve;
    });
    await fixture.kill();
    const second = await startHttpServer(generation, fixture.port);
    cleanUps.push(() => second.kill());
    const { signal } = new AbortController();
    await remote.readResource('a', { uri: URI }, signal).catch(() => remote.readResource('a', { uri: URI }, signal));
    await again;
    expect(count).toBe(1);
    stop();
  });
});

describe('clients of 2026-07-28 that listen', () => {
  const filter = { resourceSubscriptions: [URI] };
  const journaled = () => {
    const journal = createJournal();
    cleanUps.push(() => journal.remove());
    return { journal, config: configOf('first', { REMOTE_JOURNAL: journal.path }) };
  };

  it('are told once each, and the server is asked once', async () => {
    const { journal, config } = journaled();
    const open = await startHttp(config);
    const [first, second] = [await connect(open(), 'auto'), await connect(open(), 'auto')];
    const subscriptions = [await first.client.listen(filter), await second.client.listen(filter)];
    const told = Promise.all([first.next(), second.next()]);
    await first.write();
    await told;
    await subscriptions[0]!.close();
    const again = second.next();
    await first.write();
    await again;
    expect([first.updated, second.updated]).toEqual([[URI], [URI, URI]]);
    await subscriptions[1]!.close();
    await journal.until('unsubscribe', 1);
    expect(journal.lines().filter((line) => line.includes('subscribe'))).toEqual([
      `subscribe ${URI}`,
      `unsubscribe ${URI}`,
    ]);
  });

  it('leave nothing watched, over stdio', async () => {
    const { journal, config } = journaled();
    const { client } = await connect(overStdio(config), 'auto');
    const subscription = await client.listen(filter);
    await subscription.close();
    await journal.until('unsubscribe', 1);
  });
});

it('a server is asked once, however many want to know', async () => {
  const journal = createJournal();
  const remote = openRemoteServers({
    servers: [{ name: 'a', target: stdioTarget('first', { REMOTE_JOURNAL: journal.path }) }],
    allowHosts: [],
    environment: {},
    log: createMemoryLog().log,
  });
  cleanUps.push(
    () => journal.remove(),
    () => remote.close(),
  );
  await remote.settle(15_000);
  const stops = [await remote.watchResource('a', URI, () => 1), await remote.watchResource('a', URI, () => 2)];
  for (const stop of [...stops, ...stops]) stop();
  await journal.until('unsubscribe', 1);
  expect(journal.lines().filter((line) => line.includes('subscribe'))).toEqual([
    `subscribe ${URI}`,
    `unsubscribe ${URI}`,
  ]);
});
