/** Where and how a text stops being JSON. */
export interface JsonFault {
  /** `truncated`: it ends too early; `trailing`: more follows a whole document; `syntax`: the rest. */
  readonly kind: 'truncated' | 'trailing' | 'syntax';
  readonly offset: number;
  /** Finishes the sentence "not JSON: …". */
  readonly problem: string;
}

type Expected = 'value' | 'value or "]"' | 'key' | 'key or "}"' | '":"' | 'separator';

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LITERAL = /true|false|null/y;
const SPACE = /[ \t\n\r]*/y;

/**
 * The first fault of a text that JSON.parse refused (RFC 8259), or undefined when there is none. V8's own messages name a
 * position only sometimes, and differ from version to version.
 */
export function findJsonFault(text: string): JsonFault | undefined {
  const open: ('{' | '[')[] = [];
  let expected: Expected = 'value';
  let at = match(SPACE, text, 0) ?? 0;
  while (at < text.length) {
    if (expected === 'separator' && open.length === 0)
      return { kind: 'trailing', offset: at, problem: 'more text follows the end of the document' };
    const sign = text[at]!;
    const step: Expected | number | JsonFault | undefined =
      structural(sign, expected, open) ?? scalar(text, at, expected);
    if (typeof step === 'object') return step;
    if (step === undefined)
      return {
        kind: 'syntax',
        offset: at,
        problem: `expected ${nameOf(expected, open)}, found ${JSON.stringify(sign)}`,
      };
    if (typeof step === 'number') at = step;
    else at++;
    expected = typeof step === 'number' ? (expected.startsWith('key') ? '":"' : 'separator') : step;
    at = match(SPACE, text, at) ?? at;
  }
  if (expected === 'separator' && open.length === 0) return undefined;
  return {
    kind: 'truncated',
    offset: text.length,
    problem: `the document ends where ${nameOf(expected, open)} is expected`,
  };
}

/** What is expected after a bracket, comma or colon; undefined when the sign is none of them or stands wrong. */
function structural(sign: string, expected: Expected, open: ('{' | '[')[]): Expected | undefined {
  const wantsValue = expected === 'value' || expected === 'value or "]"';
  if (sign === '{' && wantsValue) {
    open.push('{');
    return 'key or "}"';
  }
  if (sign === '[' && wantsValue) {
    open.push('[');
    return 'value or "]"';
  }
  const closes =
    (sign === '}' && open.at(-1) === '{' && (expected === 'key or "}"' || expected === 'separator')) ||
    (sign === ']' && open.at(-1) === '[' && (expected === 'value or "]"' || expected === 'separator'));
  if (closes) {
    open.pop();
    return 'separator';
  }
  if (sign === ',' && expected === 'separator') return open.at(-1) === '{' ? 'key' : 'value';
  return sign === ':' && expected === '":"' ? 'value' : undefined;
}

/** Where the string, number or literal at `at` ends; a fault inside it; undefined when there is none that may stand here. */
function scalar(text: string, at: number, expected: Expected): number | JsonFault | undefined {
  if (expected === 'separator' || expected === '":"') return undefined;
  if (text[at] === '"') return endOfString(text, at);
  return expected.startsWith('key') ? undefined : (match(NUMBER, text, at) ?? match(LITERAL, text, at));
}

function endOfString(text: string, start: number): number | JsonFault {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code < 0x20)
      return { kind: 'syntax', offset: at, problem: 'a line break or control character inside a string' };
    if (code !== 0x5c) continue;
    const escaped = text.slice(at + 1, at + 6);
    if (!/^(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.test(escaped) && at + 1 + escaped.length < text.length)
      return { kind: 'syntax', offset: at, problem: 'a backslash that begins no escape' };
    at++;
  }
  return { kind: 'truncated', offset: text.length, problem: 'the document ends inside a string' };
}

function match(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

function nameOf(expected: Expected, open: readonly string[]): string {
  if (expected === 'separator') return `"," or "${open.at(-1) === '{' ? '}' : ']'}"`;
  return expected === '":"' ? expected : `a ${expected}`;
}
