import { createHash } from 'node:crypto';

/** The common subset of OpenAI, Anthropic and Gemini. */
export const MAX_NAME_LENGTH = 64;

export interface NamedOperation {
  readonly api: string;
  readonly id?: string;
  readonly method: string;
  readonly path: string;
}

/**
 * A name for each operation, in order: the operationId with its separators kept, else `<method>_<path words>`; letters,
 * digits, `_` and `-`, a letter first, at most 64 characters. Names that several operations of one API would have gain a
 * hash of method and path, all of them; names that several APIs would have gain the API's name, all of them. So a name
 * depends neither on the order of loading nor on a counter.
 */
export function nameOperations(operations: readonly NamedOperation[]): string[] {
  const names = operations.map((operation) => shortened(wordsOf(operation), operation));
  for (const index of clashes(names.map((name, index) => `${operations[index]!.api}\n${name}`))) {
    const operation = operations[index]!;
    names[index] = withHash(names[index]!, operation);
  }
  for (const index of clashes(names)) {
    const operation = operations[index]!;
    names[index] = shortened(sanitize(`${operation.api}_${names[index]}`), operation);
  }
  return names;
}

/** The indexes of texts that stand in the list more than once. */
export function clashes(texts: readonly string[]): number[] {
  if (new Set(texts).size === texts.length) return [];
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...texts.keys()].filter((index) => counts.get(texts[index]!)! > 1);
}

function wordsOf(operation: NamedOperation): string {
  const fromId = sanitize(operation.id ?? '');
  if (fromId !== '') return /^[A-Za-z]/.test(fromId) ? fromId : `op_${fromId}`;
  const path = operation.path.split('/').map((segment) => segment.replace(/\{([^{}]*)\}/g, ' by $1 '));
  return sanitize([operation.method.toLowerCase(), ...path].join(' '));
}

function sanitize(text: string): string {
  return text
    .replace(/[^A-Za-z0-9_-]+/g, '_')
    .replace(/^[_-]+|[_-]+$/g, '')
    .replace(/_{2,}/g, '_');
}

/** Whole words of a name that is too long, then the hash. */
function shortened(name: string, operation: NamedOperation): string {
  return name.length <= MAX_NAME_LENGTH ? name : withHash(name, operation);
}

/** The name with 8 digits of a hash of method and path, whole words of it kept. */
export function withHash(name: string, operation: Pick<NamedOperation, 'method' | 'path'>): string {
  const room = MAX_NAME_LENGTH - 9;
  let kept = name;
  if (name.length > room) {
    const cut = name.slice(0, room);
    const word = Math.max(cut.lastIndexOf('_'), cut.lastIndexOf('-'), lastCapital(cut));
    kept = word > room / 2 ? cut.slice(0, word) : cut;
  }
  return `${kept.replace(/[_-]+$/, '')}_${shortHash(`${operation.method} ${operation.path}`)}`;
}

function lastCapital(text: string): number {
  for (let index = text.length - 1; index > 0; index--)
    if (/[A-Z]/.test(text[index]!) && /[a-z0-9]/.test(text[index - 1]!)) return index;
  return -1;
}

/** 8 hexadecimal digits of sha-256. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
