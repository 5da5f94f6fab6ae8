import { describe, expect, it } from 'vitest';
import { originsOfConfig, readAuthConfig } from '../../src/auth/config.ts';
import { authSchema } from '../../src/auth/config-schema.ts';
import { readManifestAuth } from '../../src/auth/gpt-record.ts';
import { placementOf } from '../../src/auth/placement.ts';
import { createMasker, MASK } from '../../src/secrets.ts';

const CANARY = 'config-canary-0c55';
const read = (auth: unknown, environment = {}) =>
  readAuthConfig(authSchema.parse(auth), 'file.yaml: apis.pets.auth', environment);

describe('auth in the config', () => {
  it.each<[unknown, object]>([
    [{ s: { token: 't' } }, { credential: { kind: 'token', source: { from: 'value', value: 't' } }, perUser: false }],
    [
      { s: { apiKey: 'k', in: 'query', name: 'key' } },
      { credential: { kind: 'apiKey' }, placement: { in: 'query', name: 'key' } },
    ],
    [{ s: { basic: 'u:p' } }, { credential: { kind: 'pair', bare: 'user' } }],
    [{ s: { username: 'u', password: 'p' } }, { credential: { kind: 'basic' } }],
    [{ s: { env: 'X' } }, { credential: { kind: 'token', source: { from: 'environment', name: 'X' } } }],
    [{ s: { command: ['op', 'read'] } }, { credential: { source: { from: 'command', argv: ['op', 'read'] } } }],
    [{ s: { none: true } }, { credential: { kind: 'none' } }],
    [{ s: { headers: { 'X-A': 'b' } } }, { credential: { kind: 'extras' }, headers: [['X-A', 'b']] }],
    [{ s: { prefix: 'Token' } }, { credential: { kind: 'documented' }, placement: { prefix: 'Token' } }],
    [{ s: { token: 't', origins: ['https://a.example/x'] } }, { origins: ['https://a.example'] }],
    [
      { s: { certificate: { cert: 'c.pem', key: 'k.pem' } } },
      { credential: { kind: 'certificate', files: { cert: 'c.pem', key: 'k.pem' } } },
    ],
    [
      { s: { oauth: { clientId: 'c', scopes: ['a'] } } },
      { credential: { kind: 'oauth', oauth: { clientId: 'c', scopes: ['a'], tokenRequest: 'form', trusted: true } } },
    ],
  ])('reads %j', (auth, expected) => {
    expect(read(auth)['s']).toMatchObject(expected);
  });

  it.each<[string, unknown, RegExp]>([
    ['an unknown key', { s: { tokn: 't' } }, /tokn/],
    ['two credentials', { s: { token: 't', basic: 'u:p' } }, /one of token and basic/],
    ['a user without a password', { s: { username: 'u' } }, /belong together/],
    ['a colon in a user name', { s: { username: 'a:b', password: 'p' } }, /colon/],
    ['a query key without a name', { s: { token: 't', in: 'query' } }, /needs a name/],
    ['a header that is none', { s: { token: 't', name: 'X Y' } }, /no name of a header/],
    ['an empty token', { s: { token: '' } }, /s/],
    ['a record without its type', { s: { api_key: 'k' } }, /say its type/],
    ['a record and a token', { s: { type: 'service_http', token: 't' } }, /one of token and type/],
    ['a URL that is none', { s: { oauth: { tokenUrl: 'auth/token' } } }, /tokenUrl/],
  ])('refuses %s and names it', (_, auth, message) => {
    const parsed = authSchema.safeParse(auth);
    expect(parsed.success).toBe(false);
    expect(parsed.error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join()).toMatch(message);
  });

  it('fills in variables, and masks what they hold', () => {
    const config = read(
      { s: { token: 'x-${TOKEN}' }, b: { username: '${USER_NAME}', password: '${TOKEN}' } },
      { TOKEN: CANARY, USER_NAME: 'config-user' },
    );
    expect(config['s']).toMatchObject({ credential: { source: { value: `x-${CANARY}` } } });
    expect(createMasker().mask(`${CANARY} config-user`)).toBe(`${MASK} config-user`);
  });

  it('names a variable that is not set, and where it is wanted', () => {
    expect(() => read({ s: { oauth: { clientId: 'c', clientSecret: '${NOPE}' } } })).toThrowError(
      'file.yaml: apis.pets.auth.s.oauth.clientSecret: ${NOPE} is not set in the environment',
    );
  });

  it('names the origins the operator stands behind', () => {
    const config = read({
      a: { oauth: { issuer: 'https://i.example/x', tokenUrl: 'https://t.example/token' } },
      b: { token: 't', origins: ['https://o.example'] },
    });
    expect(originsOfConfig(config)).toEqual(['https://i.example', 'https://t.example', 'https://o.example']);
  });
});

