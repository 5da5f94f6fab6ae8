import type { Diagnostic } from '../diagnostic.ts';
import { writtenPointer } from '../spec/locate.ts';
import { own } from '../spec/references.ts';
import type { JsonObject, LoadedSpec } from '../spec/types.ts';
import { readBody } from './body.ts';
import { hasDotSegment } from './dot-segments.ts';
import { readExactHints, readExactText, withExactSchema } from './exact.ts';
import { reportInvisible } from './invisible.ts';
import { readParameters } from './parameters.ts';
import { asObject, asString, at, type OperationPlace, OperationRefused, type Reading } from './reading.ts';
import { resolveObject } from './resolve.ts';
import { readResponses } from './responses.ts';
import { readSecurity } from './security.ts';
import { readServers } from './servers.ts';
import type { Operation } from './types.ts';

/** An operation of the document that is left out; the reason stands in the diagnostics, at `pointer` or below. */
export interface RefusedOperation {
  readonly method: string;
  readonly path: string;
  readonly pointer: string;
}

export interface BuiltOperations {
  readonly operations: readonly Operation[];
  readonly refused: readonly RefusedOperation[];
  readonly diagnostics: readonly Diagnostic[];
}

const FIXED_METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const OTHER_FIELDS = new Set(['$ref', 'summary', 'description', 'servers', 'parameters']);
/** RFC 9110 §5.6.2: a method is a token. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const MAX_OPERATIONS = 20_000;

/**
 * Every operation under `paths` (OAS 3.2 §4.8–4.10), in the document's order. An operation that cannot be served is
 * left out with a diagnostic of severity error; webhooks and callbacks are not operations of the API.
 */
export function buildOperations(spec: LoadedSpec, api: string): BuiltOperations {
  const diagnostics: Diagnostic[] = [];
  const said = new Set<string>();
  const reading: Reading = {
    spec,
    shared: { parameters: new Map(), servers: new Map(), security: new Map(), findings: () => diagnostics.length },
    report: (severity, code, written, message, hint) => {
      const pointer = writtenPointer(spec.version, written);
      // What operations share with their path item is read for each of them.
      const key = `${pointer}\n${message}`;
      if (said.has(key)) return;
      said.add(key);
      const file = spec.source.name;
      diagnostics.push({ severity, code, file, pointer, message, ...(hint === undefined ? {} : { hint }) });
    },
  };
  const operations: Operation[] = [];
  const refused: RefusedOperation[] = [];
  const paths = asObject(own(spec.document, 'paths')) ?? {};
  for (const path of Object.keys(paths)) {
    if (path.startsWith('x-')) continue;
    readPathItem(reading, { api, path, written: paths[path] }, { operations, refused });
    if (operations.length > MAX_OPERATIONS) {
      reading.report(
        'error',
        'too-many-operations',
        '/paths',
        `Only the first ${MAX_OPERATIONS} operations are served`,
      );
      break;
    }
  }
  return { operations, refused, diagnostics };
}

interface PathEntry {
  readonly api: string;
  readonly path: string;
  readonly written: unknown;
}

interface Found {
  readonly operations: Operation[];
  readonly refused: RefusedOperation[];
}

function readPathItem(reading: Reading, { api, path, written }: PathEntry, into: Found): void {
  const pointer = at('/paths', path);
  const fault = faultOfPath(path);
  if (fault !== undefined) {
    reading.report('error', 'path-invalid', pointer, `The path "${path}" ${fault}, so its operations are left out`);
    for (const key of FIXED_METHODS.filter((method) => asObject(own(written, method))))
      into.refused.push({ method: key.toUpperCase(), path, pointer: at(pointer, key) });
    return;
  }
  const item = resolvePathItem(reading, written, pointer);
  if (!item) return;
  for (const { method, key, node, pointer: place } of methodsOf(reading, item, pointer)) {
    try {
      into.operations.push(
        readOperation(reading, { api, path, method, item, itemPointer: pointer, node, pointer: place }),
      );
    } catch (error) {
      if (!(error instanceof OperationRefused)) throw error;
      into.refused.push({ method, path, pointer: place });
      reading.report(
        'error',
        error.code,
        error.pointer,
        `${key.toUpperCase()} ${path} is left out: ${error.message}`,
        error.hint,
      );
    }
  }
}

