import { describe, expect, it } from 'vitest';
import type { AuthInput } from '../../src/auth/config-schema.ts';
import { apiOrigins } from '../../src/call/api-origins.ts';
import type { Exchange } from '../../src/call/execute.ts';
import { createAuthorizer, createIdentityOf, describeAuth } from '../../src/call/middleware/authorize.ts';
import type { RawResponse } from '../../src/call/types.ts';
import type { SecurityScheme } from '../../src/operation/security-schemes.ts';
import { api, authFor, exchangeFor, ORIGIN, refusal, security, toolFor } from './setup.ts';

const SCHEMES: { [name: string]: SecurityScheme } = {
  bearer: { kind: 'bearer' },
  qkey: { kind: 'apiKey', in: 'query', name: 'api_key' },
  basic: { kind: 'basic' },
};
const CANARY = 'authorize-canary-4410';

/** Answers one status after the other, and keeps what it was sent. */
function upstream(...statuses: number[]) {
  const sent: Exchange[] = [];
  const next = async (exchange: Exchange): Promise<RawResponse> => {
    sent.push(exchange);
    return { status: statuses[sent.length - 1] ?? 200, statusText: '', headers: {}, body: new Uint8Array() };
  };
  return { sent, next };
}

function authWith(auth: AuthInput, environment: { [name: string]: string } = {}, outputs: string[] = []) {
  return authFor(api({ schemes: SCHEMES, auth }), {
    environment,
    runCommand: async () => outputs.shift() ?? 'nothing-more',
  });
}

describe('authorize', () => {
  it('adds the credential last and names whose it is', async () => {
    const { sent, next } = upstream();
    const send = createAuthorizer({ auth: authWith({ bearer: { token: CANARY } }) })(next);
    await send(exchangeFor(toolFor(security('bearer')), { headers: [['accept', '*/*']] }));
    expect(sent[0]?.plan.headers).toEqual([
      ['accept', '*/*'],
      ['Authorization', `Bearer ${CANARY}`],
    ]);
    expect(sent[0]?.credentialKey).toMatch(/^[0-9a-f]{16}$/);
    expect(sent[0]?.credentialKey).not.toContain(CANARY);
  });

  it('sends nothing and names nobody where nothing is asked for', async () => {
    const { sent, next } = upstream();
    await createAuthorizer({ auth: authWith({ bearer: { token: CANARY } }) })(next)(exchangeFor(toolFor([])));
    expect(sent[0]?.plan.headers).toEqual([]);
    expect(sent[0]?.credentialKey).toBeUndefined();
  });

  it('refuses to send a credential to another origin', async () => {
    const { sent, next } = upstream();
    const send = createAuthorizer({ auth: authWith({ bearer: { token: CANARY } }) })(next);
    const error = await refusal(send(exchangeFor(toolFor(security('bearer')), { url: 'https://evil.example/x' })));
    expect(error).toMatchObject({ code: 'CREDENTIAL_REFUSED' });
    expect(error.message + error.hint).not.toContain(CANARY);
    expect(sent).toEqual([]);
  });

  it('renews and tries once more after a 401, and gives the second answer whatever it is', async () => {
    const { sent, next } = upstream(401, 401, 200);
    const auth = authWith({ bearer: { command: ['x'] } }, {}, ['first', 'second', 'third']);
    const response = await createAuthorizer({ auth })(next)(
      exchangeFor(toolFor(security('bearer')), { method: 'POST' }),
    );
    expect(response.status).toBe(401);
    expect(sent.map(({ plan }) => plan.headers[0]?.[1])).toEqual(['Bearer first', 'Bearer second']);
  });

  it('returns a 401 as it is when there is nothing to renew', async () => {
    const { sent, next } = upstream(401);
    const response = await createAuthorizer({ auth: authWith({ bearer: { token: 'T1' } }) })(next)(
      exchangeFor(toolFor(security('bearer'))),
    );
    expect([response.status, sent.length]).toEqual([401, 1]);
  });

  it('refuses without a credential, before anything is sent', async () => {
    const { sent, next } = upstream();
    expect(
      await refusal(createAuthorizer({ auth: authWith({}) })(next)(exchangeFor(toolFor(security('bearer'))))),
    ).toMatchObject({
      code: 'CREDENTIAL_MISSING',
    });
    expect(sent).toEqual([]);
  });

  it.each([
    [200, 200],
    [404, 404],
    [401, 'CREDENTIAL_MISSING'],
    [403, 'CREDENTIAL_MISSING'],
  ])('may try without, and then takes %d for %s', async (status, outcome) => {
    const send = createAuthorizer({ auth: authWith({}), missing: 'try' })(upstream(status).next);
    const result = await send(exchangeFor(toolFor(security('bearer')))).then(
      (answer) => answer.status,
      (error) => error.code,
    );
    expect(result).toBe(outcome);
  });

  it('does not try a write without', async () => {
    const { sent, next } = upstream();
    const send = createAuthorizer({ auth: authWith({}), missing: 'try' })(next);
    expect(await refusal(send(exchangeFor(toolFor(security('bearer')), { method: 'POST' })))).toMatchObject({
      code: 'CREDENTIAL_MISSING',
    });
    expect(sent).toEqual([]);
  });

  it('leaves a call that ends while a command runs', async () => {
    const controller = new AbortController();
    const auth = authFor(api({ schemes: SCHEMES, auth: { bearer: { command: ['x'] } } }), {
      runCommand: () => new Promise(() => controller.abort()),
    });
    const { sent, next } = upstream();
    const exchange = { ...exchangeFor(toolFor(security('bearer'))), signal: controller.signal };
    expect(await refusal(createAuthorizer({ auth })(next)(exchange))).toMatchObject({ name: 'NetError', sent: false });
    expect(sent).toEqual([]);
  });

  it('tells a cache whose credential it will be', async () => {
    const { sent, next } = upstream();
    const auth = authWith({ bearer: { token: 'T1' } });
    const exchange = exchangeFor(toolFor(security('bearer')));
    const identity = await createIdentityOf(auth)(exchange);
    await createAuthorizer({ auth })(next)(exchange);
    expect(identity).toBe(sent[0]?.credentialKey);
    expect(await createIdentityOf(auth)(exchangeFor(toolFor(security('basic'))))).toBe('');
  });
});

