// npm run bench:replicas: three replicas behind nginx (deploy/nginx.conf) with one Redis, 200 clients of both generations. In the
// middle one replica is killed and started again, one is restarted, and Redis is away for ten seconds. Needs nginx and redis-server.
//   node bench/replicas.mjs [--clients 200] [--pause 500]
// Fails when an idempotent call failed that was not under way at the killed replica, or a rate limit was overshot by more than 10 %.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Agent, request } from 'undici';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const TOKEN = 'bench-token-0123456789abcdef';
const STATELESS = '2026-07-28';
const SESSIONS = '2025-11-25';
const LIMIT = { calls: 100, seconds: 10 };
const OVERSHOOT = 1.1;
const { values } = parseArgs({
  options: { clients: { type: 'string', default: '200' }, pause: { type: 'string', default: '500' } },
});
const clients = Number(values.clients);
const pauseMs = Number(values.pause);
const folder = mkdtempSync(join(tmpdir(), 'actionbridge-replicas-'));
const sleep = (ms) => new Promise((settle) => setTimeout(settle, ms));
const started = performance.now();
const now = () => (performance.now() - started) / 1000;
const say = (text) => console.log(`${now().toFixed(1).padStart(5)} s  ${text}`);

/** The API: remembers when calls of the limited tool came. */
const limitedAt = [];
const api = createServer((incoming, response) => {
  if (incoming.url.startsWith('/pet/findByStatus')) limitedAt.push(performance.now());
  incoming
    .resume()
    .once('end', () => response.setHeader('content-type', 'application/json').end('{"id":1,"name":"doggie"}'));
}).listen(0, '127.0.0.1');
await new Promise((settle) => api.once('listening', settle));

const [redisPort, nginxPort, ...ports] = await freePorts(5);
const redisUrl = `redis://127.0.0.1:${redisPort}`;
writeConfigs();
const processes = { redis: await startRedis() };
for (const [index, port] of ports.entries()) processes[index] = await startReplica(index, port);
processes.nginx = start('nginx', ['-c', join(folder, 'nginx.conf'), '-g', 'daemon off;']);
const reasons = new Map();
processes.nginx.stderr.setEncoding('utf8').on('data', (text) => {
  for (const [, reason] of text.matchAll(/\d+#\d+: \*\d+ (.*?), client/g))
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
});
await answers(nginxPort);

const tally = { calls: 0, failures: [], limited: 0, refused: 0 };
let running = true;
const lanes = Array.from({ length: clients }, (_, index) => client(index % 2 === 0 ? STATELESS : SESSIONS, index));
const hammers = Array.from({ length: 4 }, () => hammer());
say(`${clients} clients, half of each generation, call through nginx on ${nginxPort}`);

await sleep(5_000);
const atKill = inFlightAt(0);
const killedAt = performance.now();
await stop(processes[0], 'SIGKILL');
say(`replica 1 killed with kill -9, ${atKill} calls under way there`);
await sleep(5_000);
processes[0] = await startReplica(0, ports[0]);
say('replica 1 started again');
await sleep(4_000);
const drain = performance.now();
await stop(processes[1], 'SIGTERM');
say(`replica 2 stopped with SIGTERM, in ${Math.round(performance.now() - drain)} ms`);
processes[1] = await startReplica(1, ports[1]);
say('replica 2 started again');
await sleep(4_000);
await stop(processes.redis, 'SIGKILL');
say('Redis stopped');
await sleep(10_000);
processes.redis = await startRedis();
say('Redis started again, empty');
await sleep(6_000);
running = false;
await Promise.all([...lanes, ...hammers]);
for (const child of Object.values(processes)) await stop(child, 'SIGTERM');
api.close();
api.closeAllConnections();
rmSync(folder, { recursive: true, force: true });

const ofKill = tally.failures.filter(
  ({ at, why }) => /502|closed/.test(why) && at >= killedAt - 50 && at <= killedAt + 3_000,
);
const others = tally.failures.filter((failure) => !ofKill.includes(failure));
const worst = mostInWindow(limitedAt, LIMIT.seconds * 1000);
console.log(`
idempotent calls                        ${tally.calls}
failed: under way at the killed replica ${ofKill.length} (nginx says 502: whether they were carried out is unknown)
failed otherwise                        ${others.length}
calls of the limited tool               ${tally.limited} answered, ${tally.refused} refused
most in any ${LIMIT.seconds} s                        ${worst} of ${LIMIT.calls} allowed (${Math.round((worst / LIMIT.calls - 1) * 100)} % over)`);
for (const { why } of others.slice(0, 10)) console.log(`  ${why}`);
const good = others.length === 0 && ofKill.length <= atKill && worst <= LIMIT.calls * OVERSHOOT;
for (const [reason, count] of reasons) console.log(`  nginx, ${count} times: ${reason}`);
console.log(good ? '\npassed' : '\nFAILED');
process.exit(good ? 0 : 1);

async function client(revision, index) {
  const agent = new Agent({ connections: 1, keepAliveTimeout: 60_000 });
  await sleep((pauseMs * index) / clients);
  const fail = ({ status, text }) =>
    tally.failures.push({
      at: performance.now(),
      why: `${now().toFixed(1)} s, ${revision}: ${status} ${text.replace(/\s+/g, ' ').slice(0, 120)}`,
    });
  let session;
  for (let id = 1; running; id++) {
    const sent = performance.now();
    if (revision === SESSIONS && session === undefined) {
      const answer = await begin(agent);
      session = answer.headers['mcp-session-id'];
      if (session === undefined) fail(answer);
    }
    if (revision === STATELESS || session !== undefined) {
      const answer = await call(agent, { revision, session, id, name: 'getPetById', args: { petId: 1 } });
      tally.calls++;
      if (!answer.text.includes('doggie')) fail(answer);
      if (answer.status === 404) session = undefined;
    }
    await sleep(Math.max(0, pauseMs - (performance.now() - sent)));
  }
  await agent.close();
}

/** Calls the limited tool more often than it allows. */
async function hammer() {
  const agent = new Agent({ connections: 1 });
  for (let id = 1; running; id++) {
    const { text } = await call(agent, {
      revision: STATELESS,
      id,
      name: 'findPetsByStatus',
      args: { status: 'available' },
    });
    if (text.includes('doggie')) tally.limited++;
    else tally.refused++;
    await sleep(60);
  }
  await agent.close();
}

async function call(agent, { revision, session, id, name, args }) {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': STATELESS,
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const params = { name, arguments: args, ...(revision === STATELESS ? { _meta: meta } : {}) };
  const headers =
    revision === STATELESS
      ? { 'mcp-method': 'tools/call', 'mcp-name': name }
      : session === undefined
        ? {}
        : { 'mcp-session-id': session };
  return post(
    agent,
    { 'mcp-protocol-version': revision, ...headers },
    { jsonrpc: '2.0', id, method: 'tools/call', params },
  );
}

async function begin(agent) {
  const params = { protocolVersion: SESSIONS, capabilities: {}, clientInfo: { name: 'bench', version: '1' } };
  const answer = await post(agent, {}, { jsonrpc: '2.0', id: 0, method: 'initialize', params });
  const session = answer.headers['mcp-session-id'];
  if (session !== undefined)
    await post(
      agent,
      { 'mcp-session-id': session, 'mcp-protocol-version': SESSIONS },
      { jsonrpc: '2.0', method: 'notifications/initialized' },
    );
  return answer;
}

async function post(dispatcher, headers, body) {
  try {
    const answer = await request(`http://127.0.0.1:${nginxPort}/mcp`, {
      dispatcher,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${TOKEN}`,
        ...headers,
      },
      body: JSON.stringify(body),
    });
    return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  } catch (error) {
    return { status: 0, headers: {}, text: error.message };
  }
}

function writeConfigs() {
  const config = {
    apis: {
      pets: {
        spec: join(ROOT, 'specs/petstore.yaml'),
        baseUrl: `http://127.0.0.1:${api.address().port}`,
        tools: { findPetsByStatus: { rateLimit: LIMIT } },
      },
    },
    rateLimit: 0,
    concurrency: { upstream: 100, queue: 1_000 },
    http: { tokens: [{ token: TOKEN }] },
    redis: { url: redisUrl, replicas: 3, prefix: 'bench:' },
  };
  writeFileSync(join(folder, 'actionbridge.json'), JSON.stringify(config));
  const nginx = readFileSync(join(ROOT, 'deploy/nginx.conf'), 'utf8')
    .replaceAll(/actionbridge-(\d):8080/g, (_, number) => `127.0.0.1:${ports[number - 1]}`)
    .replace('listen 8080', `listen 127.0.0.1:${nginxPort}`)
    .replaceAll('/tmp/nginx', join(folder, 'nginx'));
  writeFileSync(join(folder, 'nginx.conf'), nginx);
}

async function startReplica(index, port) {
  const words = [
    join(ROOT, 'dist/actionbridge.mjs'),
    'serve',
    '--config',
    join(folder, 'actionbridge.json'),
    '--http',
    String(port),
  ];
  const child = start(process.execPath, words, { ...process.env, PETS_API_KEY: 'bench-key-0123' });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    for (const line of text.split('\n').filter((each) => /[Rr]edis|rror/.test(each)))
      say(`replica ${index + 1}: ${messageIn(line)}`);
  });
  await answers(port);
  return child;
}

