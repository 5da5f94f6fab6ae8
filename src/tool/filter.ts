import { hintsOf } from './hints.ts';

/** What a pattern can look at. */
export interface Filterable {
  readonly name: string;
  readonly id?: string;
  readonly method: string;
  readonly path: string;
  readonly tags: readonly string[];
  readonly consequential?: boolean;
}

export interface Filter {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly readOnly: boolean;
}

/**
 * Whether a tool is offered: some `include` matches (or there is none), no `exclude` does, and with `readOnly` the method
 * is safe. Patterns: an operationId or tool-name glob, `tag:x`, `path:/a/*`, `method:GET`; `*` is any text.
 */
export function isOffered(tool: Filterable, filter: Filter): boolean {
  if (filter.readOnly && !hintsOf(tool.method, tool.consequential).readOnly) return false;
  if (filter.exclude.some((pattern) => matches(tool, pattern))) return false;
  return filter.include.length === 0 || filter.include.some((pattern) => matches(tool, pattern));
}

function matches(tool: Filterable, pattern: string): boolean {
  const [, kind, rest] = /^(tag|path|method):(.*)$/s.exec(pattern) ?? [];
  if (kind === 'tag') return tool.tags.some((tag) => glob(rest!, tag));
  if (kind === 'path') return glob(rest!, tool.path);
  if (kind === 'method') return glob(rest!.toUpperCase(), tool.method.toUpperCase());
  return glob(pattern, tool.name) || (tool.id !== undefined && glob(pattern, tool.id));
}

/** `*` is any text, everything else itself; linear in the text's length. */
export function glob(pattern: string, text: string): boolean {
  const parts = pattern.split('*');
  if (parts.length === 1) return pattern === text;
  const [first, last] = [parts[0]!, parts.at(-1)!];
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let from = first.length;
  const end = text.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, from);
    if (found < 0 || found + part.length > end) return false;
    from = found + part.length;
  }
  return true;
}
