import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { hasShared } from '../support/documents.ts';
import { type Arena, BENIGN_TOOL, openArena } from './arena.ts';
import { type BridgeWire, type Message, startWire, strayLines } from './bridge-wire.ts';
import { readCases } from './cases.ts';

/** The cases about a process, its signals and its standard streams, against the built command. */
const cases = new Map(readCases(['stdio', 'cancellation', 'lifecycle-audit']).map((attack) => [attack.id, attack]));

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function arenaOf(id: string): Promise<Arena> {
  const arena = await openArena(cases.get(id)!);
  closers.push(() => arena.close());
  return arena;
}

async function start(config: string, options: Parameters<typeof startWire>[1] = {}): Promise<BridgeWire> {
  const wire = await startWire(config, options);
  closers.push(() => wire.child.kill('SIGKILL'));
  return wire;
}

interface AuditLine {
  readonly event: string;
  readonly call: string;
  readonly tool: string;
  readonly result: string | null;
}

function recordsOf(text: string): readonly AuditLine[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditLine);
}

const succeeded = (message: Message | undefined) => message?.result !== undefined && message.result.isError !== true;

const until = (claim: () => boolean) => expect.poll(claim, { timeout: 10_000, interval: 10 }).toBe(true);

describe.skipIf(!hasShared)('an attack on the process (skipped where ../shared/attacks is not there)', () => {
  it('of stdio is withstood: D-ST-01 dependency prints to stdout', async () => {
    const arena = await arenaOf('D-ST-01');
    const hook = join(arena.folder, 'noise.mjs');
    writeFileSync(hook, "setInterval(() => { console.log('noise'); console.info('noise'); }, 5).unref();");
    const wire = await start(arena.configFile, { node: ['--import', hook] });
    await until(() => wire.stderr().includes('noise'));
    const before = wire.stdout().length;
    expect(await wire.request('tools/list', {})).toMatchObject({ result: { tools: expect.any(Array) } });
    expect(succeeded(await wire.call('getUser', { id: '1' }))).toBe(true);
    wire.closeStdin();
    await wire.exited;
    expect(strayLines(wire.stdout().slice(before))).toEqual([]);
  });

  it('of stdio is withstood: D-ST-02 garbage, partial and huge lines on stdin', async () => {
    const arena = await arenaOf('D-ST-02');
    const wire = await start(arena.configFile);
    const [garbage, first, rest, huge] = arena.attack.call.stdin!;
    wire.write(garbage!);
    wire.write(first!.replace('"id":1', '"id":"split"'));
    wire.write(rest!);
    await until(() => wire.stdout().includes('"id":"split"'));
    wire.write(huge!);
    expect(await wire.exited).toMatchObject({ code: 2 });
    expect(wire.stderr()).toMatch(/longer than 18 MiB/);
    expect(wire.stderr() + wire.stdout()).not.toMatch(/\n\s+at /);
    expect(strayLines(wire.stdout())).toEqual([]);
  });

  it('of stdio is withstood: D-ST-03 client closes stdin while calls run', async () => {
    const arena = await arenaOf('D-ST-03');
    const wire = await start(arena.configFile);
    void wire.call('getUser', { id: '1' });
    await until(() => arena.upstream.hits.length === 1);
    const closedAt = performance.now();
    wire.closeStdin();
    const { code, at } = await wire.exited;
    expect(code).toBe(0);
    expect(at - closedAt).toBeLessThan(2_000);
    await arena.upstream.hits[0]!.abandoned;
    expect(recordsOf(arena.audit()).map(({ event, result }) => [event, result])).toEqual([
      ['started', null],
      ['finished', 'cancelled'],
    ]);
  });

  it('of cancellation is withstood: D-CX-02 cancel an unknown or finished id', async () => {
    const arena = await arenaOf('D-CX-02');
    const wire = await start(arena.configFile);
    await wire.call('getUser', { id: '1' });
    for (const requestId of ['nope', 2, null])
      wire.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } })}\n`);
    expect(succeeded(await wire.call(BENIGN_TOOL, {}))).toBe(true);
    expect(strayLines(wire.stdout())).toEqual([]);
  });

  it('of lifecycle-audit is withstood: D-LA-01 kill -9 during a POST', async () => {
    const arena = await arenaOf('D-LA-01');
    const wire = await start(arena.configFile);
    void wire.call('createOrder', { n: 1 });
    await until(() => arena.upstream.hits.length === 1);
    wire.child.kill('SIGKILL');
    await wire.exited;
    const [started] = recordsOf(arena.audit());
    expect(started).toMatchObject({ event: 'started', tool: 'createOrder' });
    const again = await start(arena.configFile);
    await until(() => again.stderr().includes('on record as unknown'));
    expect(recordsOf(arena.audit())).toContainEqual(
      expect.objectContaining({ event: 'finished', call: started!.call, result: 'unknown' }),
    );
  });

  it('of lifecycle-audit is withstood: D-LA-02 disk full', async ({ skip }) => {
    const arena = await arenaOf('D-LA-02');
    const small = join(arena.folder, 'small');
    mkdirSync(small);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small]).status === 0;
    if (!mounted)
      skip('a file system of 64 kB cannot be mounted here; test/audit/middleware.test.ts fakes a full disk');
    closers.push(() => spawnSync('umount', ['-l', small]));
    const config = JSON.parse(readFileSync(arena.configFile, 'utf8')) as { audit: { file: string } };
    config.audit.file = join(small, 'audit.jsonl');
    writeFileSync(arena.configFile, JSON.stringify(config));
    const wire = await start(arena.configFile);
    const texts: string[] = [];
    for (let i = 0; i < 500; i++) texts.push((await wire.call('createOrder', { n: 1 }))!.result!.content![0]!.text!);
    expect(texts.at(-1)).toContain('AUDIT_FAILED');
    const lines = readFileSync(config.audit.file, 'utf8').split('\n');
    const started = lines.filter((line) => line.includes('"event":"started"') && line.endsWith('}'));
    expect(arena.upstream.hits.length).toBeGreaterThan(10);
    expect(started.length).toBeGreaterThanOrEqual(arena.upstream.hits.length);
    expect(wire.stderr()).toMatch(/audit/i);
  });

  it('of lifecycle-audit is withstood: D-LA-04 SIGTERM with 50 calls in flight', async () => {
    const arena = await arenaOf('D-LA-04');
    const wire = await start(arena.configFile);
    const calls = Array.from({ length: 50 }, () => wire.call('getUser', { id: '1' }));
    await until(() => arena.upstream.hits.length === 10);
    const asked = performance.now();
    wire.child.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const late = await wire.call('getUser', { id: '1' });
    expect(late?.result?.content?.[0]?.text).toContain('shutting down');
    const answers = await Promise.all(calls);
    const { code, at } = await wire.exited;
    expect(answers.filter(succeeded).length).toBe(50);
    expect(code).toBe(0);
    expect(at - asked).toBeLessThan(10_000);
  });
});

describe('the command on stdio', () => {
  const config = (folder: Arena) => folder.configFile;

  it.skipIf(!hasShared)('ends at the second signal at once', async () => {
    const arena = await arenaOf('D-ST-03');
    const wire = await start(config(arena));
    void wire.call('getUser', { id: '1' });
    await until(() => arena.upstream.hits.length === 1);
    wire.child.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const second = performance.now();
    wire.child.kill('SIGTERM');
    const { code, at } = await wire.exited;
    expect(code).toBe(1);
    expect(at - second).toBeLessThan(1_000);
  });

  it.skipIf(!hasShared)('ends quietly when nobody reads its answers any more', async () => {
    const arena = await arenaOf('D-ST-02');
    const wire = await start(config(arena));
    wire.child.stdout!.destroy();
    for (let i = 0; i < 5; i++) void wire.request('tools/list', {});
    const { code } = await wire.exited;
    expect([code, wire.stderr()]).toEqual([0, '']);
  });
});
