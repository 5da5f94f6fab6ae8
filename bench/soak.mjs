#!/usr/bin/env node
// npm run soak -- --seconds 60 --clients 50 --faults 20
// Many clients, one API that misbehaves: nothing may be lost, doubled or mixed up, no write sent twice, nothing may grow.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FAULTS, faultyDocument, startFaultyUpstream } from './faulty-upstream.mjs';
import { startBridge } from './mcp-stdio.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    clients: { type: 'string', default: '50' },
    faults: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    timeout: { type: 'string', default: '3' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  console.log('soak [--seconds 60] [--clients 50] [--faults 20 (percent)] [--timeout 3 (of a call)] [--seed 1]');
  process.exit(0);
}
const seconds = Number(values.seconds);
const clients = Number(values.clients);
const timeout = Number(values.timeout);
const BREAKER_OPEN_SECONDS = 2;
const PROBE = new URL('./probe.mjs', import.meta.url).href;
const TOOLS = [
  'getItem',
  'getItem',
  'getItem',
  'getItem',
  'createItem',
  'createItem',
  'patchItem',
  'putItem',
  'deleteItem',
];

const random = mulberry32(Number(values.seed));
const folder = mkdtempSync(join(tmpdir(), 'soak-'));
const attacker = await listenForTheft();
let faulty = true;
const upstream = await startFaultyUpstream({
  attacker: attacker.url,
  pick: () =>
    faulty && random() * 100 < Number(values.faults) ? FAULTS[Math.floor(random() * FAULTS.length)] : undefined,
});
const bridge = await openBridge();
const found = { calls: 0, ok: 0, lost: 0, mixed: [], invented: [], outcomes: {}, broken: [] };

await Promise.all([...Array.from({ length: clients }, (_, client) => work(client)), goDownNowAndThen()]);
const breaker = await checkBreaker();
const ended = await bridge.close();
await upstream.close();
attacker.close();
const probe = readProbe();
rmSync(folder, { recursive: true });
process.exitCode = report();

async function openBridge() {
  const spec = join(folder, 'faulty.json');
  writeFileSync(spec, JSON.stringify(faultyDocument()));
  const config = join(folder, 'actionbridge.json');
  const api = {
    spec,
    baseUrl: upstream.url,
    breaker: { open: BREAKER_OPEN_SECONDS, maxOpen: BREAKER_OPEN_SECONDS },
    concurrency: { upstream: 10, queue: 200 },
    // It sends responses that nobody asked for: connections to it are used once (SECURITY.md, trap 6).
    keepAlive: false,
  };
  writeFileSync(config, JSON.stringify({ apis: { faulty: api }, rateLimit: 0, timeout }));
  return startBridge(['serve', '--config', config, '--tools', 'all'], {
    node: ['--expose-gc', '--import', PROBE],
    env: { PROBE_FILE: join(folder, 'probe.jsonl') },
    lostAfterMs: (timeout + 20) * 1000,
  });
}

async function work(client) {
  const end = Date.now() + seconds * 1000;
  for (let number = 0; Date.now() < end; number++) {
    const outcome = await once(`c${client}-n${number}`);
    if (outcome.includes('BREAKER_OPEN')) await sleep(100);
  }
}

async function once(nonce, tool = TOOLS[Math.floor(random() * TOOLS.length)]) {
  found.calls++;
  const answer = await bridge.call(tool, { nonce });
  if (answer.lost || answer.gone) {
    found.lost++;
    return 'lost';
  }
  const outcome = judge(nonce, answer);
  found.outcomes[outcome] = (found.outcomes[outcome] ?? 0) + 1;
  return outcome;
}

/** What an answer is; an answer that belongs to another call, or to none, is noted. */
function judge(nonce, { result, error }) {
  if (error) {
    found.broken.push(JSON.stringify(error));
    return `JSON-RPC error ${error.code}`;
  }
  const text = result.content.map((part) => part.text ?? '').join('\n');
  const told = /"nonce":\s*"([\w-]+)"/.exec(text)?.[1];
  if (told !== undefined && told !== nonce) found.mixed.push(`${nonce} was given the answer of ${told}`);
  if (result.isError)
    return text
      .split('\n', 1)[0]
      .replace(/\d+(\.\d+)* (s|bytes)/g, 'N $2')
      .replaceAll(upstream.url, 'API')
      .slice(0, 70);
  if (told === undefined)
    return text.includes('not what you asked for') ? 'ok, of another type' : `ok: ${text.slice(0, 40)}`;
  if ((upstream.requests.get(nonce)?.served ?? 0) === 0) found.invented.push(nonce);
  found.ok++;
  return 'ok';
}

