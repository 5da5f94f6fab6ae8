import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCommandOutput } from '../../src/auth/command-output.ts';
import { readEnvFiles } from '../../src/auth/env-file.ts';
import { describeWanted, formatWanted } from '../../src/auth/wanted.ts';
import type { SecurityScheme } from '../../src/operation/security-schemes.ts';
import { api, refusal, security, toolFor } from './setup.ts';

const CANARY = 'source-canary-e7';
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'actionbridge-sources-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const node = (script: string) => [process.execPath, '-e', script];

describe('a command', () => {
  it('gives what it prints, without the line end', async () => {
    expect(await readCommandOutput(node(`console.log('${CANARY}')`))).toBe(CANARY);
  });

  it('is not read by a shell', async () => {
    expect(await readCommandOutput([process.execPath, '-p', 'process.argv[1]', '$(echo x); `y`'])).toBe(
      '$(echo x); `y`',
    );
  });

  it.each<[string, readonly string[], RegExp]>([
    ['that fails', node(`console.log('${CANARY}'); process.exit(3)`), /ended with code 3/],
    ['that prints nothing', node(''), /printed nothing/],
    ['that does not end', node('setInterval(() => {}, 1000)'), /did not end within 0\.5 s/],
    ['that prints too much', node(`for (;;) process.stdout.write('${CANARY}'.repeat(1000))`), /more than 64 KiB/],
    ['that is not there', ['/nowhere/at-all'], /could not be run \(ENOENT\)/],
  ])('%s is named, and nothing of what it says is shown', async (_, argv, message) => {
    const ends = !argv.some((word) => word.includes('setInterval'));
    const error = await refusal(readCommandOutput(argv, ends ? {} : { timeoutMs: 500 }));
    expect(error).toMatchObject({ code: 'CREDENTIAL_MISSING', message: expect.stringMatching(message) });
    expect(error.message + error.hint).not.toContain(CANARY);
  });
});

describe('an env file', () => {
  const write = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  it('stands under the environment, a later one over an earlier one', () => {
    const files = [write('a', 'A=1\nB="two words" # note\nC=3'), write('b', 'C=4\nexport D=5')];
    expect(readEnvFiles(files, { A: 'own', E: undefined })).toMatchObject({ A: 'own', B: 'two words', C: '4', D: '5' });
  });

  it('that is not there is named', () => {
    expect(() => readEnvFiles(['/nowhere/.env'], {})).toThrowError('--env-file /nowhere/.env: no such file');
  });
});

const SCHEMES: { [name: string]: SecurityScheme } = {
  key: { kind: 'apiKey', in: 'query', name: 'api_key' },
  basic: { kind: 'basic' },
  service: { kind: 'oauth2', flows: { clientCredentials: { tokenUrl: '/t', scopes: {} } } },
  implicit: { kind: 'oauth2', flows: { implicit: { authorizationUrl: '/a', scopes: {} } } },
  password: { kind: 'oauth2', flows: { password: { tokenUrl: '/t', scopes: {} } } },
  tls: { kind: 'mutualTLS' },
  digest: { kind: 'unsupported', type: 'digest', reason: 'Digest is a dialogue' },
  unused: { kind: 'bearer' },
};

describe('what a document wants', () => {
  const wanted = (...requirements: string[][]) =>
    describeWanted(
      api({ schemes: SCHEMES }),
      requirements.map((asked) => toolFor(security(...asked))),
    ).map(formatWanted);

  it.each<[string, string]>([
    [
      'key',
      'pets: key: API key in the query parameter api_key (1 tool, needed): set PETS_KEY, or "auth: { key: { apiKey: … } }" in the config, or run "actionbridge login pets"',
    ],
    [
      'basic',
      'pets: basic: user name and password (1 tool, needed): set PETS_BASIC, or set PETS_BASIC_USERNAME and PETS_BASIC_PASSWORD, or "auth: { basic: { username: …, password: … } }" in the config, or run "actionbridge login pets"',
    ],
    [
      'service',
      'pets: service: OAuth access token (clientCredentials) (1 tool, needed): set PETS_SERVICE, or set PETS_SERVICE_CLIENT_ID and PETS_SERVICE_CLIENT_SECRET, or "auth: { service: { oauth: { clientId: …, clientSecret: … } } }" in the config, or run "actionbridge login pets"',
    ],
    [
      'implicit',
      'pets: implicit: OAuth access token (implicit) (1 tool, needed): the implicit flow hands tokens to whoever reads the address and is not used; give a token; set PETS_IMPLICIT, or "auth: { implicit: { token: … } }" in the config, or run "actionbridge login pets"',
    ],
    [
      'password',
      'pets: password: OAuth access token (password) (1 tool, needed): the password flow hands a person\'s password to programs and is not used; give a token; set PETS_PASSWORD, or "auth: { password: { token: … } }" in the config, or run "actionbridge login pets"',
    ],
    [
      'tls',
      'pets: tls: client certificate (1 tool, needed): "auth: { tls: { certificate: { cert: …, key: … } } }" in the config',
    ],
    [
      'digest',
      'pets: digest: credential of the kind digest (1 tool, needed): Digest is a dialogue; "auth: { digest: { token: … } }" in the config',
    ],
  ])('is said for %s', (scheme, line) => {
    expect(wanted([scheme])).toEqual([line]);
  });

  it('is counted by tools, with its scopes', () => {
    const served = api({ schemes: SCHEMES });
    const tools = [['service:write'], ['service:read', ''], ['key']].map((asked) => toolFor(security(...asked)));
    expect(describeWanted(served, tools)).toMatchObject([
      { scheme: 'service', tools: 2, optional: 1, required: 1, scopes: ['read', 'write'] },
      { scheme: 'key', tools: 1, optional: 0, required: 1 },
    ]);
    expect(wanted(['service', ''], ['service'])[0]).toContain('(2 tools, needed for 1)');
    expect(wanted(['service', 'key'])[0]).toContain('(1 tool, one of several ways)');
    expect(wanted(['', 'key'])[0]).toContain('(1 tool, optional)');
  });

  it('is the default where a document does not speak of security', () => {
    const served = api({ declared: false, auth: { default: { type: 'service_http', authorization_type: 'bearer' } } });
    expect(describeWanted(served, [toolFor([])]).map(formatWanted)).toEqual([
      'pets: default: bearer token (1 tool, needed): set PETS_DEFAULT, or "auth: { default: { token: … } }" in the config, or run "actionbridge login pets"',
    ]);
  });
});