/** Why a path cannot stand after a server's URL: it would lead out of it. */
function faultOfPath(path: string): string | undefined {
  if (!path.startsWith('/')) return 'does not begin with "/"';
  if (/^\/[/\\]/.test(path)) return 'begins with two slashes, which names another host';
  return hasDotSegment(path.split(/[?#]/, 1)[0]!) ? 'holds a "." or ".." segment' : undefined;
}

/** OAS 3.1 §4.8.9: `$ref` of a path item; fields beside it win. */
function resolvePathItem(reading: Reading, written: unknown, pointer: string): JsonObject | undefined {
  const item = asObject(written);
  if (!item) {
    if (written !== null && written !== undefined)
      reading.report('error', 'path-item-invalid', pointer, 'A path item must be an object');
    return undefined;
  }
  const ref = own(item, '$ref');
  if (typeof ref !== 'string') return item;
  const target = asObject(reading.spec.references.resolve(ref)?.node);
  if (!target) {
    reading.report(
      'error',
      'ref-dangling',
      at(pointer, '$ref'),
      `"${ref}" leads to no path item`,
      'Correct the reference',
    );
    return undefined;
  }
  const { $ref: _, ...siblings } = item;
  return { ...target, ...siblings };
}

interface MethodEntry {
  readonly method: string;
  readonly key: string;
  readonly node: JsonObject;
  readonly pointer: string;
}

function methodsOf(reading: Reading, item: JsonObject, pointer: string): readonly MethodEntry[] {
  const modern = isAtLeast32(reading.spec.version);
  const methods: MethodEntry[] = [];
  for (const key of Object.keys(item)) {
    if (key.startsWith('x-') || OTHER_FIELDS.has(key)) continue;
    const value = item[key];
    const place = at(pointer, key);
    if (FIXED_METHODS.includes(key) || (modern && key === 'query')) {
      const node = resolveObject(reading, value);
      if (node) methods.push({ method: key.toUpperCase(), key, node, pointer: place });
      else if (value !== null)
        reading.report(
          'error',
          'operation-invalid',
          place,
          'An operation must be an object, or its reference leads nowhere',
        );
    } else if (modern && key === 'additionalOperations') {
      methods.push(...additionalMethods(reading, value, place));
    } else {
      const hint = FIXED_METHODS.includes(key.toLowerCase()) ? `Write "${key.toLowerCase()}"` : undefined;
      reading.report(
        'warning',
        'unknown-field',
        place,
        `"${key}" is not a method of OpenAPI ${reading.spec.version}; it is not served`,
        hint,
      );
    }
  }
  return methods;
}

function additionalMethods(reading: Reading, value: unknown, pointer: string): readonly MethodEntry[] {
  const methods: MethodEntry[] = [];
  for (const [method, entry] of Object.entries(asObject(value) ?? {})) {
    const node = resolveObject(reading, entry);
    if (method.startsWith('x-') || !node) continue;
    if (TOKEN.test(method) && method.toUpperCase() !== 'CONNECT')
      methods.push({ method, key: method, node, pointer: at(pointer, method) });
    else reading.report('error', 'method-invalid', at(pointer, method), `"${method}" cannot be sent as an HTTP method`);
  }
  return methods;
}

function isAtLeast32(version: string): boolean {
  return version.startsWith('3.') && Number.parseInt(version.slice(2), 10) >= 2;
}

function readOperation(reading: Reading, place: OperationPlace): Operation {
  const { node, item } = place;
  const id = asString(node['operationId']);
  const summary = readExactText(node, 'summary') ?? asString(node['summary']) ?? asString(item['summary']);
  const description =
    readExactText(node, 'description') ?? asString(node['description']) ?? asString(item['description']);
  reportInvisible(reading, place.pointer, node);
  const consequential = node['x-openai-isConsequential'];
  const body = withExactSchema(node, readBody(reading, place));
  const tags = node['tags'];
  const hints = readExactHints(node);
  return {
    api: place.api,
    method: place.method,
    path: place.path,
    servers: readServers(reading, place),
    tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [],
    deprecated: node['deprecated'] === true,
    parameters: readParameters(reading, place),
    responses: readResponses(reading, place),
    security: readSecurity(reading, place),
    source: { file: reading.spec.source.name, pointer: place.pointer },
    ...(id === undefined ? {} : { id }),
    ...(summary === undefined ? {} : { summary }),
    ...(description === undefined ? {} : { description }),
    ...(typeof consequential === 'boolean' ? { consequential } : {}),
    ...(hints ? { hints } : {}),
    ...(body === undefined ? {} : { body }),
  };
}
