#!/usr/bin/env node
// npm run crash -- --times 50
// kill -9 while calls run: whatever the API saw is on record, at most one line is torn, and the next start reports what was open.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { faultyDocument, startFaultyUpstream } from './faulty-upstream.mjs';
import { startBridge } from './mcp-stdio.mjs';

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '50' },
    clients: { type: 'string', default: '20' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  console.log('crash [--times 50] [--clients 20]');
  process.exit(0);
}
const times = Number(values.times);
const clients = Number(values.clients);
const TOOLS = ['createItem', 'getItem', 'patchItem', 'putItem'];

const folder = mkdtempSync(join(tmpdir(), 'crash-'));
const log = join(folder, 'audit.jsonl');
// Some requests hang, so that each kill finds calls that are under way.
const upstream = await startFaultyUpstream({ pick: () => (Math.random() < 0.1 ? 'hang' : undefined) });
const spec = join(folder, 'faulty.json');
const config = join(folder, 'actionbridge.json');
writeFileSync(spec, JSON.stringify(faultyDocument()));
writeFileSync(
  config,
  JSON.stringify({
    apis: { faulty: { spec, baseUrl: upstream.url } },
    rateLimit: 0,
    timeout: 5,
    audit: { file: log, payloads: true },
  }),
);

const problems = [];
const totals = { kills: 0, calls: 0, seen: 0, records: 0, torn: 0, open: 0, reported: 0 };
for (let round = 0; round < times; round++) await crash(round);
const open = openCalls(readLog());
const last = await start();
await last.close();
const lines = readLog();
const unreported = openCalls(lines);
checkReports(open, lines);
const verified = spawnSync(process.execPath, ['dist/actionbridge.mjs', 'audit', log, '--verify'], { encoding: 'utf8' });
await upstream.close();
process.exitCode = report();
if (process.exitCode === 0) rmSync(folder, { recursive: true });

function start() {
  return startBridge(['serve', '--config', config, '--tools', 'all'], { lostAfterMs: 30_000 });
}

async function crash(round) {
  const bridge = await start();
  const clientsAtWork = Array.from({ length: clients }, (_, client) => work(bridge, `r${round}-c${client}`));
  for (let waited = 0; waited < 5_000 && upstream.requests.size === 0; waited += 5) await sleep(5);
  await sleep(Math.random() * 400);
  bridge.child.kill('SIGKILL');
  await bridge.exited;
  await Promise.all(clientsAtWork);
  totals.kills++;
  checkAfterKill(round);
}

async function work(bridge, name) {
  for (let number = 0; ; number++) {
    totals.calls++;
    const answer = await bridge.call(TOOLS[number % TOOLS.length], { nonce: `${name}-${number}` });
    if (answer.gone || answer.lost) return;
  }
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What the API saw has a `started`; only the very last line may be torn. */
function checkAfterKill(round) {
  const found = readLog();
  const started = new Set(
    found.filter(({ record }) => record?.event === 'started').map(({ record }) => record.arguments?.nonce),
  );
  for (const nonce of upstream.requests.keys())
    if (nonce.startsWith(`r${round}-`)) {
      totals.seen++;
      if (!started.has(nonce)) problems.push(`the API saw ${nonce}, and no record says so`);
    }
  const torn = found.flatMap(({ record, index }) => (record ? [] : [index]));
  const fresh = torn.filter((index) => !crash.known?.has(index));
  if (fresh.length > 1) problems.push(`kill ${round} left ${fresh.length} torn lines`);
  if (fresh.length === 1 && fresh[0] !== found.length - 1)
    problems.push(`kill ${round} left a torn line that is not the last`);
  crash.known = new Set(torn);
  upstream.requests.clear();
}

function readLog() {
  const files = [];
  for (let number = 1; existsSync(`${log}.${number}`); number++) files.unshift(`${log}.${number}`);
  if (existsSync(log)) files.push(log);
  const text = files.map((file) => readFileSync(file, 'utf8')).join('');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => {
      try {
        return { index, record: JSON.parse(line) };
      } catch {
        return { index };
      }
    });
}

function openCalls(found) {
  const calls = new Map();
  for (const { record } of found) {
    const key = `${record?.call} ${record?.attempt}`;
    if (record?.event === 'started') calls.set(key, record);
    if (record?.event === 'finished') calls.delete(key);
  }
  return calls;
}

/** Each start puts what the kill before it left open on record as unknown. */
function checkReports(openAtTheEnd, found) {
  const unknown = new Set();
  for (const { record } of found)
    if (record?.event === 'finished' && record.result === 'unknown') unknown.add(`${record.call} ${record.attempt}`);
  for (const key of openAtTheEnd.keys())
    if (!unknown.has(key)) problems.push(`call ${key} was open and was not reported`);
  totals.open = openAtTheEnd.size;
  totals.reported = unknown.size;
  totals.records = found.filter(({ record }) => record).length;
  totals.torn = found.length - totals.records;
}

function report() {
  const checks = [
    ['kills', totals.kills, totals.kills === times],
    ['calls begun', totals.calls, totals.calls > times],
    ['requests the API saw', totals.seen, totals.seen > 0],
    ['records', totals.records, totals.records > 0],
    ['torn lines', totals.torn, totals.torn <= times],
    ['calls reported as unknown', totals.reported, totals.reported > 0],
    ['calls still open after the restart', unreported.size, unreported.size === 0],
    ['problems', problems.length, problems.length === 0],
    ['audit --verify', verified.stdout.trim().split('\n').at(-1), verified.status === 0],
  ];
  for (const [what, value, good] of checks) console.log(`${good ? 'good' : 'BAD '}  ${what.padEnd(36)} ${value}`);
  for (const problem of problems.slice(0, 20)) console.log(`      ${problem}`);
  const bad = checks.some(([, , good]) => !good);
  if (bad) console.log(`\nThe log is left in ${log}\n${verified.stdout}${verified.stderr}`);
  return bad ? 1 : 0;
}
