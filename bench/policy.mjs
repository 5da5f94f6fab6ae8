#!/usr/bin/env node
// npm run bench:policy -- --calls 5000
// What the call policy costs: the same call in the same run with everything on (and an audit file) and with all of it off.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openBridge } from '../dist/index.mjs';

const { values } = parseArgs({ options: { calls: { type: 'string', default: '5000' } } });
const calls = Number(values.calls);
const LIMIT_MS = 0.15;

const server = spawn(process.execPath, [new URL('./http-servers.mjs', import.meta.url).pathname, 'upstream'], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const url = await new Promise((resolve) => server.stdout.once('data', (text) => resolve(String(text).trim())));
const folder = mkdtempSync(join(tmpdir(), 'policy-'));
const spec = join(folder, 'pets.json');
const petId = { name: 'petId', in: 'path', required: true, schema: { type: 'integer' } };
const get = { operationId: 'getPet', parameters: [petId], responses: { 200: { description: 'A pet.' } } };
writeFileSync(
  spec,
  JSON.stringify({ openapi: '3.1.0', info: { title: 'Pets', version: '1' }, paths: { '/pet/{petId}': { get } } }),
);
const open = (options) => openBridge({ specs: [{ name: 'pets', spec, baseUrl: url }], logLevel: 'silent', ...options });
const off = { rateLimit: false, breaker: false, retry: { tries: 1 } };
const audit = { path: join(folder, 'audit.jsonl'), payloads: false, unauditedReads: false };
const bridges = {
  off: await open({ policy: off }),
  on: await open({ policy: { rateLimit: { calls: 100_000_000, windowMs: 60_000 } } }),
  audited: await open({ policy: { rateLimit: { calls: 100_000_000, windowMs: 60_000 } }, audit }),
};
const times = { off: [], on: [], audited: [] };
for (let number = 0; number < calls + 500; number++)
  for (const [name, bridge] of Object.entries(bridges)) {
    const started = performance.now();
    const { result } = await bridge.call('getPet', { petId: number }, { surface: 'mcp', principal: 'p' });
    if (result.kind !== 'ok') throw new Error(JSON.stringify(result));
    if (number >= 500) times[name].push(performance.now() - started);
  }
for (const bridge of Object.values(bridges)) await bridge.close();
server.kill();
rmSync(folder, { recursive: true });

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
const base = median(times.off);
for (const [name, list] of Object.entries(times))
  console.log(
    `${name.padEnd(8)} median ${median(list).toFixed(3)} ms  (+${(median(list) - base).toFixed(3)} ms, x ${(median(list) / base).toFixed(2)})`,
  );
const cost = median(times.audited) - base;
console.log(
  `${cost <= LIMIT_MS ? 'good' : 'BAD '}  policy and audit add ${cost.toFixed(3)} ms to the median call; the limit is ${LIMIT_MS} ms`,
);
process.exitCode = cost <= LIMIT_MS ? 0 : 1;
