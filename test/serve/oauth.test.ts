import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTokenVerifier } from '../../src/serve/oauth-resource.ts';
import { type Served, serveItems, stateless, TOKEN } from './support.ts';

const AUDIENCE = 'https://tools.example/mcp';

/** An authorization server: metadata and keys, on a real socket. */
async function startIssuer() {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
  let up = true;
  const server = createServer((request, response) => {
    if (!up) return void response.writeHead(503).end();
    const body =
      request.url === '/.well-known/openid-configuration'
        ? { issuer: url(), jwks_uri: `${url()}/keys` }
        : request.url === '/keys'
          ? { keys: [jwk] }
          : undefined;
    response.writeHead(body ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url(),
    privateKey,
    turn: (on: boolean) => {
      up = on;
    },
    close: () => server.close(),
  };
}

type Claims = { readonly [claim: string]: unknown };

describe('a listener that is an OAuth resource server', () => {
  let issuer: Awaited<ReturnType<typeof startIssuer>>;
  let served: Served;
  beforeAll(async () => {
    issuer = await startIssuer();
    const oauth = { issuer: issuer.url, audience: AUDIENCE, scopes: ['tools'], readOnly: true };
    served = await serveItems({
      verifier: createTokenVerifier(oauth, (url, init) => fetch(url, init as RequestInit)),
      config: { oauth, publicUrl: 'https://tools.example' },
    });
  });
  afterAll(async () => {
    await served.close();
    issuer.close();
  });

  async function token(claims: Claims = {}, key = issuer.privateKey): Promise<string> {
    const given = {
      iss: issuer.url,
      aud: AUDIENCE,
      sub: 'ann',
      scope: 'tools more',
      exp: Date.now() / 1000 + 60,
      ...claims,
    };
    const kept = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    return new SignJWT(kept).setProtectedHeader({ alg: 'ES256', kid: 'k1' }).sign(key);
  }

  const list = (bearer: string) => {
    const request = stateless('tools/list');
    return served.send({
      ...request,
      headers: { ...request.headers, authorization: bearer === '' ? '' : `Bearer ${bearer}` },
    });
  };

  it.each([
    { what: 'a good token', claims: {}, status: 200 },
    { what: 'scopes as a list', claims: { scope: undefined, scp: ['tools'] }, status: 200 },
    { what: 'another audience', claims: { aud: 'https://other.example/mcp' }, status: 401, error: 'invalid_token' },
    { what: 'another issuer', claims: { iss: 'https://other.example' }, status: 401, error: 'invalid_token' },
    { what: 'an expired token', claims: { exp: 1_000_000 }, status: 401, error: 'invalid_token' },
    { what: 'a token of the future', claims: { nbf: 9_999_999_999 }, status: 401, error: 'invalid_token' },
    { what: 'a token without end', claims: { exp: undefined }, status: 401, error: 'invalid_token' },
    { what: 'a token without subject', claims: { sub: undefined }, status: 401, error: 'invalid_token' },
    { what: 'a missing scope', claims: { scope: 'more' }, status: 403, error: 'insufficient_scope' },
  ])('answers $status to $what', async ({ claims, status, error }) => {
    const answer = await list(await token(claims));
    expect(answer.status).toBe(status);
    if (error !== undefined) expect(answer.headers['www-authenticate']).toContain(`error="${error}"`);
  });

  it('refuses a token that another key signed', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    expect((await list(await token({}, privateKey))).status).toBe(401);
  });

  it.each(['a.b.c', `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`])('refuses %s', async (made) => {
    expect((await list(made)).status).toBe(401);
  });

  it('gives those who sign in only what the config allows them', async () => {
    const answer = await list(await token());
    const { result } = JSON.parse(answer.text) as { result: { tools: { name: string }[] } };
    expect(result.tools.map(({ name }) => name)).toEqual(['listItems', 'getItem']);
  });

  it('takes its own tokens as well', async () => {
    expect((await list(TOKEN)).status).toBe(200);
  });

  it('tells whoever comes without a token where to sign in', async () => {
    const answer = await list('');
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe(
      'Bearer realm="actionbridge", scope="tools", resource_metadata="https://tools.example/.well-known/oauth-protected-resource/mcp"',
    );
    for (const path of ['/.well-known/oauth-protected-resource/mcp', '/.well-known/oauth-protected-resource']) {
      const metadata = await served.send({ path, headers: { authorization: '' } });
      expect(JSON.parse(metadata.text)).toEqual({
        resource: AUDIENCE,
        authorization_servers: [issuer.url],
        bearer_methods_supported: ['header'],
        scopes_supported: ['tools'],
      });
    }
  });

  it('answers 503 while the issuer cannot be asked, and goes on with what it knows', async () => {
    const known = await token({ sub: 'known' });
    expect((await list(known)).status).toBe(200);
    const cold = await serveItems({
      verifier: createTokenVerifier({ issuer: issuer.url, audience: AUDIENCE }, (url, init) =>
        fetch(url, init as RequestInit),
      ),
      config: { oauth: { issuer: issuer.url, audience: AUDIENCE } },
    });
    issuer.turn(false);
    expect((await list(known)).status).toBe(200);
    const request = stateless('tools/list');
    const asked = { ...request, headers: { ...request.headers, authorization: `Bearer ${await token()}` } };
    const answer = await cold.send(asked);
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('5');
    issuer.turn(true);
    expect((await cold.send(asked)).status).toBe(200);
    await cold.close();
  });
});
