import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { BridgeError } from '../errors.ts';

interface Holder {
  readonly pid: number;
  /** When that process started, as the system counts it; absent where it cannot be asked. */
  readonly started?: string;
}

/**
 * Keeps a log to one process: two would break each other's chain. The result gives the lock back. Throws AUDIT_FAILED when
 * a living process holds it; what a killed one left behind is taken over.
 */
export function lockFile(path: string, pid = process.pid): () => void {
  const lock = `${path}.lock`;
  const mine = JSON.stringify({ pid, ...startOf(pid) } satisfies Holder);
  for (let round = 0; round < 3; round++) {
    if (create(lock, mine)) return () => release(lock, mine);
    const text = read(lock);
    if (text === undefined) continue;
    const holder = parse(text);
    if (holder && isAlive(holder, pid)) throw inUse(path, holder.pid);
    takeAway(lock, text);
  }
  throw inUse(path);
}

function create(lock: string, text: string): boolean {
  try {
    writeFileSync(lock, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function read(lock: string): string | undefined {
  try {
    return readFileSync(lock, 'utf8');
  } catch {
    return undefined;
  }
}

function parse(text: string): Holder | undefined {
  try {
    const { pid, started } = JSON.parse(text) as Holder;
    return Number.isInteger(pid) ? { pid, ...(started === undefined ? {} : { started }) } : undefined;
  } catch {
    return undefined;
  }
}

/** A process id may have been given out again: only the start tells (in a container every process may be number 1). */
function isAlive({ pid, started }: Holder, self: number): boolean {
  const now = startOf(pid).started;
  if (started !== undefined && now !== undefined) return started === now;
  if (pid === self) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Field 22 of /proc/PID/stat (proc(5)) with the boot's id, on Linux. */
function startOf(pid: number): { readonly started?: string } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return { started: `${boot} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}` };
  } catch {
    return {};
  }
}

/** Renaming first: of two that find the same dead lock, only one takes it away; the other puts back what it took wrongly. */
function takeAway(lock: string, dead: string): void {
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
    if (read(aside) !== dead) linkSync(aside, lock);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error;
  } finally {
    remove(aside);
  }
}

function release(lock: string, mine: string): void {
  if (read(lock) === mine) remove(lock);
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function inUse(path: string, pid?: number): BridgeError {
  return new BridgeError('AUDIT_FAILED', `${path} is being written by ${pid ? `process ${pid}` : 'another process'}`, {
    hint: 'Give each process a file of its own; "{pid}" in the path stands for the number of the process.',
  });
}
