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
  const { segments, query } = takenApart(template);
  const written: string[] = [];
  for (const segment of segments) {
    const filled = fill(segment, parameters, argumentFor);
    if (typeof filled !== 'string') return filled;
    written.push(filled);
  }
  return { ok: true, path: written.join('/'), query };
}

/** Expressions, each with the literal text before it, and the text after the last one: as it is sent. */
interface Segment {
  readonly expressions: readonly { readonly before: string; readonly name: string }[];
  readonly after: string;
}

interface Template {
  readonly segments: readonly Segment[];
  readonly query: string;
}

const templates = new Map<string, Template>();
const MAX_TEMPLATES = 10_000;

/** Once for each: they come from documents, and every call has one. */
function takenApart(template: string): Template {
  let known = templates.get(template);
  if (!known) {
    const hash = template.indexOf('#');
    const sent = hash < 0 ? template : template.slice(0, hash);
    const mark = sent.indexOf('?');
    known = {
      segments: (mark < 0 ? sent : sent.slice(0, mark)).split('/').map(segmentOf),
      query: mark < 0 ? '' : literal(sent.slice(mark + 1)),
    };
    if (templates.size >= MAX_TEMPLATES) templates.clear();
    templates.set(template, known);
  }
  return known;
}

function segmentOf(text: string): Segment {
  const expressions: { before: string; name: string }[] = [];
  let last = 0;
  for (const match of text.matchAll(/\{([^{}]*)\}/g)) {
    expressions.push({ before: literal(text.slice(last, match.index)), name: match[1]! });
    last = match.index + match[0].length;
  }
  return { expressions, after: literal(text.slice(last)) };
}

function fill(
  { expressions, after }: Segment,
  parameters: readonly PathParameter[],
  argumentFor: (parameter: PathParameter) => unknown,
): string | Extract<WrittenPath, { ok: false }> {
  let written = '';
  let last = '';
  for (const { before, name } of expressions) {
    last = name;
    const parameter = parameters.find((candidate) => candidate.name === name);
    const value = parameter && argumentFor(parameter);
    if (!parameter || value === undefined) return { ok: false, parameter: name, message: 'is needed in the path' };
    const text = writePathValue(parameter, value);
    if (text.includes('%') && /%(?:[01][0-9A-F]|7F)/i.test(text))
      return { ok: false, parameter: name, message: 'must not hold control characters: it is a part of the path' };
    if (hasDotSegment(text))
      return { ok: false, parameter: name, message: 'must not be a path of its own: "." and ".." are refused' };
    written += before + text;
  }
  written += after;
  if (expressions.length === 0) return written;
  if (written === '') return { ok: false, parameter: last, message: 'must not be empty: it is a part of the path' };
  if (hasDotSegment(written))
    return { ok: false, parameter: last, message: 'must not make its path segment "." or ".."' };
  return written;
}

/** Literal template text: what a URL cannot hold is encoded, what it can stays as written. */
function literal(text: string): string {
  return text.replace(/%(?![0-9A-Fa-f]{2})|[^\x21-\x7e]|["<>\\^`{|}]/gu, encodeText);
}
