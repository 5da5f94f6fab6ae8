import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { NetError } from './errors.ts';

/** Takes the bytes of one answer as they come off the wire. */
export interface BodyReader {
  /** Throws NetError when there are too many. */
  write(chunk: Uint8Array): void;
  /** The decoded bytes. Rejects with NetError. */
  end(): Uint8Array | Promise<Uint8Array>;
  /** The decoded bytes there are so far. */
  soFar(): Uint8Array;
  destroy(): void;
}

export interface BodyOptions {
  readonly coding: string | undefined;
  /** Decoded bytes. */
  readonly limit: number;
  /** What is wrong with the body, as soon as it shows. */
  readonly onError: (error: NetError) => void;
}

const DECODERS: { readonly [coding: string]: (first: Uint8Array) => Transform } = {
  gzip: () => createGunzip(),
  'x-gzip': () => createGunzip(),
  // RFC 9110 §8.4.1.2 means zlib's format; some servers send the bare one.
  deflate: (first) => ((first[0]! & 0x0f) === 8 ? createInflate() : createInflateRaw()),
  br: () => createBrotliDecompress(),
};

/**
 * Collects a body under a limit of decoded bytes, taking off at most one content-coding: a gzip bomb ends at the limit
 * (SECURITY.md, trap 5). Throws NetError for a coding that was not asked for.
 */
export function createBodyReader({ coding, limit, onError }: BodyOptions): BodyReader {
  const name = coding?.trim().toLowerCase() ?? '';
  const kept = new Chunks(limit);
  if (name === '' || name === 'identity')
    return {
      write: (chunk) => kept.add(chunk),
      end: () => kept.all(),
      soFar: () => kept.all(),
      destroy: () => undefined,
    };
  const create = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
  if (!create)
    throw new NetError('protocol', true, `The answer has the content-coding "${name}", which was not asked for`);
  return createDecodingReader({ name, create, kept, wire: new Counter(limit), onError });
}

interface Decoding {
  readonly name: string;
  readonly create: (first: Uint8Array) => Transform;
  readonly kept: Chunks;
  readonly wire: Counter;
  readonly onError: (error: NetError) => void;
}

function createDecodingReader({ name, create, kept, wire, onError }: Decoding): BodyReader {
  let decoder: Transform | undefined;
  let fault: NetError | undefined;
  let ended: (() => void) | undefined;
  const fail = (error: unknown) => {
    fault ??=
      error instanceof NetError
        ? error
        : new NetError('protocol', true, `The answer's ${name} coding is broken`, error);
    decoder?.destroy();
    onError(fault);
    ended?.();
  };
  const start = (first: Uint8Array): Transform =>
    create(first)
      .on('data', (chunk: Uint8Array) => {
        try {
          kept.add(chunk);
        } catch (error) {
          fail(error);
        }
      })
      .on('error', fail)
      .on('end', () => ended?.());
  return {
    write(chunk) {
      if (chunk.length === 0) return;
      wire.add(chunk.length);
      decoder ??= start(chunk);
      if (!fault) decoder.write(chunk);
    },
    async end() {
      if (decoder && !fault)
        await new Promise<void>((resolve) => {
          ended = resolve;
          decoder!.end();
        });
      if (fault) throw fault;
      return kept.all();
    },
    soFar: () => kept.all(),
    destroy: () => void decoder?.destroy(),
  };
}

class Counter {
  readonly #limit: number;
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(bytes: number): void {
    this.#size += bytes;
    if (this.#size > this.#limit)
      throw new NetError('too-large', true, `The answer is larger than ${this.#limit} bytes`);
  }
}

class Chunks {
  readonly #counter: Counter;
  readonly #chunks: Uint8Array[] = [];

  constructor(limit: number) {
    this.#counter = new Counter(limit);
  }

  add(chunk: Uint8Array): void {
    this.#counter.add(chunk.length);
    this.#chunks.push(chunk);
  }

  all(): Uint8Array {
    return this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
  }
}
