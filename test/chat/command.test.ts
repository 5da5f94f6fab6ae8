import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeApi, startFakeApi } from '../support/fake-api.ts';
import { say } from './model-turns.ts';
import { type ScriptedUpstream, startScriptedUpstream } from './scripted-upstream.ts';
import { transcriptOf } from './transcript.ts';

let model: ScriptedUpstream;
let api: FakeApi;
beforeAll(async () => {
  model = await startScriptedUpstream();
  api = await startFakeApi({ json: { temperature: 21.4 } });
});
afterAll(async () => {
  await model.close();
  await api.close();
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command as it is shipped. `input` is piped in. */
async function run(words: readonly string[], input = ''): Promise<Ended> {
  const environment = { ...process.env, ACTIONBRIDGE_UPSTREAM_KEY: 'sk-from-the-environment' };
  const child = spawn(process.execPath, ['dist/actionbridge.mjs', ...words], { env: environment });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (err += chunk));
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out, err };
}

const WEATHER = { calls: [{ name: 'get_weather', args: { city: 'Lisbon' } }] };

describe('actionbridge chat', () => {
  const own = () => ['chat', 'specs/weather.yaml', '--base-url', api.url, '--upstream', model.url, '--no-cache-tools'];

  it('answers one message with the tools of a document', async () => {
    model.play(say(WEATHER, 'responses', true), say({ text: 'It is 21.4 degrees.' }, 'responses', true));
    const { code, out, err } = await run([
      ...own(),
      '--model',
      'm',
      '--message',
      'Weather in Lisbon?',
      '--system',
      'Be short.',
    ]);
    expect({ code, out }).toEqual({ code: 0, out: 'It is 21.4 degrees.\n' });
    expect(err).toContain('→ get_weather({"city":"Lisbon"}) = {"temperature":21.4}');
    expect(model.requests[0]!.headers.authorization).toBe('Bearer sk-from-the-environment');
    expect(model.requests[0]!.body.instructions).toBe('Be short.');
  });

  it('keeps a conversation, and begins anew when told', async () => {
    model.play(...['One.', 'Two.', 'Three.'].map((text) => say({ text }, 'responses', true)));
    const { code, out } = await run([...own(), '--model', 'm'], 'first\nsecond\n/new\nthird\n/exit\n');
    expect({ code, out }).toEqual({ code: 0, out: 'One.\nTwo.\nThree.\n' });
    expect(transcriptOf(model.requests[1]!)).toEqual([
      ['user', 'first'],
      ['assistant', 'One.'],
      ['user', 'second'],
    ]);
    expect(transcriptOf(model.requests[2]!)).toEqual([['user', 'third']]);
  });

  it('asks before a call with consequences', async () => {
    for (const { answer, requests } of [
      { answer: 'y', requests: 1 },
      { answer: 'n', requests: 0 },
    ]) {
      const before = api.requests.length;
      model.play(
        say({ calls: [{ name: 'addOrder', args: { item: 'tea' } }] }, 'responses', true),
        say({ text: 'Well.' }, 'responses', true),
      );
      const words = ['chat', 'test/fixtures/shop.yaml', '--base-url', api.url, '--upstream', model.url, '--model', 'm'];
      const { code, out } = await run(words, `Order tea\n${answer}\n`);
      expect(code).toBe(0);
      expect(out).toContain('POST http://127.0.0.1');
      expect(out).toMatch(/Well\.\n$/);
      expect(api.requests.length - before).toBe(requests);
    }
  });

  it('takes the only model of a provider, and names them where there are more', async () => {
    model.play({ json: { data: [{ id: 'tiny' }] } }, say({ text: 'Hi.' }, 'responses', true));
    expect((await run([...own(), '--message', 'hi'])).out).toBe('Hi.\n');
    model.play({ json: { data: [{ id: 'tiny' }, { id: 'huge' }] } });
    const { code, err } = await run([...own(), '--message', 'hi']);
    expect(code).toBe(2);
    expect(err).toContain('There are tiny, huge');
  });

  it.each([
    { words: ['chat', 'specs/weather.yaml', '--model', 'm'], says: 'No model provider was given' },
    {
      words: ['chat', 'specs/weather.yaml', '--upstream', 'openai'],
      says: '--upstream "openai" is not an http(s) URL',
    },
    {
      words: ['chat', 'specs/weather.yaml', '--proxy', 'http://127.0.0.1:1/v1'],
      says: '--proxy names a proxy that has its own documents',
    },
    { words: ['chat', '--proxy', 'nowhere'], says: '--proxy "nowhere" is not an http(s) URL' },
    { words: ['serve', 'specs/weather.yaml', '--upstream', 'http://127.0.0.1:1/v1'], says: '--upstream needs --http' },
  ])('says what is missing: $says', async ({ words, says }) => {
    const { code, err } = await run(words);
    expect(code).toBe(2);
    expect(err).toContain(says);
  });

  it('tells a refusal of the provider', async () => {
    model.play({
      status: 401,
      json: {
        error: { message: 'Incorrect API key provided', type: 'invalid_request_error', code: 'invalid_api_key' },
      },
    });
    const { code, err } = await run([...own(), '--model', 'm', '--message', 'hi']);
    expect(code).toBe(1);
    expect(err).toContain('Incorrect API key provided');
  });
});

it('serves the proxy from a config file, and chats with it', async () => {
  const { mkdtempSync, writeFileSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  const { join, resolve } = await import('node:path');
  const config = join(mkdtempSync(join(tmpdir(), 'actionbridge-chat-')), 'actionbridge.yaml');
  writeFileSync(
    config,
    `apis: { weather: { spec: ${resolve('specs/weather.yaml')}, baseUrl: ${api.url} } }
proxy: { upstream: { baseUrl: ${model.url}, apiKey: "\${ACTIONBRIDGE_UPSTREAM_KEY}" }, tools: [get_weather], limits: { rounds: 2 } }
`,
  );
  const token = 'a-token-of-this-test-0123456789';
  const child = spawn(
    process.execPath,
    ['dist/actionbridge.mjs', '--config', config, '--http', '0', '--token', token],
    {
      env: { ...process.env, ACTIONBRIDGE_UPSTREAM_KEY: 'sk-of-the-config' },
    },
  );
  let err = '';
  const base = await new Promise<string>((found) =>
    child.stderr.on('data', (chunk) => {
      err += chunk;
      const url = /base URL (\S+)/.exec(err)?.[1];
      if (url) found(url);
    }),
  );
  model.play(say(WEATHER, 'responses', true), say({ text: 'Warm.' }, 'responses', true));
  const { code, out } = await run(['chat', '--proxy', base, '--token', token, '--model', 'm', '--message', 'Weather?']);
  expect({ code, out }).toEqual({ code: 0, out: 'Warm.\n' });
  expect(model.requests[0]!.headers.authorization).toBe('Bearer sk-of-the-config');
  expect(model.requests[0]!.body.tools.map(({ name }: { name: string }) => name)).toEqual(['get_weather']);
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  await ended;
  expect(err).not.toContain('sk-of-the-config');
});
