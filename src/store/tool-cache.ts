import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tool } from '../tool/types.ts';
import { build, version } from '../version.ts';
import { cacheFolder } from './cache-folder.ts';

/** What a cache entry holds besides the tools themselves: anything that is plain JSON. */
export interface ToolCacheHeader {
  readonly files: readonly { readonly path: string; readonly mtimeMs: number; readonly size: number }[];
  readonly [member: string]: unknown;
}

export interface CachedTools<Header> {
  readonly header: Header;
  readonly names: readonly string[];
  /** The `tools` member of tools/list, as JSON in UTF-8. */
  listBytes(): Uint8Array;
  /** Parsed when asked for. */
  tool(name: string): Tool | undefined;
}

const MAGIC = 'actionbridge-tools 1';
const MAX_ENTRIES = 64;
const FOLDER = 'tools';

/**
 * Compiled tools by the hash of what they were compiled from. An entry is one file: a line of JSON, the list, a line for
 * each tool. It is written aside and renamed, checked as a whole when read, and safe to delete at any time; whatever is
 * wrong with one, it counts as absent.
 */
export function readToolCache<Header extends ToolCacheHeader>(key: string): CachedTools<Header> | undefined {
  try {
    return parse<Header>(readFileSync(fileOf(key)), key);
  } catch {
    return undefined;
  }
}

/** Never throws: a cache that cannot be written is no cache. */
export function writeToolCache(key: string, header: ToolCacheHeader, list: Uint8Array, tools: readonly Tool[]): void {
  try {
    const lines = tools.map((tool) => Buffer.from(`${JSON.stringify(tool)}\n`));
    const body = Buffer.concat([list, ...lines]);
    const index = {
      magic: MAGIC,
      key,
      header,
      names: tools.map(({ name }) => name),
      list: list.length,
      lengths: lines.map(({ length }) => length),
      sha256: digest(body),
    };
    const file = fileOf(key);
    mkdirSync(cacheFolder(FOLDER), { recursive: true, mode: 0o700 });
    const aside = `${file}.${process.pid}.tmp`;
    writeFileSync(aside, Buffer.concat([Buffer.from(`${JSON.stringify(index)}\n`), body]), { mode: 0o600 });
    renameSync(aside, file);
    removeOldest();
  } catch {
    // The next start compiles again.
  }
}

/** The key of a cache entry: our version and everything that shapes the tools. */
export function toolCacheKey(parts: readonly unknown[]): string {
  return digest(JSON.stringify([MAGIC, version, build, ...parts]));
}

/** sha-256, hex. */
export function digest(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

interface Index {
  readonly magic: string;
  readonly key: string;
  readonly header: ToolCacheHeader;
  readonly names: readonly string[];
  readonly list: number;
  readonly lengths: readonly number[];
  readonly sha256: string;
}

function parse<Header extends ToolCacheHeader>(content: Buffer, key: string): CachedTools<Header> | undefined {
  const end = content.indexOf(10);
  const index = JSON.parse(content.toString('utf8', 0, end)) as Index;
  const body = content.subarray(end + 1);
  if (
    index.magic !== MAGIC ||
    index.key !== key ||
    index.sha256 !== digest(body) ||
    !index.header.files.every(isUnchanged)
  )
    return undefined;
  const places = new Map<string, readonly [start: number, end: number]>();
  let position = index.list;
  for (const [place, name] of index.names.entries()) {
    places.set(name, [position, position + index.lengths[place]!]);
    position += index.lengths[place]!;
  }
  return {
    header: index.header as Header,
    names: index.names,
    listBytes: () => body.subarray(0, index.list),
    tool: (name) => {
      const place = places.get(name);
      return place && (JSON.parse(body.toString('utf8', place[0], place[1])) as Tool);
    },
  };
}

function isUnchanged({ path, mtimeMs, size }: ToolCacheHeader['files'][number]): boolean {
  const status = statSync(path);
  return status.mtimeMs === mtimeMs && status.size === size;
}

function fileOf(key: string): string {
  return join(cacheFolder(FOLDER), `${key}.tools`);
}

function removeOldest(): void {
  const entries = readdirSync(cacheFolder(FOLDER))
    .filter((name) => name.endsWith('.tools'))
    .map((name) => ({
      path: join(cacheFolder(FOLDER), name),
      used: statSync(join(cacheFolder(FOLDER), name)).mtimeMs,
    }));
  entries.sort((a, b) => b.used - a.used);
  for (const { path } of entries.slice(MAX_ENTRIES)) rmSync(path, { force: true });
}
