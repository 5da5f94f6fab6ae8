// npm run corpus -- FOLDER...: every document below the folders through the built library.
// Fails when less than 99.5 % of the operations are tools, a schema or name is wrong, or a document takes over 10 s or 1 GB.
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { countOperations } from './count.mjs';

const run = promisify(execFile);
const words = process.argv.slice(2);
const json = words.includes('--json') ? words.splice(words.indexOf('--json'), 2)[1] : undefined;
const folders = words.filter((folder) => existsSync(folder));
if (folders.length < words.length || folders.length === 0) {
  console.log(`corpus: not here: ${words.filter((folder) => !existsSync(folder)).join(', ') || 'no folder was given'}`);
  if (folders.length === 0) process.exit(0);
}

function documentsBelow(folder) {
  const entries = readdirSync(folder, { withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && /\.(?:json|ya?ml)$/i.test(entry.name))
    .map((entry) => join(folder, entry.name));
  const multi = files.filter((file) => /DigitalOcean-public|openapi\.ya?ml$/i.test(basename(file)));
  if (multi.length === 1 && entries.some((entry) => entry.isDirectory() && entry.name === 'resources')) return multi;
  return [
    ...files.filter((file) => !/ai-plugin\.json$/.test(file)),
    ...entries.filter((entry) => entry.isDirectory()).flatMap((entry) => documentsBelow(join(folder, entry.name))),
  ];
}

const rows = [];
for (const file of folders.flatMap(documentsBelow)) {
  const { stdout } = await run(process.execPath, [fileURLToPath(new URL('one.mjs', import.meta.url)), file], {
    timeout: 60_000,
    maxBuffer: 1 << 26,
  }).catch((error) => ({ stdout: JSON.stringify({ refused: `crashed: ${error.message.slice(0, 300)}` }) }));
  const result = JSON.parse(stdout.trim().split('\n').at(-1));
  rows.push({ file, operations: countOperations(file), ...result });
}

const sum = (key) => rows.reduce((total, row) => total + (row[key] ?? 0), 0);
const refused = rows.filter((row) => row.refused);
const slow = rows.filter((row) => row.ms > 10_000 || row.mib > 1024);
const unexplained = rows.filter((row) => !row.refused && row.tools + row.left.length < row.operations);
for (const row of refused) console.log(`refused  ${row.file}: ${row.refused}`);
for (const row of rows) for (const problem of row.problems ?? []) console.log(`problem  ${row.file}: ${problem}`);
for (const row of rows) for (const place of row.left ?? []) console.log(`left out ${row.file}${place}`);
for (const row of slow) console.log(`costly   ${row.file}: ${row.ms} ms, ${row.mib} MiB`);
for (const row of unexplained)
  console.log(
    `silent   ${row.file}: ${row.tools} tools and ${row.left.length} findings for ${row.operations} operations`,
  );
const worst = [...rows].sort((a, b) => (b.ms ?? 0) - (a.ms ?? 0)).slice(0, 5);
console.log(worst.map((row) => `${basename(row.file)}: ${row.ms} ms, ${row.mib} MiB, ${row.tools} tools`).join('\n'));
const share = sum('tools') / sum('operations');
console.log(
  `${rows.length} documents, ${rows.length - refused.length} served; ${sum('tools')} tools of ${sum('operations')} operations (${(share * 100).toFixed(2)} %); ${sum('problemCount')} schema or name problems`,
);
if (json) writeFileSync(json, JSON.stringify(rows, null, 1));
process.exit(refused.length + slow.length + unexplained.length + sum('problemCount') > 0 || share < 0.995 ? 1 : 0);
