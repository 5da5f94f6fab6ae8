import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DialectName, exportTools, openBridge } from '../../src/index.ts';
import { type RunningBridge, repositoryFile, runBridge, startBridge } from '../support/bridge-process.ts';

const SPEC = repositoryFile('test/fixtures/export.yaml');
const FORMATS: readonly DialectName[] = ['mcp', 'openai', 'responses', 'anthropic', 'gemini'];

let running: RunningBridge;

beforeAll(async () => {
  running = await startBridge([SPEC, '--no-auth']);
});

afterAll(async () => {
  await running.stop();
});

describe.each(FORMATS)('%s', (format) => {
  it('is the same, byte for byte, from the library, both commands and the HTTP route', async () => {
    const bridge = await openBridge({ specs: [SPEC] });
    const { text, document } = exportTools(bridge, format);
    await bridge.close();
    expect(text).toBe(`${JSON.stringify(document, null, 2)}\n`);
    const listed = await runBridge(['tools', SPEC, '--format', format]);
    expect(listed).toMatchObject({ code: 0, stdout: text });
    const answer = await fetch(`${running.url}/v1/tools?format=${format}`);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await answer.text()).toBe(text);
    if (format === 'mcp') return;
    const words = [
      ['export', format, SPEC],
      ['export', SPEC, format],
    ];
    for (const each of words) expect(await runBridge(each)).toMatchObject({ code: 0, stdout: text });
  });
});

describe('warnings', () => {
  it('sum up on stderr what the format does not say', async () => {
    const { stderr } = await runBridge(['export', 'openai', SPEC]);
    expect(stderr).toMatch(/^optional-as-null: .+ \(\d+ places in \d tools; the first is search#\/properties\/top\)$/m);
    expect(stderr).toMatch(/^not-strict: .+ \(1 place in 1 tool; the first is changeThing#\/properties\/note\)$/m);
    expect(stderr).toContain('--warnings all');
  });

  it('name each place, or none', async () => {
    const all = await runBridge(['tools', SPEC, '--format', 'gemini', '--warnings', 'all']);
    expect(all.stderr).toMatch(/^search#\/properties\/level: enum-as-text: /m);
    const none = await runBridge(['tools', SPEC, '--format', 'gemini', '--warnings', 'none']);
    expect(none).toMatchObject({ stderr: '', stdout: all.stdout });
  });

  it.each([
    {
      words: ['tools', SPEC, '--format', 'xml'],
      said: '--format xml is not one of table, mcp, openai, responses, anthropic, gemini',
    },
    { words: ['tools', SPEC, '--format', 'toString'], said: '--format toString is not one of' },
    {
      words: ['export', 'openai', SPEC, '--warnings', 'some'],
      said: '--warnings some is not one of summary, all, none',
    },
    { words: ['export', SPEC], said: 'export needs one of openai, responses, anthropic, gemini' },
  ])('are bad usage when misspelt: $said', async ({ words, said }) => {
    const { code, stderr, stdout } = await runBridge(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(said);
  });

  it('names the formats of the route', async () => {
    const answer = await fetch(`${running.url}/v1/tools?format=xml`);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error: { message: 'The formats are: mcp, openai, responses, anthropic, gemini' },
    });
  });
});