describe('a dry run', () => {
  it.each<[string, string[], AuthInput, { headers?: string[]; url?: string }]>([
    ['a bearer token', ['bearer'], { bearer: { token: CANARY } }, { headers: ['Authorization: Bearer ***'] }],
    ['user and password', ['basic'], { basic: { basic: `u:${CANARY}` } }, { headers: ['Authorization: Basic ***'] }],
    ['a query key', ['qkey'], { qkey: { apiKey: CANARY } }, { url: `${ORIGIN}/v1/x?api_key=***` }],
    [
      'a command that is not run',
      ['bearer'],
      { bearer: { command: ['x'] } },
      { headers: ['Authorization: Bearer ***'] },
    ],
    ['extra headers', ['bearer'], { bearer: { headers: { 'X-Tenant': CANARY } } }, { headers: ['X-Tenant: ***'] }],
  ])('masks %s', async (_, asked, auth, expected) => {
    const served = authFor(api({ schemes: SCHEMES, auth }));
    const { plan } = exchangeFor(toolFor([]));
    const described = await describeAuth(served, toolFor(security(...asked)), plan);
    expect(described.problem).toBeUndefined();
    expect(described.plan.url).toBe(expected.url ?? plan.url);
    expect(described.plan.headers.map(([name, value]) => `${name}: ${value}`)).toEqual(expected.headers ?? []);
    expect(JSON.stringify(described)).not.toContain(CANARY);
  });

  it('says what is missing', async () => {
    const described = await describeAuth(
      authFor(api({ schemes: SCHEMES })),
      toolFor(security('bearer')),
      exchangeFor(toolFor([])).plan,
    );
    expect(described.problem).toMatchObject({
      code: 'CREDENTIAL_MISSING',
      hint: expect.stringContaining('PETS_BEARER'),
    });
  });
});

describe('where an API is', () => {
  const server = (url: string, variables = {}) => ({ url, variables });
  it.each([
    [
      'its servers',
      [server('https://a.example/v1'), server('https://a.example/v2'), server('https://b.example:8443')],
      {},
      ['https://a.example', 'https://b.example:8443'],
    ],
    ['the base URL alone', [server('https://a.example')], { baseUrl: 'http://127.0.0.1:9/x' }, ['http://127.0.0.1:9']],
    [
      "by the operator's variables",
      [server('https://{r}.example', { r: { default: 'eu' } })],
      { variables: { r: 'us' } },
      ['https://us.example'],
    ],
    ['nowhere, when nothing says it', [server('/v1'), server('https://{r}.example')], {}, []],
  ])('is %s', (_, servers, choice, origins) => {
    expect(apiOrigins(servers, { variables: {}, ...choice })).toEqual(origins);
  });
});
