import { open, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../clock.ts';
import { openPrivateFolder } from './private-files.ts';

/** Longer than any refresh takes; whoever held it then is gone. */
const ABANDONED_MS = 30_000;
const PAUSE_MS = 50;

/**
 * Runs `work` while no other process runs it for the same name: two clients on one machine must not spend one refresh token
 * (servers revoke the whole login when they do, RFC 9700 §4.14.2). A lock left behind by a dead process is taken over.
 */
export async function withLock<T>(
  folder: string,
  name: string,
  work: () => Promise<T>,
  clock: Clock = systemClock,
): Promise<T> {
  await openPrivateFolder(folder);
  const path = join(folder, `${name}.lock`);
  while (!(await take(path))) {
    if (await isAbandoned(path)) await unlink(path).catch(() => undefined);
    else await clock.sleep(PAUSE_MS);
  }
  try {
    return await work();
  } finally {
    await unlink(path).catch(() => undefined);
  }
}

async function take(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > ABANDONED_MS;
}
