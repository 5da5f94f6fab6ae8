import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createAddressPolicy } from '../../src/net/address.ts';
import type { NetError } from '../../src/net/errors.ts';
import { createGuardedFetch } from '../../src/net/guarded-fetch.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function serve(listener: RequestListener): Promise<{ readonly origin: string; readonly server: Server }> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((settle) => server.once('listening', settle));
  cleanUps.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

function guarded(origins: readonly string[], onBroken: (error: NetError) => void = () => undefined) {
  const made = createGuardedFetch({ policy: createAddressPolicy(origins), maxBytes: 1_000, onBroken });
  cleanUps.push(() => made.close());
  return made.fetch;
}

describe('the guarded fetch', () => {
  it('gets what is named', async () => {
    const { origin } = await serve((_, response) => void response.end('{"ok":true}'));
    expect(await (await guarded([origin])(origin)).json()).toEqual({ ok: true });
  });

  it('goes to no inner address that is not named', async () => {
    const { origin } = await serve((_, response) => void response.end());
    await expect(guarded([])(origin)).rejects.toMatchObject({ kind: 'address', sent: false });
  });

  it('says that nothing was sent when nobody listens', async () => {
    const { origin, server } = await serve(() => undefined);
    await new Promise((settle) => server.close(settle));
    await expect(guarded([origin])(origin)).rejects.toMatchObject({ kind: 'connect', sent: false });
  });

  it('stops reading what is too large', async () => {
    const { origin } = await serve((_, response) => void response.end('x'.repeat(2_000)));
    await expect((await guarded([origin])(origin)).text()).rejects.toMatchObject({ kind: 'too-large' });
  });

  it('tells of an answer that breaks off', async () => {
    const { origin } = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n', () => response.destroy());
    });
    const broken: NetError[] = [];
    const answer = await guarded([origin], (error) => broken.push(error))(origin);
    await expect(answer.text()).rejects.toMatchObject({ kind: 'reset', sent: true });
    expect(broken).toMatchObject([{ kind: 'reset' }]);
  });

  it('ends with the signal of its caller, and tells nobody', async () => {
    const { origin } = await serve((_, response) => void response.writeHead(200).write('x'));
    const broken: NetError[] = [];
    const controller = new AbortController();
    const answer = await guarded([origin], (error) => broken.push(error))(origin, { signal: controller.signal });
    const read = answer.text();
    controller.abort();
    await expect(read).rejects.toMatchObject({ kind: 'cancelled' });
    expect(broken).toEqual([]);
  });
});
