import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { BridgeError } from '../errors.ts';

export interface AuditFileOptions {
  /** Bytes after which a new file begins. */
  readonly maxBytes: number;
  /** Files in all: the current one and `.1`, `.2` … */
  readonly files: number;
  /** Writes bytes and gives how many were written, as `fs.writeSync`; injected to fail. */
  readonly write?: (fd: number, bytes: Uint8Array) => number;
}

/** An append-only file of lines, written synchronously. */
export interface AuditFile {
  /** Writes a line and its newline as a whole, or throws and leaves the file as it was. */
  append(line: string): void;
  close(): void;
}

/**
 * Opens (or creates, mode 0600) the file for appending. No symbolic link is followed and only a regular file taken. Throws
 * AUDIT_FAILED.
 */
export function openAuditFile(path: string, options: AuditFileOptions): AuditFile {
  const write = options.write ?? writeSync;
  let { fd, size } = open(path);

  /** The old file stays open until there is a new one: a rotation that fails is tried again by the next line. */
  function rotate(): void {
    const last = `${path}.${options.files - 1}`;
    if (options.files > 1 && existsSync(last)) unlinkSync(last);
    for (let number = options.files - 2; number >= 0; number--) {
      const from = number === 0 ? path : `${path}.${number}`;
      if (existsSync(from)) renameSync(from, `${path}.${number + 1}`);
    }
    if (options.files <= 1) unlinkSync(path);
    const old = fd;
    ({ fd, size } = open(path));
    closeSync(old);
  }

  return {
    append(line) {
      const bytes = Buffer.from(`${line}\n`);
      try {
        if (size > 0 && size + bytes.length > options.maxBytes) rotate();
        writeWhole(bytes);
      } catch (error) {
        throw failed(path, error);
      }
    },
    close: () => closeSync(fd),
  };

  /** A disk that fills up in the middle of a line takes the part that it took back out. */
  function writeWhole(bytes: Uint8Array): void {
    let written = 0;
    try {
      while (written < bytes.length) written += write(fd, bytes.subarray(written));
      size += bytes.length;
    } catch (error) {
      if (written > 0) ftruncateSync(fd, size);
      throw error;
    }
  }
}

/** The bytes of a log file; nothing when there is none. Follows no symbolic link. Throws AUDIT_FAILED. */
export function readAuditBytes(path: string): Uint8Array {
  try {
    refuseLink(path);
    const fd = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    try {
      return readFileSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Uint8Array();
    throw failed(path, error);
  }
}

const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;

function open(path: string): { fd: number; size: number } {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    refuseLink(path);
    // O_NONBLOCK: opening a pipe that nobody reads must fail, not wait.
    const fd = openSync(path, APPEND | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0), 0o600);
    const stat = fstatSync(fd);
    if (!stat.isFile()) {
      closeSync(fd);
      throw new Error('not a regular file');
    }
    if ((stat.mode & 0o077) !== 0) fchmodSync(fd, 0o600);
    return { fd, size: stat.size };
  } catch (error) {
    throw failed(path, error);
  }
}

/** Where the system has no O_NOFOLLOW (Windows), and for a message that says what is wrong. */
function refuseLink(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) throw new Error('is a symbolic link');
}

function failed(path: string, error: unknown): BridgeError {
  if (error instanceof BridgeError) return error;
  return new BridgeError('AUDIT_FAILED', `${path}: ${(error as Error).message}`, { cause: error });
}
