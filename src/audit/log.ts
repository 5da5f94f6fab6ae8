import { randomBytes } from 'node:crypto';
import { type Clock, systemClock } from '../clock.ts';
import { BridgeError } from '../errors.ts';
import { type AuditFile, type AuditFileOptions, openAuditFile } from './file.ts';
import { lockFile } from './lock.ts';
import { createPayloads, type Payloads } from './payload.ts';
import { type AuditEntry, hashLine, writeLine } from './record.ts';
import { asUnknown, recoverAudit } from './recover.ts';

export interface AuditOptions {
  /** `{pid}` in it stands for the number of the process. */
  readonly path: string;
  /** Arguments and answers whole (secrets masked) instead of shape and hash; default false. */
  readonly payloads?: boolean;
  /** Default: nothing is masked. */
  readonly mask?: (text: string) => string;
  readonly clock?: Clock;
  /** Default 50 MB × 10 files. */
  readonly file?: Partial<AuditFileOptions>;
  /** Of the hashes that stand for payloads; default: random, for this process. */
  readonly hashKey?: Uint8Array;
}

/** The audit log of one process. */
export interface AuditLog {
  readonly payloads: Payloads;
  /** Writes a record before it returns. Throws AUDIT_FAILED when it cannot; the log stays whole, and the next may succeed. */
  write(entry: AuditEntry): void;
  /** Calls that an earlier process left open, now on record as unknown. */
  readonly reported: number;
  close(): void;
}

const FILE: AuditFileOptions = { maxBytes: 50_000_000, files: 10 };

/**
 * Opens the log, goes on where an earlier process stopped, and puts the calls it left open on record as unknown. Throws
 * AUDIT_FAILED: not writable, a symbolic link, or in use by another process.
 */
export function openAuditLog(options: AuditOptions): AuditLog {
  const path = options.path.replaceAll('{pid}', String(process.pid));
  const mask = options.mask ?? ((text: string) => text);
  const clock = options.clock ?? systemClock;
  const file = openAuditFile(path, { ...FILE, ...options.file });
  const unlock = locked(path, file);
  const recovered = closing(() => recoverAudit(path), file, unlock);
  const position = { seq: recovered.seq, prev: recovered.prev };
  let torn = recovered.torn;

  function write(entry: AuditEntry): void {
    const line = writeLine(entry, { ts: clock.now(), seq: position.seq + 1, prev: position.prev }, mask);
    file.append(torn ? `\n${line}` : line);
    torn = false;
    position.seq++;
    position.prev = hashLine(line);
  }

  closing(() => recovered.open.forEach((started) => void write(asUnknown(started))), file, unlock);
  return {
    payloads: createPayloads({ whole: options.payloads ?? false, hashKey: options.hashKey ?? randomBytes(32) }),
    write,
    reported: recovered.open.length,
    close() {
      file.close();
      unlock();
    },
  };
}

function locked(path: string, file: AuditFile): () => void {
  try {
    return lockFile(path);
  } catch (error) {
    file.close();
    if (error instanceof BridgeError) throw error;
    throw new BridgeError('AUDIT_FAILED', `${path}.lock: ${(error as Error).message}`, { cause: error });
  }
}

/** Runs a step of opening; when it fails, nothing stays open. */
function closing<T>(step: () => T, file: AuditFile, unlock: () => void): T {
  try {
    return step();
  } catch (error) {
    file.close();
    unlock();
    throw error;
  }
}
