import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Clock, systemClock } from '../clock.ts';
import type { CellStore, TextStore } from '../store/types.ts';

/** A file that is offered under a link. */
export interface LinkedFile {
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly mimeType: string;
}

export interface FileLink {
  readonly id: string;
  readonly url: string;
}

/** Signed links to files of callers, for backends that fetch what they are sent. Each is good for one file and a while. */
export interface FileLinks {
  /** From now on links are made below this URL; without it a link is a data: URI. */
  serveAt(url: string): void;
  add(file: LinkedFile): Promise<FileLink>;
  /** Undefined for a wrong signature, an expired link and a file that is not there: the three look the same. */
  find(id: string, query: { readonly expires?: string; readonly signature?: string }): Promise<LinkedFile | undefined>;
}

export interface FileLinkOptions {
  /** Holds the key, so that replicas take each other's links. */
  readonly cells: CellStore;
  readonly texts: TextStore;
  readonly clock?: Clock;
  /** Default 5 minutes, as ChatGPT's own links. */
  readonly ttlMs?: number;
  /** Of all files together; default 64 MiB. */
  readonly maxBytes?: number;
}

const TTL_MS = 300_000;
const MAX_BYTES = 64 * 2 ** 20;
const KEY_TTL_MS = 30 * 86_400_000;

export function createFileLinks(options: FileLinkOptions): FileLinks {
  const { cells, texts, clock = systemClock, ttlMs = TTL_MS, maxBytes = MAX_BYTES } = options;
  const kept = new Map<string, LinkedFile & { readonly expires: number }>();
  let bytes = 0;
  let base: string | undefined;

  async function sign(id: string, expires: number): Promise<Buffer> {
    const key = await cells.update<string, string>('files:key', KEY_TTL_MS, (known) => {
      const made = known ?? randomBytes(32).toString('base64');
      return { state: made, result: made };
    });
    return createHmac('sha256', Buffer.from(key, 'base64')).update(`${id}\n${expires}`).digest();
  }

  /** They all live equally long, so the oldest stand first. */
  function makeRoom(needed: number): void {
    for (const [id, file] of kept) {
      if (file.expires > clock.now() && bytes + needed <= maxBytes) return;
      kept.delete(id);
      bytes -= file.bytes.length;
    }
  }

  return {
    serveAt(url) {
      base = url.replace(/\/$/, '');
    },
    async add(file) {
      const id = `file-${randomBytes(18).toString('base64url')}`;
      if (base === undefined) return { id, url: dataUri(file) };
      const expires = clock.now() + ttlMs;
      makeRoom(file.bytes.length);
      kept.set(id, { ...file, expires });
      bytes += file.bytes.length;
      await texts.set(`file:${id}`, written(file), ttlMs);
      const signature = (await sign(id, expires)).toString('base64url');
      return { id, url: `${base}/files/${id}?expires=${expires}&signature=${signature}` };
    },
    async find(id, { expires, signature }) {
      const until = Number(expires);
      if (!Number.isSafeInteger(until)) return undefined;
      const [given, right] = [Buffer.from(signature ?? '', 'base64url'), await sign(id, until)];
      if (given.length !== right.length || !timingSafeEqual(given, right) || until <= clock.now()) return undefined;
      makeRoom(0);
      const here = kept.get(id);
      if (here) return here;
      const elsewhere = await texts.get(`file:${id}`);
      return elsewhere === undefined ? undefined : read(elsewhere);
    },
  };
}

function dataUri({ bytes, mimeType }: LinkedFile): string {
  return `data:${mimeType};base64,${Buffer.from(bytes).toString('base64')}`;
}

function written({ bytes, name, mimeType }: LinkedFile): string {
  return JSON.stringify({ name, mimeType, data: Buffer.from(bytes).toString('base64') });
}

function read(text: string): LinkedFile {
  const { name, mimeType, data } = JSON.parse(text) as { name: string; mimeType: string; data: string };
  return { name, mimeType, bytes: Buffer.from(data, 'base64') };
}
