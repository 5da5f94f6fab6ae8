import { compilePattern, type SecretPattern } from './secret-pattern.ts';

/** Shown instead of a secret. */
export const MASK = '***';

/** Shorter values are not masked: they would blot out ordinary words, and guard nothing. */
const MIN_LENGTH = 4;
const MAX_LENGTH = 16_384;

/** Takes secrets out of text: raw, base64 (at every alignment), base64url, percent-encoded and JSON-escaped, also mixed. */
export interface Masker {
  mask(text: string): string;
  /** The value with every string in it masked, keys included; the same object when there was nothing to mask. */
  maskValue(value: unknown): unknown;
  /** For text that comes in pieces: a secret cut by a chunk boundary is masked too. */
  stream(): MaskStream;
}

export interface MaskStream {
  /** What of the text so far can be shown; holds back only what may be the beginning of a secret. */
  push(chunk: string): string;
  /** The rest. */
  end(): string;
}

export interface SecretRegistry {
  /** Masks this value from now on. Values of less than 4 characters are left out. */
  register(value: string): void;
  createMasker(): Masker;
}

/** A registry of its own, for tests and embedders; the process has one, below. */
export function createSecretRegistry(): SecretRegistry {
  const values = new Set<string>();
  let patterns: readonly SecretPattern[] | undefined;
  const current = () => {
    patterns ??= [...values].flatMap(compilePattern);
    return patterns;
  };
  return {
    register(value) {
      for (const form of [value, value.trim()]) {
        if (form.length < MIN_LENGTH || form.length > MAX_LENGTH || values.has(form)) continue;
        values.add(form);
        patterns = undefined;
      }
    },
    createMasker: () => createMaskerOver(current),
  };
}

/** Sinks are the process's own (stdout, stderr, the audit file), and so is what must not appear in them. */
const processSecrets = createSecretRegistry();

/** Masks the value in every sink of the process from now on. Each source of credentials calls it for what it reads. */
export function registerSecret(value: string): void {
  processSecrets.register(value);
}

/** Masks whatever has been registered, before or after this call. */
export function createMasker(): Masker {
  return processSecrets.createMasker();
}

function createMaskerOver(current: () => readonly SecretPattern[]): Masker {
  const mask = (text: string) => {
    const patterns = current();
    return patterns.some((pattern) => pattern.mayBeIn(text)) ? scan(text, patterns, true).shown : text;
  };
  return {
    mask,
    maskValue: (value) => maskValue(value, mask),
    stream() {
      let held = '';
      const take = (chunk: string, final: boolean) => {
        const { shown, rest } = scan(held + chunk, current(), final);
        held = rest;
        return shown;
      };
      return { push: (chunk) => take(chunk, false), end: () => take('', true) };
    },
  };
}

/**
 * Every stretch of text that some secret covers becomes one mask; stretches that overlap are one. Unless `final`, what may be
 * the beginning of a secret is left in `rest`, from the beginning of its stretch, so that no state is carried over.
 */
function scan(
  text: string,
  patterns: readonly SecretPattern[],
  final: boolean,
): { readonly shown: string; readonly rest: string } {
  let shown = '';
  let done = 0;
  let start = -1;
  let end = -1;
  const flush = () => {
    if (start < 0) return;
    shown += text.slice(done, start) + MASK;
    done = end;
    start = -1;
  };
  for (const { at, until, open } of matches(text, patterns, final)) {
    if (start >= 0 && at >= end) flush();
    if (open) {
      const from = start >= 0 ? start : at;
      return { shown: shown + text.slice(done, from), rest: text.slice(from) };
    }
    if (start < 0) [start, end] = [at, until];
    else end = Math.max(end, until);
  }
  flush();
  return { shown: shown + text.slice(done), rest: '' };
}

interface Match {
  readonly at: number;
  readonly until: number;
  /** The text ends before it is known where the secret does. */
  readonly open: boolean;
}

/** Where secrets are, in the order of where they begin; overlapping ones included. */
function matches(text: string, patterns: readonly SecretPattern[], final: boolean): Match[] {
  const found: Match[] = [];
  for (const pattern of patterns) {
    for (const at of pattern.candidates(text, final)) {
      const { until, open } = pattern.matchAt(text, at);
      if (open && !final) found.push({ at, until: text.length, open });
      else if (until > at) found.push({ at, until, open: false });
    }
  }
  return found.sort((a, b) => a.at - b.at || Number(b.open) - Number(a.open) || b.until - a.until);
}

function maskValue(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === 'string') return mask(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const masked = value.map((item) => maskValue(item, mask));
    return masked.some((item, index) => item !== value[index]) ? masked : value;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) return value;
  const entries = Object.entries(value);
  const masked = entries.map(([key, item]) => [mask(key), maskValue(item, mask)] as const);
  const changed = masked.some(([key, item], index) => key !== entries[index]![0] || item !== entries[index]![1]);
  return changed ? Object.fromEntries(masked) : value;
}
