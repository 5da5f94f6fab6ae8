import { spawn } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { type Bridge, openBridge } from '../../src/index.ts';
import { serverScript } from './fixtures.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function bridgeTo(
  entry:
    | { readonly command: string; readonly args: readonly string[] }
    | { readonly url: string; readonly type: 'sse' },
): Promise<Bridge> {
  const bridge = await openBridge({ specs: [], mcpServers: { odd: entry }, policy: { retry: { tries: 1 } } });
  cleanUps.push(() => bridge.close());
  return bridge;
}

const script = (odd: string) => ({ command: process.execPath, args: [serverScript('odd'), odd] });
const namesOf = ({ registry }: Bridge) => registry.tools.map(({ name }) => name);

async function call(bridge: Bridge, name: string, args: object) {
  return (await bridge.call(name, args, { surface: 'cli' })).result;
}

describe('a server that', () => {
  it('writes more than messages on its standard output is understood', async () => {
    const bridge = await bridgeTo(script('talks'));
    expect(await call(bridge, 'odd_echo', { text: 'a' })).toMatchObject({
      kind: 'ok',
      content: { blocks: [{ text: 'a' }] },
    });
  });

  it('dies of being asked which generation it is of is started without that', async () => {
    const bridge = await bridgeTo(script('deaf'));
    expect(namesOf(bridge)).toContain('odd_echo');
    expect(await call(bridge, 'odd_echo', { text: 'a' })).toMatchObject({ kind: 'ok' });
  });

  it('lists its tools in pages is read to the end', async () => {
    expect(namesOf(await bridgeTo(script('pages'))).length).toBe(12);
  });

  it('lists broken entries among good ones has the good ones', async () => {
    const bridge = await bridgeTo(script('broken-tools'));
    expect(namesOf(bridge)).toEqual(['odd_bare', 'odd_echo']);
    expect(bridge.diagnostics).toMatchObject([
      { code: 'mcp-tool-nameless', message: expect.stringContaining('2 of the tools') },
    ]);
  });

  it('ends with every call is left alone in the end, and says so', async () => {
    const bridge = await bridgeTo(script('dies'));
    const codes: string[] = [];
    for (let round = 0; round < 8 && codes.at(-1) !== 'BREAKER_OPEN'; round++) {
      const result = await call(bridge, 'odd_echo', { text: 'a' });
      codes.push(result.kind === 'failed' ? result.error.code : result.kind);
    }
    expect(codes).toEqual([...Array(5).fill('MCP_SERVER_FAILED'), 'BREAKER_OPEN']);
  }, 60_000);

  it('answers more than can be taken fails with that call, and is there for the next', async () => {
    const bridge = await bridgeTo(script('huge'));
    expect(await call(bridge, 'odd_pid', {})).toMatchObject({ kind: 'failed' });
    expect(namesOf(bridge)).toContain('odd_echo');
  });

  it('speaks the transport of 2024 is spoken to in it', async () => {
    const child = spawn(process.execPath, [serverScript('odd'), 'sse', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    cleanUps.push(() => child.kill('SIGKILL'));
    const port = await new Promise<string>((settle) =>
      child.stdout.once('data', (chunk) => settle(String(chunk).trim())),
    );
    const bridge = await bridgeTo({ url: `http://127.0.0.1:${port}/sse`, type: 'sse' });
    expect(await call(bridge, 'odd_echo', { text: 'a' })).toMatchObject({
      kind: 'ok',
      content: { blocks: [{ text: 'a' }] },
    });
  });
});
