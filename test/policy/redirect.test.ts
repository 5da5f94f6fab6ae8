import { describe, expect, test } from 'vitest';
import { redirect } from '../../src/call/middleware/redirect.ts';
import { type ExchangeParts, makeExchange, makeResponse } from './exchange.ts';

/** The URLs that are asked, and the status in the end. */
async function follow(locations: readonly string[], parts: ExchangeParts = {}, status = 302) {
  const seen: string[] = [];
  const handler = redirect()(async ({ plan }) => {
    seen.push(`${plan.method} ${plan.url}`);
    const location = locations[seen.length - 1];
    return location === undefined ? makeResponse() : makeResponse(status, { location });
  });
  return { seen, status: (await handler(makeExchange(parts))).status };
}

describe('redirect', () => {
  test.each([301, 302, 303, 307, 308])('follows %d of GET and HEAD within the origin', async (status) => {
    for (const method of ['GET', 'HEAD'])
      expect(await follow(['/b?x=1#frag', 'c'], { method }, status)).toEqual({
        seen: [
          `${method} http://shop.test/things/1`,
          `${method} http://shop.test/b?x=1`,
          `${method} http://shop.test/c`,
        ],
        status: 200,
      });
  });

  test.each([
    'http://evil.test/',
    'http://shop.test:81/',
    'https://shop.test/',
    '//evil.test/x',
    'http://shop.test@evil.test/',
    'http://user@shop.test/x',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'http://[',
  ])('does not follow to %s', async (location) => {
    expect(await follow([location])).toEqual({ seen: ['GET http://shop.test/things/1'], status: 302 });
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('does not follow a redirect of %s', async (method) => {
    expect((await follow(['/b'], { method }, 307)).seen.length).toBe(1);
  });

  test('does not follow other answers that have a location', async () => {
    expect(await follow(['/b'], {}, 201)).toMatchObject({ status: 201 });
    expect(await follow(['/b'], {}, 304)).toMatchObject({ status: 304 });
  });

  test('makes at most three hops, and gives the redirect that is one too many', async () => {
    const { seen, status } = await follow(['/a', '/b', '/a', '/b', '/a', '/b']);
    expect(seen.length).toBe(4);
    expect(status).toBe(302);
  });
});
