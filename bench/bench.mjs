// npm run bench -- [--runs N] [--calls N] [--only start,memory,calls,tokens] [--long] [--peer 'NAME=COMMAND {spec} {baseUrl}'] [--strict] [--json FILE]
// Starts, memory, calls and the size of the list, each beside a baseline of the same run: `node -e 0` for starts, undici
// without anything around it for calls. Runs are interleaved, and of the times the least counts, since other work on the
// machine only ever adds to it; for the same reason the time that a main thread spent queueing for a processor
// (/proc/PID/schedstat) is left out of starts, the baseline's too. On a machine that does nothing else there is none. BENCH_NODE names the Node that runs everything measured; SPECS the folder of the large
// documents (default ../shared/specs/real; rows without their document are left out, and said to be).
// --long sends 100,000 calls and looks at the memory; --strict fails when a target is missed.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { Pool } from 'undici';
import { memory, processorTime, timeStart } from './pipe-client.mjs';
import { least, median, quantile, table } from './statistics.mjs';

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '15' },
    calls: { type: 'string', default: '3000' },
    only: { type: 'string', default: 'start,memory,calls,tokens' },
    long: { type: 'boolean', default: false },
    peer: { type: 'string', multiple: true, default: [] },
    strict: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});
const [runs, calls] = [Number(options.runs), Number(options.calls)];
const parts = new Set(options.only.split(','));
const node = process.env.BENCH_NODE ?? process.execPath;
const folder = process.env.SPECS ?? '../shared/specs/real';
const IN_FLIGHT = 32;

const SPECS = {
  weather: 'specs/weather.yaml',
  petstore: 'specs/petstore.yaml',
  github: join(folder, 'github-api.json'),
  stripe: join(folder, 'stripe.yaml'),
};
/** Upper bounds. Starts in multiples of `node -e 0`, memory in MiB, tokens, bytes, milliseconds. */
const TARGETS = {
  start: { weather: { first: 2.5, cached: 2.5 }, github: { first: 6, cached: 3 } },
  memory: {
    weather: { first: 70, cached: 70 },
    github: { first: 140, cached: 95 },
    stripe: { first: 140, cached: 95 },
  },
  call: 0.4,
  throughput: 1.5,
  tokens: 285_600,
  schema: 16_384,
};

/** Says how long it queued for a processor, where the system tells. */
const SCHEDSTAT = "try{process.stdout.write(require('fs').readFileSync('/proc/self/schedstat'))}catch{}";

const rows = [];
const cache = mkdtempSync(join(tmpdir(), 'actionbridge-bench-'));
/** The pet store asks for a key. */
const env = { XDG_CACHE_HOME: cache, API_API_KEY: 'bench' };
for (const [name, file] of Object.entries(SPECS)) {
  if (existsSync(file)) continue;
  console.log(`left out: ${name}, ${file} is not here`);
  delete SPECS[name];
}
try {
  if (parts.has('start') || parts.has('memory')) await measureStarts();
  if (parts.has('tokens') && SPECS.github) await measureList();
  if (parts.has('calls')) await measureCalls();
  if (options.long) await measureManyCalls();
} finally {
  rmSync(cache, { recursive: true, force: true });
}
report();

function serve(spec, baseUrl, ...flags) {
  const words = ['dist/actionbridge.mjs', `api=${spec}`, '--tools', 'all', ...flags];
  return [node, ...words, ...(baseUrl === undefined ? [] : ['--base-url', baseUrl, '--rate-limit', '0'])];
}

async function measureStarts() {
  const bare = [];
  const measured = new Map();
  const cases = ['weather', 'github', 'stripe']
    .filter((name) => SPECS[name])
    .flatMap((name) => [
      { name, kind: 'first', command: serve(SPECS[name], undefined, '--no-cache-tools') },
      { name, kind: 'cached', command: serve(SPECS[name]) },
    ]);
  for (const { kind, command } of cases) if (kind === 'cached') await fillCache(command);
  for (let run = 0; run < runs; run++) {
    bare.push(timeBareNode());
    for (const { name, kind, command } of cases) {
      const { ms, queued, mib, server } = await timeStart(command, env);
      await server.close();
      const known = measured.get(`${name} ${kind}`) ?? { name, kind, ms: [], mib: [] };
      known.ms.push(ms - queued);
      known.mib.push(mib);
      measured.set(`${name} ${kind}`, known);
    }
  }
  for (const { name, kind, ms } of parts.has('start') ? measured.values() : []) {
    const ratio = least(ms) / least(bare);
    const target = TARGETS.start[name]?.[kind];
    rows.push({
      figure: `start to list, ${name}, ${kind}`,
      value: `${least(ms).toFixed(0)} ms`,
      baseline: `${least(bare).toFixed(0)} ms`,
      ratio: `${ratio.toFixed(2)} ×`,
      ...(target === undefined ? {} : { target: `≤ ${target} ×`, met: ratio <= target }),
    });
  }
  for (const { name, kind, mib } of parts.has('memory') ? measured.values() : []) {
    if (mib.some((value) => value === undefined)) continue;
    const target = TARGETS.memory[name]?.[kind];
    const value = median(mib);
    rows.push({
      figure: `peak memory to list, ${name}, ${kind}`,
      value: `${value.toFixed(0)} MiB`,
      target: `≤ ${target} MiB`,
      met: value <= target,
    });
  }
}