function messageIn(line) {
  try {
    return JSON.parse(line).message;
  } catch {
    return line;
  }
}

async function startRedis() {
  const child = start('redis-server', [
    '--port',
    String(redisPort),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder,
  ]);
  await answers(redisPort);
  return child;
}

function start(command, words, env = process.env) {
  const child = spawn(command, words, { stdio: ['ignore', 'ignore', 'pipe'], env });
  child.stderr.resume();
  child.ended = new Promise((settle) => child.once('close', settle));
  return child;
}

async function stop(child, signal) {
  child.kill(signal);
  await child.ended;
}

/** Until somebody listens there. */
async function answers(port) {
  for (let tries = 0; tries < 400; tries++) {
    const is = await new Promise((settle) => {
      const socket = connect(port, '127.0.0.1', () => settle(true));
      socket.once('error', () => settle(false));
      socket.once('connect', () => socket.destroy());
    });
    if (is) return;
    await sleep(25);
  }
  throw new Error(`nobody listens on ${port}`);
}

async function freePorts(count) {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise((settle) => {
          const server = createServer().listen(0, '127.0.0.1', () => settle(server));
        }),
    ),
  );
  const found = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((settle) => server.close(settle))));
  return found;
}

/** Connections of nginx to a replica: no more calls than these can be under way there. */
function inFlightAt(index) {
  const hex = ports[index].toString(16).toUpperCase().padStart(4, '0');
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  return lines.filter((line) => new RegExp(`^\\s*\\d+: 0100007F:${hex} \\S+ 01 `).test(line)).length;
}

function mostInWindow(times, windowMs) {
  let most = 0;
  for (let first = 0, last = 0; last < times.length; last++) {
    while (times[last] - times[first] >= windowMs) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
