import { hasDotSegment } from '../operation/dot-segments.ts';
import type { ParameterWire } from '../operation/types.ts';
import { encodeText, writePathValue } from './serialize.ts';

export type WrittenPath =
  | { readonly ok: true; readonly path: string; readonly query: string }
  | { readonly ok: false; readonly parameter: string; readonly message: string };

type PathParameter = Extract<ParameterWire, { in: 'path' }>;

/**
 * The path of a template with its expressions filled in: every value stays inside its segment. Refused are values that
 * leave a segment empty, or that are `.` or `..` however often they are encoded (RFC 3986 §5.2.4 and what servers add to it).
 * A literal `?query` of the template becomes part of the query; a literal `#fragment` only tells operations apart and is not sent.
 */
export function writePath(
  template: string,
  parameters: readonly PathParameter[],
  argumentFor: (parameter: PathParameter) => unknown,
): WrittenPath {
  const hash = template.indexOf('#');
  const sent = hash < 0 ? template : template.slice(0, hash);
  const mark = sent.indexOf('?');
  const segments = (mark < 0 ? sent : sent.slice(0, mark)).split('/');
  const written: string[] = [];
  for (const segment of segments) {
    const filled = fill(segment, parameters, argumentFor);
    if (typeof filled !== 'string') return filled;
    written.push(filled);
  }
  return { ok: true, path: written.join('/'), query: mark < 0 ? '' : literal(sent.slice(mark + 1)) };
}

function fill(
  segment: string,
  parameters: readonly PathParameter[],
  argumentFor: (parameter: PathParameter) => unknown,
): string | Extract<WrittenPath, { ok: false }> {
  let written = '';
  let last = 0;
  let name = '';
  for (const match of segment.matchAll(/\{([^{}]*)\}/g)) {
    name = match[1]!;
    const parameter = parameters.find((candidate) => candidate.name === name);
    const value = parameter && argumentFor(parameter);
    if (!parameter || value === undefined) return { ok: false, parameter: name, message: 'is needed in the path' };
    const text = writePathValue(parameter, value);
    if (/%(?:[01][0-9A-F]|7F)/i.test(text))
      return { ok: false, parameter: name, message: 'must not hold control characters: it is a part of the path' };
    if (hasDotSegment(text))
      return { ok: false, parameter: name, message: 'must not be a path of its own: "." and ".." are refused' };
    written += literal(segment.slice(last, match.index)) + text;
    last = match.index + match[0].length;
  }
  written += literal(segment.slice(last));
  if (last === 0) return written;
  if (written === '') return { ok: false, parameter: name, message: 'must not be empty: it is a part of the path' };
  if (hasDotSegment(written))
    return { ok: false, parameter: name, message: 'must not make its path segment "." or ".."' };
  return written;
}

/** Literal template text: what a URL cannot hold is encoded, what it can stays as written. */
function literal(text: string): string {
  return text.replace(/%(?![0-9A-Fa-f]{2})|[^\x21-\x7e]|["<>\\^`{|}]/gu, encodeText);
}