function timeBareNode() {
  const started = performance.now();
  const text = execFileSync(node, ['-e', SCHEDSTAT], { encoding: 'utf8' });
  return performance.now() - started - Number(text.split(' ')[1] ?? 0) / 1e6;
}

/** The cache is written once the server is idle. */
async function fillCache(command) {
  const { server } = await timeStart(command, env);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await server.close();
}

async function measureList() {
  const { tools, server } = await timeStart(serve(SPECS.github, undefined, '--no-cache-tools'), env);
  await server.close();
  const seen = tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
  const tokens = countTokens(JSON.stringify(seen));
  rows.push({
    figure: `tokens of the list, github, ${tools.length} tools (o200k)`,
    value: String(tokens),
    target: `≤ ${TARGETS.tokens}`,
    met: tokens <= TARGETS.tokens,
  });
  for (const name of Object.keys(SPECS)) {
    const listed = name === 'github' ? tools : await listOf(SPECS[name]);
    const largest = Math.max(...listed.map(({ inputSchema }) => Buffer.byteLength(JSON.stringify(inputSchema))));
    rows.push({
      figure: `largest input schema, ${name}`,
      value: `${largest} bytes`,
      target: `≤ ${TARGETS.schema} bytes`,
      met: largest <= TARGETS.schema,
    });
  }
}

async function listOf(spec) {
  const { tools, server } = await timeStart(serve(spec, undefined, '--no-cache-tools'), env);
  await server.close();
  return tools;
}

/** Everyone in turn, so that a slow minute of the machine hits all alike. */
async function measureCalls() {
  const upstream = await startUpstream();
  const servers = [{ name: 'actionbridge', command: serve(SPECS.petstore, upstream.url) }, ...peersOn(upstream.url)];
  const measured = new Map(
    ['undici', ...servers.map(({ name }) => name)].map((name) => [name, { ms: [], rate: [], cpu: [] }]),
  );
  const rounds = Math.max(3, Math.ceil(runs / 3));
  for (let round = 0; round < rounds; round++) {
    keep('undici', await timeDirect(upstream.url));
    for (const { name, command } of servers) keep(name, await timeServer(command));
  }
  upstream.stop();
  const direct = measured.get('undici');
  for (const { name } of servers) {
    const ms = least(measured.get(name).ms);
    const ours = name === 'actionbridge';
    rows.push({
      figure: `a call, median, ${name}`,
      value: `${ms.toFixed(3)} ms`,
      baseline: `${least(direct.ms).toFixed(3)} ms`,
      ratio: `${(ms / least(direct.ms)).toFixed(1)} ×`,
      ...(ours ? { target: `≤ ${TARGETS.call} ms`, met: ms <= TARGETS.call } : {}),
    });
  }
  for (const { name } of servers) {
    const rate = Math.max(...measured.get(name).rate);
    rows.push({
      figure: `calls a second, ${IN_FLIGHT} in flight, ${name}`,
      value: rate.toFixed(0),
      baseline: Math.max(...direct.rate).toFixed(0),
      ratio: `${(rate / Math.max(...direct.rate)).toFixed(2)} ×`,
      ...(name === 'actionbridge' ? {} : against(measured, name)),
    });
  }
  for (const { name } of servers.filter(({ name }) => measured.get(name).cpu.length > 0)) {
    rows.push({
      figure: `processor time a call, ${IN_FLIGHT} in flight, ${name}`,
      value: `${least(measured.get(name).cpu).toFixed(3)} ms`,
    });
  }
  if (servers.length === 1) console.log('left out: calls a second beside another bridge, name one with --peer');

  function keep(name, { ms, rate, cpu }) {
    if (cpu !== undefined) measured.get(name).cpu.push(cpu);
    measured.get(name).ms.push(ms);
    measured.get(name).rate.push(rate);
  }
}

