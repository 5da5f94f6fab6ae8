/** One secret in one family of spellings. */
export interface SecretPattern {
  /** False when the whole of `text` has no place where it may begin. */
  mayBeIn(text: string): boolean;
  /** Positions where it may begin; unless `final`, also those near the end where too little text is there to tell. */
  candidates(text: string, final: boolean): Iterable<number>;
  /** The end of the longest spelling that begins at `at` (`at` itself when there is none); `open`: more text could lengthen it. */
  matchAt(text: string, at: number): { readonly until: number; readonly open: boolean };
}

/** The spellings of one character, each in full. */
type Unit = readonly string[];

/** Bytes below this say too little: their base64 would be found in ordinary words. */
const MIN_BASE64_BYTES = 8;
/** As many units decide where a closer look is worth while. */
const HEAD = 3;

/** A secret as text (each character raw, percent-encoded, JSON-escaped or form-encoded) and in base64 at its three alignments. */
export function compilePattern(secret: string): SecretPattern[] {
  const bytes = Buffer.from(secret, 'utf8');
  const base64 = bytes.length < MIN_BASE64_BYTES ? [] : [0, 1, 2].map((offset) => base64Units(bytes, offset));
  return [[...secret].map(textUnit), ...base64].map(createPattern);
}

function textUnit(character: string): Unit {
  const percent = [...Buffer.from(character, 'utf8')].map((byte) => `%${hex(byte, 2)}`).join('');
  const escaped = [...Array(character.length).keys()]
    .map((index) => `\\u${hex(character.charCodeAt(index), 4)}`)
    .join('');
  const short = JSON_SHORT[character];
  return [
    character,
    percent,
    percent.toLowerCase(),
    escaped,
    escaped.replace(/\\u(.{4})/g, (_, digits: string) => `\\u${digits.toLowerCase()}`),
    ...(short === undefined ? [] : [short]),
    ...(character === ' ' ? ['+'] : []),
  ];
}

const JSON_SHORT: { readonly [character: string]: string } = {
  '"': '\\"',
  '\\': '\\\\',
  '/': '\\/',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}

/**
 * The characters that the bytes decide when `offset` unknown bytes stand before them (RFC 4648 §4): those shared with a
 * neighbour are left out, but for the last one when nothing follows.
 */
function base64Units(bytes: Buffer, offset: number): Unit[] {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
  const skipped = offset === 0 ? 0 : offset + 1;
  const decided = Math.floor(((offset + bytes.length) * 8) / 6);
  const units: Unit[] = [...text.slice(skipped, decided)].map(base64Unit);
  const last = text[decided];
  return last === undefined || last === '=' ? units : [...units, [...base64Unit(last), '']];
}

function base64Unit(character: string): Unit {
  if (character === '+') return ['+', '-', '%2B', '%2b'];
  if (character === '/') return ['/', '_', '%2F', '%2f', '\\/'];
  return [character];
}

function createPattern(units: readonly Unit[]): SecretPattern {
  const head = units.slice(0, HEAD).map((unit) => `(?:${unit.map(quote).join('|')})`);
  const finder = new RegExp(head.join(''), 'g');
  const firsts = new Set(units[0]!.map((spelling) => spelling[0]!));
  const longest = (count: number) =>
    units.slice(0, count).reduce((sum, unit) => sum + Math.max(...unit.map(({ length }) => length)), 0);
  const doubtful = longest(HEAD);
  const mayBeIn = (text: string) => {
    finder.lastIndex = 0;
    return finder.test(text);
  };
  return { mayBeIn, candidates, matchAt };

  function* candidates(text: string, final: boolean): Generator<number> {
    const clear = final ? text.length : text.length - doubtful;
    finder.lastIndex = 0;
    for (let found = finder.exec(text); found && found.index < clear; found = finder.exec(text)) {
      yield found.index;
      finder.lastIndex = found.index + 1;
    }
    if (final) return;
    for (let at = Math.max(0, clear); at < text.length; at++) if (firsts.has(text[at]!)) yield at;
  }

  /** Follows every spelling at once: `reached` are the ends of what has been read of the secret so far. */
  function matchAt(text: string, at: number): { until: number; open: boolean } {
    let reached = new Set([at]);
    let open = false;
    for (const unit of units) {
      const next = new Set<number>();
      for (const position of reached) {
        for (const spelling of unit) {
          if (text.startsWith(spelling, position)) next.add(position + spelling.length);
          else if (position + spelling.length > text.length && spelling.startsWith(text.slice(position))) open = true;
        }
      }
      if (next.size === 0) return { until: at, open };
      reached = next;
    }
    return { until: Math.max(...reached), open };
  }
}

function quote(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
