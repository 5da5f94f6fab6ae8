// npm run conformance: the official suite against the built command, once for each generation of the protocol. The command serves
// openapi.yaml, and beside it server.mjs, an MCP server that has what documents do not describe.
// The suite needs Node 22 or newer, so npx brings one along. What fails must stand in expected-failures-*.yaml, with its reason.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startUpstream } from './upstream.mjs';

const SUITE = '@modelcontextprotocol/conformance@0.2.0-alpha.12';
const REVISIONS = ['2026-07-28', '2025-11-25'];
const HERE = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const COMMAND = resolve(HERE, '../../dist/actionbridge.mjs');

const upstream = await startUpstream();
const results = mkdtempSync(join(tmpdir(), 'actionbridge-conformance-'));
const bridge = await startBridge(upstream.url, writeMcpConfig(results));
let failed = 0;
try {
  for (const revision of REVISIONS) failed += (await runSuite(revision)) === 0 ? 0 : 1;
} finally {
  bridge.kill();
  upstream.close();
  rmSync(results, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;

/** Named so that its tools and prompts have the names the suite calls. */
function writeMcpConfig(folder) {
  const path = join(folder, 'mcp.json');
  const test = { command: process.execPath, args: [join(HERE, 'server.mjs')] };
  writeFileSync(path, JSON.stringify({ mcpServers: { test } }));
  return path;
}

/** The suite sends no token. */
async function startBridge(upstreamUrl, mcpConfig) {
  const words = [
    join(HERE, 'openapi.yaml'),
    '--base-url',
    upstreamUrl,
    '--mcp-config',
    mcpConfig,
    '--http',
    '0',
    '--no-auth',
    '--no-cache-tools',
    '--rate-limit',
    '0',
  ];
  const child = spawn(process.execPath, [COMMAND, ...words], { stdio: ['ignore', 'inherit', 'pipe'] });
  let said = '';
  child.url = await new Promise((settle, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said += text;
      const found = / at (http:\S+)\n/.exec(said);
      if (found) settle(found[1]);
    });
    child.once('close', (code) => reject(new Error(`the command ended with ${code}: ${said}`)));
  });
  return child;
}

function runSuite(revision) {
  const words = ['-y', '-p', 'node@24', '-p', SUITE, 'conformance', 'server'];
  const options = ['--url', bridge.url, '--requirements', revision, '--output-dir', join(results, revision)];
  const baseline = ['--expected-failures', join(HERE, `expected-failures-${revision}.yaml`)];
  console.log(`\n== conformance ${revision}`);
  const child = spawn('npx', [...words, ...options, ...baseline], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  return new Promise((settle) =>
    child.once('close', (code) => {
      const summary = output.indexOf('=== SUMMARY ===');
      console.log(code === 0 && summary >= 0 ? output.slice(summary) : output);
      settle(code);
    }),
  );
}