/** The ratio of each round is what counts: both then had the same machine. */
function against(measured, name) {
  const [ours, theirs] = [measured.get('actionbridge').rate, measured.get(name).rate];
  const ratio = median(ours.map((rate, round) => rate / theirs[round]));
  return { target: `ours ≥ ${TARGETS.throughput} ×: ${ratio.toFixed(2)} ×`, met: ratio >= TARGETS.throughput };
}

function peersOn(baseUrl) {
  return options.peer.map((written) => {
    const [name, command] = [written.slice(0, written.indexOf('=')), written.slice(written.indexOf('=') + 1)];
    const words = command.replaceAll('{spec}', SPECS.petstore).replaceAll('{baseUrl}', baseUrl).split(' ');
    return { name, command: words[0] === 'node' ? [node, ...words.slice(1)] : words };
  });
}

async function startUpstream() {
  const child = spawn(node, ['bench/instant-upstream.mjs'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const port = await new Promise((resolve) => child.stdout.once('data', (text) => resolve(Number(text))));
  return { url: `http://127.0.0.1:${port}`, stop: () => child.stdin.end() };
}

async function timeDirect(url) {
  const pool = new Pool(url, { connections: IN_FLIGHT, pipelining: 1 });
  const result = await timeCalls(async () => (await pool.request({ path: '/pet/1', method: 'GET' })).body.text());
  await pool.close();
  return result;
}

async function timeServer(command) {
  const { tools, server } = await timeStart(command, env);
  const call = petCall(server, tools);
  try {
    const first = (await call()).toString();
    if (!first.includes('doggie')) throw new Error(`the call did not bring the API's answer: ${first}`);
    return await timeCalls(call, () => processorTime(server.pid));
  } finally {
    await server.close();
  }
}

/** The call of GET /pet/{petId}, whatever a bridge makes of its name and its argument. */
function petCall(server, tools) {
  const plain = (name) => name.toLowerCase().replace(/[^a-z]/g, '');
  const tool = tools.find(({ name }) => ['getpetbyid', 'gtptbyid'].includes(plain(name)));
  if (!tool) throw new Error(`no tool for getPetById among ${tools.map(({ name }) => name).join(', ')}`);
  const argument = Object.keys(tool.inputSchema.properties).find((name) => plain(name).includes('petid'));
  return () => server.request('tools/call', { name: tool.name, arguments: { [argument]: 1 } });
}

/** Median milliseconds of calls one after the other; calls a second, and processor time a call, with many in flight. */
async function timeCalls(call, processor = () => undefined) {
  for (let index = 0; index < 500; index++) await call();
  const times = [];
  for (let index = 0; index < calls; index++) {
    const started = performance.now();
    await call();
    times.push(performance.now() - started);
  }
  let left = calls * 2;
  const before = processor();
  const started = performance.now();
  const worker = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  const rate = (calls * 2) / ((performance.now() - started) / 1000);
  const cpu = before === undefined ? undefined : (processor() - before) / (calls * 2);
  return { ms: quantile(times, 0.5), rate, cpu };
}

async function measureManyCalls() {
  const [total, step] = [100_000, 10_000];
  const upstream = await startUpstream();
  const { tools, server } = await timeStart(serve(SPECS.petstore, upstream.url), env);
  const call = petCall(server, tools);
  const levels = [];
  for (let done = 0; done < total; done += step) {
    let left = step;
    const worker = async () => {
      while (left-- > 0) await call();
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
    levels.push(memory(server.pid));
  }
  await server.close();
  upstream.stop();
  const [first, second] = [levels.slice(2, 6), levels.slice(6)].map(median);
  rows.push({
    figure: `memory over ${total} calls`,
    value: `${levels.map((level) => level.toFixed(0)).join(' ')} MiB`,
    ratio: `${(second / first).toFixed(2)} ×`,
    target: 'the later half ≤ 1.1 × the earlier',
    met: second <= first * 1.1,
  });
}

function report() {
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  const load = loadavg()[0].toFixed(1);
  console.log(`\nNode ${version}, ${cpus().length} × ${cpus()[0].model}, load ${load}; ${runs} interleaved runs\n`);
  console.log(table(rows));
  const missed = rows.filter(({ met }) => met === false);
  console.log(`\n${rows.filter(({ met }) => met).length} targets met, ${missed.length} missed`);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ version, load, rows }, null, 1)}\n`);
  process.exitCode = options.strict && missed.length > 0 ? 1 : 0;
}
