import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { NetError } from './errors.ts';

const DECODERS: { readonly [coding: string]: () => Transform } = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/**
 * A body decoded as it comes: at most one content-coding, never more than `limit` decoded bytes. Throws NetError at once for a
 * coding that was not asked for.
 */
export function decodeStream(body: Readable, coding: string | undefined, limit: number): AsyncIterable<Uint8Array> {
  const name = coding?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity') return limited(body, limit);
  const decoder = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
  if (!decoder) {
    body.destroy();
    throw new NetError('protocol', true, `The answer has the content-coding "${name}", which was not asked for`);
  }
  return decoded(body, { name, decoder: decoder(), limit });
}

interface Decoding {
  readonly name: string;
  readonly decoder: Transform;
  readonly limit: number;
}

async function* decoded(body: Readable, { name, decoder, limit }: Decoding): AsyncGenerator<Uint8Array> {
  body.on('error', (error) => decoder.destroy(error));
  body.pipe(decoder);
  try {
    yield* limited(decoder, limit);
  } catch (error) {
    if (error instanceof NetError || !isZlibError(error)) throw error;
    throw new NetError('protocol', true, `The answer's ${name} coding is broken`, error);
  } finally {
    body.destroy();
  }
}

async function* limited(stream: Readable, limit: number): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > limit) {
      stream.destroy();
      throw new NetError('too-large', true, `The answer is larger than ${limit} bytes`);
    }
    yield chunk;
  }
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
}