const OAUTH = {
  type: 'oauth',
  client_url: 'https://a.example/authorize',
  authorization_url: 'https://a.example/token',
  scope: 'read write',
};

describe('a GPT Action record', () => {
  it.each<[string, object, object]>([
    ['none', { type: 'none' }, { credential: { kind: 'none' } }],
    [
      'a bearer key',
      { type: 'service_http', authorization_type: 'bearer', api_key: 'k' },
      { credential: { kind: 'token' }, placement: { prefix: 'Bearer' }, perUser: false },
    ],
    ['a key of each user', { type: 'user_http', authorization_type: 'bearer', api_key: 'k' }, { perUser: true }],
    [
      'a custom header',
      { type: 'service_http', authorization_type: 'custom', custom_auth_header: 'X-Api-Key', api_key: 'k' },
      { placement: { in: 'header', name: 'X-Api-Key', prefix: '' } },
    ],
    [
      'a basic key',
      { type: 'service_http', authorization_type: 'basic', api_key: 'dTpw' },
      { credential: { kind: 'pair', bare: 'as-is' } },
    ],
    [
      'OAuth, whose authorization_url is the token endpoint',
      OAUTH,
      {
        credential: {
          oauth: {
            authorizationUrl: 'https://a.example/authorize',
            tokenUrl: 'https://a.example/token',
            scopes: ['read', 'write'],
            tokenRequest: 'form',
          },
        },
        perUser: true,
      },
    ],
    [
      'OAuth that says token_url, and means what it says',
      { type: 'oauth', authorization_url: 'https://a.example/authorize', token_url: 'https://a.example/token' },
      {
        credential: { oauth: { authorizationUrl: 'https://a.example/authorize', tokenUrl: 'https://a.example/token' } },
      },
    ],
    [
      'OAuth by post',
      { ...OAUTH, token_exchange_method: 'default_post' },
      { credential: { oauth: { clientAuthentication: 'client_secret_post' } } },
    ],
    [
      'OAuth by basic',
      { ...OAUTH, token_exchange_method: 'basic_auth_header' },
      { credential: { oauth: { clientAuthentication: 'client_secret_basic' } } },
    ],
    [
      'OAuth in JSON',
      { ...OAUTH, authorization_content_type: 'application/json' },
      { credential: { oauth: { tokenRequest: 'json' } } },
    ],
    [
      'an OAuth client',
      { ...OAUTH, oauth_client_id: 'c', oauth_client_secret: 's', pkce_required: true },
      { credential: { oauth: { clientId: 'c', clientSecret: 's', trusted: true } } },
    ],
  ])('is read: %s', (_, record, expected) => {
    expect(read({ default: record })['default']).toMatchObject(expected);
  });

  it('needs the name of a custom header', () => {
    expect(() => read({ default: { type: 'service_http', authorization_type: 'custom', api_key: 'k' } })).toThrowError(
      /apis\.pets\.auth\.default\.custom_auth_header/,
    );
  });
});

describe('the auth of a plugin manifest', () => {
  it('leaves the key to the documented variables', () => {
    const entry = readManifestAuth(
      { type: 'service_http', authorization_type: 'bearer', verification_tokens: { openai: 'x' } },
      'ai-plugin.json: auth',
    );
    expect(entry).toMatchObject({ credential: { kind: 'documented' }, perUser: false });
    expect(placementOf(undefined, entry)).toEqual({ kind: 'header', name: 'Authorization', prefix: 'Bearer' });
  });

  it('may not choose who gets a secret, nor bring one', () => {
    const entry = readManifestAuth(
      { ...OAUTH, oauth_client_secret: 'theirs', client_url: 'e.g. https://<your domain>/' },
      'm: auth',
    );
    expect(entry).toMatchObject({ credential: { oauth: { trusted: false, tokenUrl: 'https://a.example/token' } } });
    expect(JSON.stringify(entry)).not.toMatch(/theirs|your domain/);
    expect(originsOfConfig({ default: entry })).toEqual([]);
  });

  it('is refused by name when it is of no known type', () => {
    expect(() => readManifestAuth({ type: 'saml' }, 'ai-plugin.json: auth')).toThrowError(
      /ai-plugin\.json: auth\.type/,
    );
    expect(() => readManifestAuth(undefined, 'ai-plugin.json: auth')).toThrowError(/ai-plugin\.json: auth\.type/);
  });
});
