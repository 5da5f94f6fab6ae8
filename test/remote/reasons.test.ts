import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openBridge } from '../../src/index.ts';
import { lastWords } from '../../src/remote/reasons.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A URL that answers every request so, and what it was sent. */
async function answering(
  status: number,
): Promise<{ readonly url: string; readonly credentials: (string | undefined)[] }> {
  const credentials: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    credentials.push(request.headers.authorization);
    response.writeHead(status, { 'www-authenticate': 'Bearer' }).end();
  }).listen(0, '127.0.0.1');
  await new Promise((settle) => server.once('listening', settle));
  cleanUps.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, credentials };
}

describe('why a server is not there', () => {
  it.each([
    [401, 'it wants a credential (HTTP 401): give one under "headers"'],
    [403, 'it wants a credential (HTTP 403)'],
    [500, '500'],
  ])('is told for HTTP %i', async (status, words) => {
    const { url, credentials } = await answering(status);
    const bridge = await openBridge({
      specs: [],
      mcpServers: { one: { url, headers: { Authorization: 'Bearer wrong-one' } } },
    });
    cleanUps.push(() => bridge.close());
    expect(bridge.diagnostics).toMatchObject([{ severity: 'error', message: expect.stringContaining(words) }]);
    expect(JSON.stringify(bridge.diagnostics)).not.toContain('wrong-one');
    expect(credentials[0]).toBe('Bearer wrong-one');
  });

  it.each([
    [[], ''],
    [['starting', 'Error: no licence', '    at main.js:3'], '; it said: Error: no licence'],
    [['starting', 'bye'], '; it said: bye'],
  ])('is looked for in %j', (lines, words) => {
    expect(lastWords(lines)).toBe(words);
  });
});
