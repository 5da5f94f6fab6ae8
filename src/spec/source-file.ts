import { closeSync, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { BridgeError } from '../errors.ts';
import { limitBytes } from './limits.ts';

export interface FileContent {
  readonly bytes: Uint8Array;
  readonly mtimeMs: number;
  readonly size: number;
}

const CHUNK = 2 ** 16;

/**
 * The bytes of a file, pipe or device. Throws SPEC_NOT_FOUND, SPEC_UNREADABLE for what may not be read, SPEC_TOO_LARGE beyond
 * 64 MiB, however large it says it is.
 */
export async function readBytes(path: string, name: string): Promise<Uint8Array> {
  try {
    if (statSync(path).isFile()) return readRegularFile(path, name).bytes;
    return await readToEnd(path, name);
  } catch (error) {
    throw fileError(error, name);
  }
}

/** Pipes and devices do not know how much will come, or when. */
async function readToEnd(path: string, name: string): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for (;;) {
      const { bytesRead, buffer } = await file.read(new Uint8Array(CHUNK), 0, CHUNK, null);
      if (bytesRead === 0) return Buffer.concat(chunks);
      chunks.push(buffer.subarray(0, bytesRead));
      size += bytesRead;
      limitBytes(size, name);
    }
  } finally {
    await file.close();
  }
}

/**
 * A regular file as it is now. At once: documents have thousands of files, and waiting for each costs more than reading it.
 * Throws like `readBytes`.
 */
export function readRegularFile(path: string, name: string): FileContent {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const status = fstatSync(file);
    if (!status.isFile()) throw new BridgeError('SPEC_UNREADABLE', `${name}: this is no file`);
    limitBytes(status.size, name);
    const bytes = readFileSync(file);
    limitBytes(bytes.byteLength, name);
    return { bytes, mtimeMs: status.mtimeMs, size: status.size };
  } catch (error) {
    throw fileError(error, name);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE']);
const REASONS: { readonly [code: string]: string } = {
  EISDIR: 'this is a folder',
  EACCES: 'it may not be read',
  EPERM: 'it may not be read',
  ELOOP: 'its links lead in a circle',
};

/** What a failed file operation means for a document. */
export function fileError(error: unknown, name: string): BridgeError {
  if (error instanceof BridgeError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  if (ABSENT.has(code)) return new BridgeError('SPEC_NOT_FOUND', `${name}: no such file`, { cause: error });
  return new BridgeError('SPEC_UNREADABLE', `${name}: ${REASONS[code] ?? `it cannot be read (${code})`}`, {
    hint: 'Check the file and its permissions.',
    cause: error,
  });
}
