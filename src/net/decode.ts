import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { NetError } from './errors.ts';

const DECODERS: { readonly [coding: string]: () => Transform } = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** All bytes of a body, decoded; at most one content-coding, never more than `limit` decoded bytes (a gzip bomb ends there). */
export async function readDecoded(body: Readable, coding: string | undefined, limit: number): Promise<Uint8Array> {
  const name = coding?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity') return collect(body, limit);
  const decoder = DECODERS[name];
  if (!decoder) {
    body.destroy();
    throw new NetError('protocol', true, `The answer has the content-coding "${name}", which was not asked for`);
  }
  const decoded = decoder();
  body.on('error', (error) => decoded.destroy(error));
  body.pipe(decoded);
  try {
    return await collect(decoded, limit);
  } catch (error) {
    body.destroy();
    if (error instanceof NetError || !isZlibError(error)) throw error;
    throw new NetError('protocol', true, `The answer's ${name} coding is broken`, error);
  }
}

async function collect(stream: Readable, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > limit) {
      stream.destroy();
      throw new NetError('too-large', true, `The answer is larger than ${limit} bytes`);
    }
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
}
