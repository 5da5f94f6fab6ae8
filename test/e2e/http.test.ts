import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type RunningBridge, repositoryFile, runBridge, startBridge } from '../support/bridge-process.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api.ts';

const SPEC = repositoryFile('test/fixtures/items.yaml');

let api: FakeApi | undefined;
let bridge: RunningBridge | undefined;
afterEach(async () => {
  await bridge?.stop('SIGKILL');
  await api?.close();
  bridge = api = undefined;
});

/** One call as plain HTTP; the status, and the body as text. */
async function post(tool: string, args: unknown, token: string) {
  const response = await fetch(`${bridge!.url}/api/${tool}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(args),
  });
  return { status: response.status, text: await response.text() };
}

async function statusOf(path: string, token?: string): Promise<number> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return (await fetch(bridge!.url + path, { headers })).status;
}

describe('serve --http', () => {
  it('makes a token, says it once on stderr, and asks for it', async () => {
    bridge = await startBridge([SPEC, '--http', '0', '--token', 'chosen-token-0123456789']);
    expect(bridge.stderr()).not.toContain('chosen-token');
    expect(await statusOf('/v1/tools', 'chosen-token-0123456789')).toBe(200);
    await bridge.stop();
    bridge = await startBridge([SPEC, '--http', '127.0.0.1:0'], { generateToken: true });
    const [, token] = /^Token: (\S{43})$/m.exec(bridge.stderr()) ?? [];
    expect(await statusOf('/v1/tools')).toBe(401);
    expect(await statusOf('/v1/tools', token)).toBe(200);
  });

  it('takes the token from the environment', async () => {
    bridge = await startBridge([SPEC], { generateToken: true, env: { ACTIONBRIDGE_TOKEN: 'from-the-environment-1' } });
    expect(bridge.stderr()).not.toContain('Token:');
    expect(await statusOf('/v1/tools', 'from-the-environment-1')).toBe(200);
  });

  it('asks for none with --no-auth', async () => {
    bridge = await startBridge([SPEC, '--no-auth']);
    expect(await statusOf('/v1/tools')).toBe(200);
  });

  it.each([
    { words: ['--http', '0.0.0.0:0', '--no-auth'], names: /0\.0\.0\.0 is not loopback/ },
    { words: ['--http', 'nowhere'], names: /--http "nowhere" needs the form/ },
    { words: ['--http', '127.0.0.1:99999'], names: /needs the form/ },
    { words: ['--http', '0', '--token', 'short'], names: /shorter than 16/ },
    { words: ['--http', '0', '--token', 'x'.repeat(20), '--no-auth'], names: /exclude each other/ },
    { words: ['--token', 'x'.repeat(20)], names: /only with --http/ },
    { words: ['--http', '192.0.2.1:0'], names: /Cannot listen on 192\.0\.2\.1:0/ },
  ])('refuses $words with exit code 2', async ({ words, names }) => {
    const { code, stderr, stdout } = await runBridge([SPEC, ...words]);
    expect(stderr).toMatch(names);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect([code, stdout]).toEqual([2, '']);
  });

  it('ends with code 0 at SIGTERM, and lets a call under way come to its end', async () => {
    api = await startFakeApi();
    bridge = await startBridge([`items=${SPEC}`, '--base-url', `${api.url}/v1`]);
    let finish = () => {};
    api.answer({ after: new Promise<void>((resolve) => (finish = resolve)), json: { id: '1' } });
    const call = post('getItem', { id: '1' }, bridge.token);
    await api.nextRequest();
    const ended = bridge.stop('SIGTERM');
    while (
      await statusOf('/healthz').then(
        () => true,
        () => false,
      )
    );
    finish();
    expect(await call).toEqual({ status: 200, text: '{"id":"1"}' });
    expect((await ended).code).toBe(0);
  });

  it('takes a document from standard input', async () => {
    const { code, stderr } = await runBridge(['-', '--http', '192.0.2.1:0'], { stdin: readFileSync(SPEC, 'utf8') });
    expect([code, stderr]).toEqual([2, expect.stringContaining('Cannot listen')]);
  });
});

describe('the config file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'actionbridge-test-'));
  const write = (http: string, more = '') => {
    const file = join(folder, 'actionbridge.yaml');
    writeFileSync(
      file,
      `apis: { items: { spec: ${SPEC}, baseUrl: '${api?.url ?? 'https://x.example'}/v1' } }\n${more}http:\n${http}`,
    );
    return ['--config', file];
  };

  it('says who may do what, and what is refused is on record', async () => {
    api = await startFakeApi({ json: [] });
    const audit = join(folder, 'audit.jsonl');
    const words = write(
      `  port: 0
  tokens:
    - { token: "\${READER}", principal: reader, readOnly: true }
    - { token: "\${HASTY}", principal: hasty, tools: ['*Items'], rate: { calls: 1, seconds: 60 } }
`,
      `audit: { file: ${audit} }\n`,
    );
    const env = { READER: 'token-of-the-reader-01234', HASTY: 'token-of-the-hasty-012345' };
    bridge = await startBridge(words, { env, generateToken: true, withoutPort: true });
    expect((await post('listItems', {}, env.READER)).status).toBe(200);
    expect((await post('deleteItem', { id: '1' }, env.READER)).status).toBe(403);
    expect((await post('listItems', {}, env.HASTY)).status).toBe(200);
    expect((await post('listItems', {}, env.HASTY)).status).toBe(429);
    expect(await statusOf('/v1/tools', bridge.token)).toBe(401);
    await bridge.stop();
    const records = readFileSync(audit, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(records.filter(({ event }) => event === 'refused')).toMatchObject([
      { principal: 'reader', tool: 'deleteItem', surface: 'api', result: 'refused' },
      { principal: 'hasty', tool: 'listItems', surface: 'api', result: 'rate_limited' },
    ]);
    expect(readFileSync(audit, 'utf8')).not.toContain(env.READER);
  });

  it.each([
    { http: '  prot: 1\n', names: /http: Unrecognized key: "prot"/ },
    { http: '  port: 70000\n', names: /http\.port/ },
    {
      http: '  tokens: [{ token: "${NOT_SET_AT_ALL}" }]\n',
      names: /http\.tokens\.0\.token: \$\{NOT_SET_AT_ALL\} is not set/,
    },
    { http: '  port: 0\n  oauth: { issuer: "https://id.example" }\n', names: /http\.oauth\.audience is missing/ },
    { http: '  port: 0\n  host: 0.0.0.0\n  auth: none\n', names: /not loopback/ },
    { http: '  port: 0\n  auth: none\n  tokens: [{ token: "0123456789abcdef" }]\n', names: /none is to be asked for/ },
    { http: '  port: 0\n  tls: { cert: /nowhere.pem, key: /nowhere.pem }\n', names: /TLS files/ },
  ])('is refused when it says $http', async ({ http, names }) => {
    const { code, stderr } = await runBridge(write(http));
    expect(stderr).toMatch(names);
    expect(code).toBe(2);
  });
});
