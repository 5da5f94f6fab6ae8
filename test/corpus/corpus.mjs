// npm run corpus -- FOLDER... [--json FILE]
// Opens every OpenAPI document below the folders with the built library, each in a process of its own, and compares with
// an independent count of the operations. Fails when less than 99.5 % of the operations are tools, when one that is not is
// not named in the findings, when a schema or a name is wrong, or when a document takes more than 10 s or 1 GiB.
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findDocuments, findManifests, indexName, readIndex } from './documents.mjs';

const MAX_MS = 10_000;
const MAX_MIB = 1024;
const KILL_MS = 60_000;
const LEAST_SHARE = 0.995;

const { values, positionals: folders } = parseArgs({ options: { json: { type: 'string' } }, allowPositionals: true });
const absent = folders.filter((folder) => !existsSync(folder));
if (folders.length === 0 || absent.length > 0) {
  console.error(folders.length === 0 ? 'corpus: name at least one folder' : `corpus: not here: ${absent.join(', ')}`);
  process.exit(2);
}

const violations = [];
const rows = [];
for (const folder of folders) {
  const documents = findDocuments(folder);
  violations.push(...compareWithIndex(folder, documents));
  for (const document of documents) rows.push(await check(document));
  const manifests = findManifests(folder).length;
  const skipped = manifests === 0 ? '' : `; ${manifests} ai-plugin.json manifests skipped, they are not read yet`;
  console.log(`${folder}: ${documents.length} documents, ${sum(documents, countOf)} operations${skipped}`);
}
report();

/** Opens one document, and judges what came of it. */
async function check({ file, readable, operations }) {
  const result = await openInProcess(file);
  if (result.refused !== undefined) {
    const fair = !readable && result.expected && result.refused.includes(file);
    if (fair) console.log(`refused, as it is neither JSON nor YAML: ${result.refused.split('\n')[0]}`);
    else violations.push(`${file}: refused: ${result.refused}`);
    return { file, operations: 0, tools: 0, left: [], refused: result.refused };
  }
  const left = leftOut(operations, result);
  for (const { name, reason } of left) {
    if (reason === undefined) violations.push(`${file}: ${name} is no tool, and no finding says why`);
  }
  violations.push(...result.problems.map((problem) => `${file}: ${problem}`));
  if (result.ms > MAX_MS) violations.push(`${file}: took ${result.ms} ms`);
  if (result.mib > MAX_MIB) violations.push(`${file}: took ${result.mib} MiB`);
  const { ms, mib, largest, findings } = result;
  return {
    file,
    operations: operations.length,
    tools: operations.length - left.length,
    left,
    ms,
    mib,
    largest,
    findings: findings.length,
  };
}

function openInProcess(file) {
  return new Promise((resolve) => {
    const script = fileURLToPath(new URL('one.mjs', import.meta.url));
    const child = spawn(process.execPath, [script, file], { stdio: ['ignore', 'pipe', 'pipe'], timeout: KILL_MS });
    const output = ['', ''];
    for (const [index, stream] of [child.stdout, child.stderr].entries()) {
      stream.setEncoding('utf8').on('data', (text) => {
        output[index] += text;
      });
    }
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(JSON.parse(output[0]));
      const end = signal === null ? `exit code ${code}` : `ended by ${signal} after at most ${KILL_MS} ms`;
      resolve({ refused: `${end}: ${output[1].slice(-500)}`, expected: false });
    });
  });
}

/** The operations that are no tools, each with the first finding of severity error at its place or above it. */
function leftOut(operations, { tools, findings }) {
  const served = new Set(tools.map(({ method, path }) => `${method} ${path}`));
  const errors = findings.filter(({ severity }) => severity === 'error');
  return operations
    .filter(({ method, path }) => !served.has(`${method} ${path}`))
    .map(({ method, path }) => {
      const item = `/paths/${path.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      const places = [item, `${item}/${method.toLowerCase()}`, `${item}/additionalOperations/${method}`];
      const above = errors.find(({ pointer }) => pointer === item);
      const at = errors.find(({ pointer }) => places.slice(1).some((place) => `${pointer}/`.startsWith(`${place}/`)));
      return { name: `${method} ${path}`, reason: (at ?? above)?.message };
    });
}

/** The count must be right before anything is compared with it. */
function compareWithIndex(folder, documents) {
  const stated = readIndex(folder);
  const counted = new Map(documents.map((document) => [indexName(folder, document.file), countOf(document)]));
  return [...stated]
    .filter(([file, count]) => counted.get(file) !== count)
    .map(
      ([file, count]) =>
        `${folder}/${file}: INDEX.md states ${count} operations, counted ${counted.get(file) ?? 'no document'}`,
    );
}

function countOf(document) {
  return document.operations.length;
}

function sum(list, of) {
  return list.reduce((total, item) => total + of(item), 0);
}

function report() {
  for (const { file, left } of rows) {
    for (const { name, reason } of left) if (reason !== undefined) console.log(`left out: ${file} ${name}: ${reason}`);
  }
  table('slowest', 'ms');
  table('largest in memory', 'mib');
  table('largest schema of a tool, bytes', 'largest');
  const operations = sum(rows, (row) => row.operations);
  const tools = sum(rows, (row) => row.tools);
  const share = operations === 0 ? 1 : tools / operations;
  if (share < LEAST_SHARE)
    violations.push(`only ${percent(share)} of the operations are tools, ${percent(LEAST_SHARE)} must be`);
  const served = rows.filter((row) => row.refused === undefined).length;
  console.log(
    `\n${served} of ${rows.length} documents served, ${tools} of ${operations} operations are tools (${percent(share)})`,
  );
  for (const violation of violations) console.log(`wrong: ${violation}`);
  console.log(`corpus: ${violations.length === 0 ? 'nothing wrong' : `${violations.length} wrong`}`);
  if (values.json !== undefined) {
    writeFileSync(
      values.json,
      `${JSON.stringify({ operations, tools, served, violations, documents: rows }, null, 1)}\n`,
    );
  }
  process.exitCode = violations.length === 0 ? 0 : 1;
}

function table(title, key) {
  console.log(`\n${title}`);
  const worst = rows.filter((row) => row[key] !== undefined).sort((a, b) => b[key] - a[key]);
  for (const row of worst.slice(0, 5)) console.log(`${String(row[key]).padStart(8)}  ${row.file} (${row.tools} tools)`);
}

function percent(share) {
  return `${(Math.floor(share * 10_000) / 100).toFixed(2)} %`;
}
