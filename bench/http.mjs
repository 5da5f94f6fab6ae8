// npm run bench:http: tools/call through /mcp of the built command, beside (a) a bare node:http proxy that makes the same undici
// call and (b) the SDK's own handler around that call, all in one run, for both generations of the protocol.
//   node bench/http.mjs [--seconds 5] [--connections 32] [--rounds 3] [--json FILE]
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { drive, once } from './http-load.mjs';
import { startNode } from './process.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const TOKEN = 'bench-token-0123456789abcdef';
const WARM_CALLS = 15_000;
const STATELESS = '2026-07-28';
const SESSIONS = '2025-11-25';
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '32' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'string' },
  },
});
const seconds = Number(values.seconds);
const connections = Number(values.connections);

const ACCEPT = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  authorization: `Bearer ${TOKEN}`,
};
const CALL = { name: 'getPetById', arguments: { petId: 1 } };

/** How a client of each generation calls; `begin` gives the headers of its requests. */
const GENERATIONS = {
  [STATELESS]: {
    begin: async () => ({
      ...ACCEPT,
      'mcp-protocol-version': STATELESS,
      'mcp-method': 'tools/call',
      'mcp-name': CALL.name,
    }),
    params: {
      ...CALL,
      _meta: {
        'io.modelcontextprotocol/protocolVersion': STATELESS,
        'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  },
  [SESSIONS]: { begin: beginSession, params: CALL },
};

async function beginSession(url) {
  const params = { protocolVersion: SESSIONS, capabilities: {}, clientInfo: { name: 'bench', version: '1' } };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params });
  const { headers } = await once(url, { headers: ACCEPT, body });
  const [, id] = /\r\nmcp-session-id: *([^\r]+)/i.exec(headers) ?? [];
  return { ...ACCEPT, 'mcp-protocol-version': SESSIONS, ...(id === undefined ? {} : { 'mcp-session-id': id }) };
}

async function measure(url, revision, options) {
  const { begin, params } = GENERATIONS[revision];
  const headers = await Promise.all(Array.from({ length: connections }, () => begin(url)));
  let id = 0;
  const request = (index) => ({
    headers: headers[index],
    body: JSON.stringify({ jsonrpc: '2.0', id: ++id, method: 'tools/call', params }),
  });
  const check = (text) => text.includes('doggie') && !text.includes('"isError":true');
  const result = await drive(url, { connections, request, check, ...options }).catch((error) => {
    throw new Error(`${url}, ${revision}: ${error.message}`);
  });
  if (result.errors > 0) throw new Error(`${url}: ${result.errors} wrong answers, the first: ${result.firstError}`);
  return result;
}

const other = (...words) => startNode([join(HERE, 'http-servers.mjs'), ...words], /(http:\S+)\n/);

const upstream = await other('upstream');
const servers = {
  'bare proxy (a)': await other('proxy', upstream.url),
  'SDK handler (b)': await other('sdk', upstream.url),
  actionbridge: await startNode(
    [
      join(HERE, '../dist/actionbridge.mjs'),
      `pets=${join(HERE, '../specs/petstore.yaml')}`,
      ...['--base-url', upstream.url, '--rate-limit', '0', '--http', '0', '--token', TOKEN],
    ],
    / at (http:\S+)\/mcp\n/,
    { PETS_API_KEY: 'bench-key-0123' },
  ),
};

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const results = [];
for (const revision of [STATELESS, SESSIONS]) {
  const runs = Object.fromEntries(Object.keys(servers).map((name) => [name, []]));
  for (const { url } of Object.values(servers)) {
    // By calls, not by time: on a busy machine code that has run for two seconds may still be interpreted.
    for (let calls = 0; calls < WARM_CALLS; ) calls += (await measure(url, revision, { seconds: 1 })).count;
  }
  // In turns, so that a neighbour's noise meets all of them.
  for (let round = 0; round < Number(values.rounds); round++)
    for (const [name, { url }] of Object.entries(servers)) runs[name].push(await measure(url, revision, { seconds }));
  for (const [name, of] of Object.entries(runs))
    results.push({
      revision,
      name,
      rate: median(of.map(({ rate }) => rate)),
      p50: median(of.map(({ p50 }) => p50)),
      p99: median(of.map(({ p99 }) => p99)),
    });
  const half = results.at(-1).rate / 2;
  // In turns as well: a neighbour's burst of a second is the whole of one server's 99th percentile otherwise.
  const paced = Object.fromEntries(Object.keys(servers).map((name) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round++)
    for (const [name, { url }] of Object.entries(servers))
      paced[name].push((await measure(url, revision, { seconds, rate: half })).p99);
  for (const [name, p99s] of Object.entries(paced))
    Object.assign(
      results.find((row) => row.revision === revision && row.name === name),
      { halfLoadP99: median(p99s), halfLoadRate: half },
    );
}
for (const { stop } of Object.values(servers)) stop();
upstream.stop();

const round = (number, digits = 0) =>
  number.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits });
console.log(`${connections} connections, ${values.rounds} × ${seconds} s each in turns, median; ${process.version}\n`);
console.log(
  '| protocol | server | calls/s | p50 ms | p99 ms | of (a) | of (b) | p99 at half load of ours, ms |\n| --- | --- | --- | --- | --- | --- | --- | --- |',
);
for (const { revision, name, rate, p50, p99, halfLoadP99 } of results) {
  const of = (kind) =>
    `${round((rate / results.find((row) => row.revision === revision && row.name.includes(kind)).rate) * 100)} %`;
  console.log(
    `| ${revision} | ${name} | ${round(rate)} | ${round(p50, 2)} | ${round(p99, 2)} | ${of('(a)')} | ${of('(b)')} | ${round(halfLoadP99, 2)} |`,
  );
}
if (values.json) writeFileSync(values.json, JSON.stringify(results, null, 2));
