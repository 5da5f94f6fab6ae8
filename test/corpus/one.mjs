// One document through the built library, in a process of its own so that its time and memory are its own. Prints JSON.
import { readFileSync } from 'node:fs';
import Ajv from 'ajv';
import Ajv2020 from 'ajv/dist/2020.js';
import { openBridge } from '../../dist/index.mjs';

const file = process.argv[2];
const started = performance.now();
const bridge = await openBridge({ specs: [file] }).catch((error) => {
  console.log(JSON.stringify({ refused: error.message }));
  process.exit(0);
});
const ms = Math.round(performance.now() - started);
const mib = Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024);
const problems = [];
const names = new Set();
for (const { name, input } of bridge.registry.tools) {
  if (!/^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(name)) problems.push(`${name}: illegal name`);
  if (names.has(name)) problems.push(`${name}: duplicate name`);
  names.add(name);
  if (input.type !== 'object' || ['anyOf', 'oneOf', 'allOf', 'not', '$ref'].some((keyword) => keyword in input))
    problems.push(`${name}: root is not a plain object`);
  if (Object.keys(input.properties).some((argument) => !/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(argument)))
    problems.push(`${name}: illegal argument name`);
  if (JSON.stringify(input).length > 16_384) problems.push(`${name}: schema over 16,384 bytes`);
  for (const Validator of [Ajv, Ajv2020]) {
    try {
      new Validator({ strict: false, validateFormats: false, logger: false }).compile(input);
    } catch (error) {
      problems.push(`${name}: ${error.message}`);
    }
  }
}
const left = bridge.diagnostics
  .filter(({ severity }) => severity === 'error')
  .map(({ pointer, message }) => `${pointer}: ${message}`);
console.log(
  JSON.stringify({ tools: names.size, ms, mib, problems: problems.slice(0, 5), problemCount: problems.length, left }),
);
