import { randomBytes } from 'node:crypto';
import { type Clock, systemClock } from '../clock.ts';

/** An answer that was too large for the model, kept whole. */
export interface SavedResponse {
  readonly uri: string;
  readonly mediaType: string;
  /** Characters. */
  readonly length: number;
  readonly pages: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface ResponsePage {
  readonly mediaType: string;
  readonly text: string;
  /** From 1. */
  readonly page: number;
  readonly pages: number;
  /** URI of the page that follows, if there is one. */
  readonly next?: string;
}

/** Whole answers as MCP resources `actionbridge://responses/{id}`, read in pages by `?page=N`. Each belongs to one principal. */
export interface SavedResponses {
  /** Undefined when the text is larger than all there is room for. */
  save(text: string, mediaType: string, principal: string | undefined): SavedResponse | undefined;
  /** Undefined for what never was, has expired, or belongs to somebody else: the three look the same. */
  read(uri: string, principal: string | undefined): ResponsePage | undefined;
  /** What the principal can still read, newest first. */
  list(principal: string | undefined): readonly SavedResponse[];
}

export interface SavedResponseOptions {
  readonly clock?: Clock;
  /** 16 bytes or more that cannot be guessed. */
  readonly newId?: () => string;
  /** Of all answers together, in UTF-16 as they stand in memory; default 64 MiB. */
  readonly maxBytes?: number;
  /** Default 15 minutes. */
  readonly ttlMs?: number;
  /** Characters; default 100,000: what a model is shown of an answer. */
  readonly pageLength?: number;
}

interface Kept extends SavedResponse {
  readonly text: string;
  readonly principal: string | undefined;
}

const PREFIX = 'actionbridge://responses/';

/** Keeps answers in this process; the oldest go when there is no room. */
export function createSavedResponses(options: SavedResponseOptions = {}): SavedResponses {
  const clock = options.clock ?? systemClock;
  const newId = options.newId ?? (() => randomBytes(18).toString('base64url'));
  const maxBytes = options.maxBytes ?? 64 * 2 ** 20;
  const pageLength = options.pageLength ?? 100_000;
  const kept = new Map<string, Kept>();
  let bytes = 0;

  function drop(id: string, { length }: Kept): void {
    kept.delete(id);
    bytes -= length * 2;
  }

  /** They all live equally long, so the oldest stand first. */
  function makeRoom(needed: number): void {
    for (const [id, response] of kept) {
      if (response.expiresAt > clock.now() && bytes + needed <= maxBytes) return;
      drop(id, response);
    }
  }

  return {
    save(text, mediaType, principal) {
      if (text.length * 2 > maxBytes) return undefined;
      makeRoom(text.length * 2);
      const id = newId();
      const { length } = text;
      const pages = Math.max(1, Math.ceil(length / pageLength));
      const saved = { uri: PREFIX + id, mediaType, length, pages, expiresAt: clock.now() + (options.ttlMs ?? 900_000) };
      kept.set(id, { ...saved, text, principal });
      bytes += length * 2;
      return saved;
    },
    read(uri, principal) {
      makeRoom(0);
      const { id, page } = parse(uri);
      const found = id === undefined ? undefined : kept.get(id);
      if (!found || found.principal !== principal || page < 1 || page > found.pages) return undefined;
      const { mediaType, pages, text } = found;
      const next = page < pages ? { next: `${found.uri}?page=${page + 1}` } : {};
      return { mediaType, page, pages, text: cut(text, (page - 1) * pageLength, page * pageLength), ...next };
    },
    list(principal) {
      makeRoom(0);
      return Array.from(kept.values())
        .filter((each) => each.principal === principal)
        .map(({ text: _, principal: __, ...saved }) => saved)
        .reverse();
    },
  };
}

function parse(uri: string): { id?: string; page: number } {
  const match = /^actionbridge:\/\/responses\/([A-Za-z0-9_-]{1,64})(?:\?page=(\d{1,6}))?$/.exec(uri);
  return match ? { id: match[1]!, page: Number(match[2] ?? '1') } : { page: 1 };
}

/** Pages put together give the text again, and none ends inside a character that takes two units. */
function cut(text: string, from: number, to: number): string {
  return text.slice(inside(text, from) ? from + 1 : from, inside(text, to) ? to + 1 : to);
}

function inside(text: string, at: number): boolean {
  return /[\ud800-\udbff]/.test(text.charAt(at - 1)) && /[\udc00-\udfff]/.test(text.charAt(at));
}