/** Refused connections, for 300 ms every 5 s. */
async function goDownNowAndThen() {
  for (const end = Date.now() + (seconds - 2) * 1000; Date.now() + 5_000 < end; ) {
    await sleep(5_000);
    await upstream.goDown();
    await sleep(300);
    await upstream.comeUp();
  }
}

/** With the API down the breaker opens and answers at once; with the API back it closes again. */
async function checkBreaker() {
  faulty = false;
  await sleep(BREAKER_OPEN_SECONDS * 1500);
  await upstream.goDown();
  for (let i = 0; i < 8; i++) await once(`down-${i}`, 'getItem');
  const outcomes = [];
  const times = [];
  for (let i = 0; i < 10; i++) {
    const started = performance.now();
    outcomes.push(await once(`open-${i}`, 'getItem'));
    times.push(performance.now() - started);
  }
  const fastMs = median(times);
  const opened = outcomes.every((outcome) => /left alone|BREAKER_OPEN/.test(outcome));
  await upstream.comeUp();
  let closed = false;
  for (let i = 0; i < 60 && !closed; i++) {
    await sleep(200);
    closed = (await once(`back-${i}`, 'getItem')) === 'ok';
  }
  return { opened, fastMs, closed };
}

function listenForTheft() {
  let hits = 0;
  const server = createServer((socket) => {
    hits++;
    socket.destroy();
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () =>
      resolve({ url: `http://127.0.0.1:${server.address().port}`, hits: () => hits, close: () => server.close() }),
    ),
  );
}

function readProbe() {
  const lines = readFileSync(join(folder, 'probe.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const part = (from, to) =>
    median(lines.slice(Math.floor(lines.length * from), Math.ceil(lines.length * to)).map(({ heap }) => heap));
  const last = lines.at(-1);
  return { early: part(0.25, 0.5), late: part(0.75, 1), p99: last.p99, max: last.max, rss: last.rss };
}

function report() {
  const twice = [...upstream.requests].filter(
    ([, { method, hits }]) => (method === 'POST' || method === 'PATCH') && hits > 1,
  );
  const often = [...upstream.requests].filter(([, { hits }]) => hits > 3);
  const given = (upstream.counts.none ?? 0) + (upstream.counts['stale-extra-response'] ?? 0);
  const mb = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MB`;
  const checks = [
    ['answers lost', found.lost, found.lost === 0],
    ['answers doubled', bridge.strays.length, bridge.strays.length === 0],
    ['answers mixed up', found.mixed.length, found.mixed.length === 0],
    ['answers invented', found.invented.length, found.invented.length === 0],
    ['protocol errors', found.broken.length, found.broken.length === 0],
    ['POST/PATCH sent twice', twice.length, twice.length === 0],
    ['requests sent more than 3 times', often.length, often.length === 0],
    ['requests lured away', attacker.hits(), attacker.hits() === 0],
    ['good answers, of those the API gave', `${found.ok} of ${given}`, found.ok > 0 && found.ok >= given * 0.95],
    [
      'heap, second quarter to last',
      `${mb(probe.early)} to ${mb(probe.late)}`,
      probe.late < probe.early * 1.25 + 8 * 2 ** 20,
    ],
    ['event-loop delay p99', `${probe.p99.toFixed(1)} ms (max ${probe.max.toFixed(1)})`, probe.p99 < 50],
    ['breaker opens when the API is down', breaker.opened, breaker.opened],
    ['and then answers in', `${breaker.fastMs.toFixed(2)} ms`, breaker.fastMs < 5],
    ['breaker closes when it is back', breaker.closed, breaker.closed],
    ['bridge ended with', ended.code ?? ended.signal, ended.code === 0],
  ];
  const rate = Math.round(found.calls / seconds);
  console.log(
    `${found.calls} calls by ${clients} clients in ${seconds} s (${rate}/s), ${values.faults} % faults; RSS ${mb(probe.rss)}\n`,
  );
  for (const [what, value, good] of checks) console.log(`${good ? 'good' : 'BAD '}  ${what.padEnd(36)} ${value}`);
  console.log('\nfaults the API played');
  for (const [fault, count] of Object.entries(upstream.counts)) console.log(`      ${fault.padEnd(36)} ${count}`);
  console.log('\nwhat the calls ended with');
  const outcomes = Object.entries(found.outcomes).sort(([, a], [, b]) => b - a);
  for (const [outcome, count] of outcomes.slice(0, 25)) console.log(`      ${String(count).padStart(7)}  ${outcome}`);
  for (const line of [...found.mixed, ...found.broken, ...bridge.strays].slice(0, 10)) console.log(`      ${line}`);
  const bad = checks.filter(([, , good]) => !good);
  if (bad.length > 0) console.log(`\n${bridge.stderr().split('\n').slice(-12).join('\n')}`);
  return bad.length > 0 ? 1 : 0;
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function mulberry32(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
