import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openAuditLog } from '../../src/audit/log.ts';
import { audit } from '../../src/commands/audit.ts';
import { makeEntry, useFolder } from './support.ts';

const folder = useFolder();

/** What the command prints, and its exit code. */
async function run(words: readonly string[], flags: { readonly [name: string]: unknown } = {}) {
  const printed: string[] = [];
  const write = process.stdout.write;
  process.stdout.write = (text: string | Uint8Array) => printed.push(String(text)) > 0;
  try {
    return { code: await audit({ words, flags }), text: printed.join('') };
  } finally {
    process.stdout.write = write;
  }
}

function makeLog(): string {
  const path = join(folder(), 'audit.jsonl');
  const log = openAuditLog({ path });
  const args = { city: 'Oslo' };
  const weather = { api: 'weather', tool: 'get_weather', origin: 'http://127.0.0.1:1', path_template: '/weather' };
  log.write(makeEntry({ ...weather, call: 'a', arguments: args }));
  log.write(makeEntry({ ...weather, call: 'a', event: 'finished', status: 200, result: 'ok', ms: 7, arguments: null }));
  log.write(makeEntry({ call: 'b', event: 'refused', result: 'rate_limited', principal: 'ann' }));
  log.close();
  return path;
}

describe('actionbridge audit', () => {
  test('prints records as text and as JSON lines', async () => {
    const path = makeLog();
    const { code, text } = await run([path]);
    expect(code).toBe(0);
    expect(text.split('\n').map((line) => line.slice(25))).toEqual([
      'started  weather get_weather #1 r-1',
      'finished weather get_weather #1 200 ok 7 ms r-1',
      'refused  shop getThing #1 rate_limited by ann r-1',
      '',
    ]);
    const json = await run([path], { format: 'json', tail: '1' });
    expect(JSON.parse(json.text)).toMatchObject({ seq: 3, result: 'rate_limited' });
  });

  test('filters, sums up and verifies', async () => {
    const path = makeLog();
    expect((await run([path], { tool: 'get_w*', since: '1h' })).text.split('\n').length).toBe(3);
    expect((await run([path], { since: '2999-01-01' })).text).toBe('');
    const summary = (await run([path], { summary: true })).text;
    expect(summary).toMatch(/^api +tool +calls +errors +requests +p50 +p99 +which errors\n/);
    expect(summary).toMatch(/\nshop +getThing +1 +1 +0 +rate_limited 1\n/);
    expect(await run([path], { verify: true })).toEqual({
      code: 0,
      text: '3 records, 0 findings, 0 torn lines, 0 calls open\n',
    });
  });

  test.each<[string, readonly string[], object]>([
    ['no file', [], {}],
    ['a file that is not there', ['/nowhere/audit.jsonl'], {}],
    ['an unknown format', ['LOG'], { format: 'xml' }],
    ['an unknown result', ['LOG'], { result: 'good' }],
    ['a bad count', ['LOG'], { tail: '-1' }],
    ['a bad time', ['LOG'], { since: 'yesterday-ish' }],
  ])('refuses %s', async (_, words, flags) => {
    const path = makeLog();
    await expect(
      run(
        words.map((word) => (word === 'LOG' ? path : word)),
        { ...flags },
      ),
    ).rejects.toMatchObject({
      code: 'USAGE',
    });
  });

  test('plans recorded calls again', async () => {
    const path = makeLog();
    const flags = { replay: 'specs/weather.yaml', baseUrl: ['http://127.0.0.1:1'], format: 'json' };
    const { code, text } = await run([path], flags);
    expect(code).toBe(1);
    expect(JSON.parse(text)).toMatchObject({
      calls: 1,
      withoutArguments: 0,
      differences: [{ tool: 'get_weather', change: expect.stringContaining('version') }],
    });
  });
});
