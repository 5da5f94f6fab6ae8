import { BridgeError } from '../errors.ts';
import { findJsonFault, type JsonFault } from './json-fault.ts';
import { limitDepth, limitTree, placeOf } from './limits.ts';
import type { DuplicateKey, YamlRead, YamlRefusal } from './yaml.ts';

export interface Parsed {
  readonly value: unknown;
  /** Nodes may stand in several places: YAML aliases. */
  readonly shared: boolean;
  readonly warnings: readonly ParseWarning[];
}

/** A duplicate key. */
export interface ParseWarning {
  readonly pointer: string;
  readonly message: string;
}

/** The two YAML readers, loaded or not: a JSON document needs neither. */
export interface YamlReaders {
  readonly strict: typeof import('./yaml.ts').readYaml;
  readonly lenient: typeof import('./lenient-yaml.ts').readLenientYaml;
}

/**
 * A document's text as data: JSON when it begins like JSON, else YAML 1.2 (core schema, merge keys). Throws SPEC_UNREADABLE
 * with line and column, SPEC_TOO_LARGE for depth and for aliases that expand without end, SPEC_INVALID for aliases in
 * themselves.
 */
export async function parseText(text: string, name: string): Promise<Parsed> {
  const start = beginningOf(text, name);
  const json = parseJson(start, name);
  if (json && !isFault(json)) return json;
  const { readYaml } = await import('./yaml.ts');
  const read = readYaml(start, name);
  if (!('refused' in read)) return checked(read, start, name);
  if (json) throw notJson(start, name, json);
  const { readLenientYaml } = await import('./lenient-yaml.ts');
  return orRefuse(readLenientYaml(start), read, start, name);
}

/** The same with both YAML readers at hand. */
export function parseTextNow(text: string, name: string, readers: YamlReaders): Parsed {
  const start = beginningOf(text, name);
  const json = parseJson(start, name);
  if (json && !isFault(json)) return json;
  const read = readers.strict(start, name);
  if (!('refused' in read)) return checked(read, start, name);
  if (json) throw notJson(start, name, json);
  return orRefuse(readers.lenient(start), read, start, name);
}

/** The text without its byte order mark. Throws for what is no document at all. */
function beginningOf(text: string, name: string): string {
  const start = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  const first = /\S/.exec(start)?.[0];
  if (first === undefined) throw new BridgeError('SPEC_UNREADABLE', `${name}: the document is empty`);
  if (first === '<')
    throw new BridgeError('SPEC_UNREADABLE', `${name}: this is HTML or XML, not an OpenAPI document`, {
      hint: 'A login page, perhaps? Give the URL of the document itself.',
    });
  return start;
}

/**
 * Undefined for a text that does not begin like JSON. A fault of syntax is returned, since the text may be a YAML flow
 * mapping (unquoted keys, comments, a comma too many); JSON that was cut off or that goes on after its end is refused.
 */
function parseJson(text: string, name: string): Parsed | JsonFault | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const fault = findJsonFault(text) ?? { kind: 'syntax', offset: 0, problem: (error as SyntaxError).message };
    if (fault.kind !== 'syntax') throw notJson(text, name, fault);
    return fault;
  }
  limitDepth(value, name);
  return { value, shared: false, warnings: [] };
}

function isFault(json: Parsed | JsonFault): json is JsonFault {
  return 'problem' in json;
}

function notJson(text: string, name: string, { offset, problem }: JsonFault): BridgeError {
  return new BridgeError('SPEC_UNREADABLE', `${name}${placeOf(text, offset)}: not JSON: ${problem}`);
}

/**
 * js-yaml is four times as fast as `yaml` and takes half the memory, so it comes first; `yaml` reads some real documents that
 * js-yaml refuses.
 */
function orRefuse(read: YamlRead | undefined, { refused, place }: YamlRefusal, text: string, name: string): Parsed {
  if (!read) throw new BridgeError('SPEC_UNREADABLE', `${name}${place}: not YAML: ${refused}`);
  // Its depth was not limited while it was read.
  return checked({ ...read, shared: true }, text, name);
}

function checked({ value, shared, duplicates }: YamlRead, text: string, name: string): Parsed {
  if (shared) limitTree(value, name);
  return { value, shared, warnings: duplicates.map((duplicate) => warningOf(duplicate, text)) };
}

function warningOf({ pointer, offset }: DuplicateKey, text: string): ParseWarning {
  const [, line, column] = placeOf(text, offset).split(':');
  return { pointer, message: `Line ${line}, column ${column}: this key is there already; the last one counts` };
}
