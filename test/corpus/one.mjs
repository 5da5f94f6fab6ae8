// Opens one document through the built library, in a process of its own so that time and memory are its own. Prints JSON.
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { judgeExports } from './exports.mjs';

const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const ARGUMENT = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const COMBINATORS = ['anyOf', 'oneOf', 'allOf', 'not', 'if', '$ref'];
const MAX_SCHEMA_BYTES = 16_384;
/** Keywords whose values are data: a `$ref` in there refers to nothing. */
const DATA = ['const', 'enum', 'default', 'example', 'examples'];

const opened = await open(process.argv[2]);
process.stdout.write(JSON.stringify(opened.refused ? opened : { ...opened.cost, ...judge(opened.bridge) }));

async function open(file) {
  const library = await import('../../dist/index.mjs');
  try {
    const bridge = await library.openBridge({ specs: [{ spec: file }], cacheTools: false });
    JSON.stringify(bridge.registry.tools.map(({ input }) => input));
    return { bridge, library, cost: { ms: Math.round(performance.now()), mib: peakMemory() } };
  } catch (error) {
    return { refused: String(error.message), expected: error.name === 'BridgeError' };
  }
}

/** High-water mark of this process's memory in MiB, where the system tells it. */
function peakMemory() {
  try {
    return Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024);
  } catch {
    return Math.round(process.resourceUsage().maxRSS / 1024);
  }
}

function judge({ registry, diagnostics }) {
  const validators = [Ajv, Ajv2020].map((Validator) => new Validator({ strict: false, logger: false }));
  const names = new Set();
  const problems = registry.tools.flatMap((tool) => {
    const found = [...judgeName(tool.name, names), ...judgeSchema(tool.input, validators)];
    return found.map((problem) => `${tool.name}: ${problem}`);
  });
  problems.push(...judgeExports(opened.library, registry.tools));
  return {
    tools: registry.tools.map(({ request }) => ({ method: request.method, path: request.path })),
    largest: Math.max(0, ...registry.tools.map(({ input }) => Buffer.byteLength(JSON.stringify(input)))),
    problems,
    findings: diagnostics.map(({ severity, pointer, message }) => ({ severity, pointer, message })),
  };
}

function* judgeName(name, names) {
  if (!NAME.test(name)) yield 'the name is illegal';
  if (names.has(name)) yield 'the name is there twice';
  names.add(name);
}

function* judgeSchema(schema, validators) {
  if (schema.type !== 'object') yield 'the root is no object';
  for (const keyword of COMBINATORS) if (keyword in schema) yield `the root has ${keyword}`;
  for (const argument of Object.keys(schema.properties ?? {})) {
    if (!ARGUMENT.test(argument)) yield `the argument name ${JSON.stringify(argument)} is illegal`;
  }
  for (const ref of referencesIn(schema)) if (!resolves(ref, schema)) yield `${ref} points nowhere`;
  const bytes = Buffer.byteLength(JSON.stringify(schema));
  if (bytes > MAX_SCHEMA_BYTES) yield `the schema has ${bytes} bytes`;
  for (const validator of validators) {
    try {
      validator.compile(schema);
    } catch (error) {
      yield `${validator.constructor.name} does not compile it: ${error.message}`;
    }
  }
}

function* referencesIn(node) {
  if (typeof node !== 'object' || node === null) return;
  if (typeof node.$ref === 'string') yield node.$ref;
  for (const [keyword, value] of Object.entries(node)) if (!DATA.includes(keyword)) yield* referencesIn(value);
}

function resolves(ref, schema) {
  const steps = ref.split('/').slice(1);
  const decode = (step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
  return ref.startsWith('#') && steps.reduce((node, step) => node?.[decode(step)], schema) !== undefined;
}
