import { RE2JS } from 're2js';

interface Pattern {
  test(text: string): boolean;
  toString(): string;
}

let serial = 0;

/**
 * A pattern for ajv's `code.regExp` that runs in time linear in the text. What RE2 cannot express (look-around,
 * back-references) matches everything: a check that may take for ever is no check. `toString` is unique, since ajv keeps
 * its compiled patterns by it.
 */
export function compilePattern(source: string): Pattern {
  const name = `/${source}/${serial++}`;
  const compiled = tryCompile(source);
  return { test: compiled === undefined ? () => true : (text) => compiled.matcher(text).find(), toString: () => name };
}
compilePattern.code = 'compilePattern';

function tryCompile(source: string): RE2JS | undefined {
  try {
    return RE2JS.compile(RE2JS.translateRegExp(source));
  } catch {
    return undefined;
  }
}

/** Whether a pattern is checked at all. */
export function isLinearPattern(source: string): boolean {
  return tryCompile(source) !== undefined;
}
