import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import OpenAI from 'openai';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { say } from '../chat/model-turns.ts';
import { startScriptedUpstream } from '../chat/scripted-upstream.ts';
import { repositoryFile, runBridge, startBridge } from '../support/bridge-process.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'actionbridge-kill-')));
const cleanUps: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
afterAll(() => cleanUp(0));

/** All but the first so many. */
async function cleanUp(kept: number): Promise<void> {
  for (const each of cleanUps.splice(kept).reverse()) await each();
}

const package_ = (name: string) => repositoryFile(`node_modules/@modelcontextprotocol/server-${name}/dist/index.js`);
const AUDIT = join(folder, 'audit.jsonl');
const NOTE = join(folder, 'note.txt');

/** What whoever made a call was told. */
interface Told {
  readonly failed: boolean;
  readonly text: string;
}

type Ask = (tool: string, args: { readonly [name: string]: unknown }) => Promise<Told>;

/** Both packages from npm behind one bridge, with an MCP client and a chat client before it. */
async function start() {
  const model = await startScriptedUpstream();
  cleanUps.push(() => model.close());
  const config = join(folder, 'actionbridge.json');
  const mcpServers = {
    everything: { command: process.execPath, args: [package_('everything')] },
    files: { command: process.execPath, args: [package_('filesystem'), folder] },
  };
  const proxy = { upstream: { baseUrl: model.url, apiKey: 'sk-model-key-123', dialect: 'chat' } };
  writeFileSync(config, JSON.stringify({ mcpServers, proxy, rateLimit: 0, audit: { file: AUDIT } }));
  const bridge = await startBridge(['--config', config]);
  cleanUps.push(() => bridge.stop());
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  const headers = { authorization: `Bearer ${bridge.token}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${bridge.url}/mcp`), { requestInit: { headers } }));
  cleanUps.push(() => client.close());
  const openai = new OpenAI({ apiKey: bridge.token, baseURL: `${bridge.url}/v1`, maxRetries: 0 });

  const byMcp: Ask = async (name, args) => {
    const { content, isError } = await client.callTool({ name, arguments: { ...args } });
    return { failed: isError === true, text: JSON.stringify(content) };
  };
  const byChat: Ask = async (name, args) => {
    model.play(say({ calls: [{ name, args }] }, 'chat', false), say({ text: 'done' }, 'chat', false));
    const answer = await openai.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'go' }] });
    expect(answer.choices[0]!.message.content).toBe('done');
    const messages = model.requests.at(-1)!.body.messages as { role: string; content: string }[];
    const { content } = messages.findLast(({ role }) => role === 'tool')!;
    return { failed: content.startsWith('{"error"'), text: content };
  };
  return { bridge, client, byMcp, byChat };
}

/** The process that is the server, a child of the bridge. */
function pidOf(bridge: number, server: 'everything' | 'filesystem'): number | undefined {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  const row = rows.find((each) => Number(each.trim().split(/\s+/)[1]) === bridge && each.includes(`server-${server}/`));
  return row === undefined ? undefined : Number(row.trim().split(/\s+/)[0]);
}

const records = () =>
  readFileSync(AUDIT, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { event: string; call: string; attempt: number; tool: string; result: string });

/** The call is in the hands of the server, which has not begun with it, and then there is no server. */
async function killedDuring(pid: number, begin: () => Promise<Told>): Promise<Told> {
  process.kill(pid, 'SIGSTOP');
  const before = records().length;
  const call = begin();
  await expect.poll(() => records().length, { timeout: 20_000, interval: 10 }).toBeGreaterThan(before);
  // On record before it is sent: on a busy machine it may still be on its way.
  await new Promise((settle) => setTimeout(settle, 250));
  process.kill(pid, 'SIGKILL');
  return call;
}

describe('servers from npm behind a bridge, killed in the middle of calls', () => {
  it('lose nothing but what is told as failed, twenty times', { timeout: 240_000 }, async () => {
    const { bridge, client, byMcp, byChat } = await start();
    // Another try shall find the audit log free.
    onTestFinished(() => cleanUp(1));
    const names = (await client.listTools()).tools.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['everything_echo', 'files_edit_file', 'files_write_file']));
    let kills = 0;

    async function kill(server: 'everything' | 'filesystem', begin: () => Promise<Told>): Promise<Told> {
      const other = server === 'everything' ? 'filesystem' : 'everything';
      const untouched = pidOf(bridge.pid, other);
      await expect.poll(() => pidOf(bridge.pid, server), { timeout: 20_000 }).toBeDefined();
      const told = await killedDuring(pidOf(bridge.pid, server)!, begin);
      kills++;
      expect(pidOf(bridge.pid, other)).toBe(untouched);
      return told;
    }

    for (let round = 1; round <= 4; round++) {
      for (const ask of [byMcp, byChat]) {
        // What only reads is made again by itself.
        const message = `round ${round}`;
        const echoed = await kill('everything', () => ask('everything_echo', { message }));
        expect(echoed).toEqual({ failed: false, text: expect.stringContaining(`Echo: ${message}`) });

        // What may have had an effect is not, and is told as such.
        writeFileSync(NOTE, 'before');
        const edits = [{ oldText: 'before', newText: 'after' }];
        const edited = await kill('filesystem', () => ask('files_edit_file', { path: NOTE, edits }));
        expect(edited).toEqual({ failed: true, text: expect.stringContaining('outcome is unknown') });
        expect(readFileSync(NOTE, 'utf8')).toBe('before');
      }
      // What can be repeated is made again until it is done.
      const content = `written in round ${round}`;
      const written = await kill('filesystem', () => byMcp('files_write_file', { path: NOTE, content }));
      expect(written.failed).toBe(false);
      expect(readFileSync(NOTE, 'utf8')).toBe(content);
    }
    expect(kills).toBe(20);

    await bridge.stop();
    const audited = await runBridge(['audit', AUDIT, '--verify']);
    expect([audited.code, audited.stderr]).toEqual([0, '']);
    const repeated = records().filter(({ event, attempt }) => event === 'started' && attempt > 1);
    expect(repeated.length).toBeGreaterThanOrEqual(12);
    expect(repeated.every(({ tool }) => tool !== 'files_edit_file')).toBe(true);
  });
});
