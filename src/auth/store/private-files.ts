import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, type FileHandle, lstat, mkdir, open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { BridgeError } from '../../errors.ts';

const OTHERS = 0o077;
const MAX_BYTES = 1 << 20;
const checksModes = process.platform !== 'win32';
/** Absent on Windows, where it is 0. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

/** Makes the folder, for its owner only. Throws STORE_FAILED when it is a link or someone else's. */
export async function openPrivateFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const found = await lstat(folder);
    if (!found.isDirectory()) throw failure(folder, 'is not a folder; a link is not followed');
    if (!checksModes) return;
    if (process.getuid && found.uid !== process.getuid()) throw failure(folder, 'belongs to another user');
    if ((found.mode & OTHERS) !== 0) await chmod(folder, 0o700);
  } catch (error) {
    throw asFailure(error, folder, 'cannot be made or opened');
  }
}

/** Its text, or undefined when it is not there. Throws STORE_FAILED for a link, or a file that others may read. */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDONLY | NO_FOLLOW);
    const found = await file.stat();
    if (!found.isFile() || found.size > MAX_BYTES) throw failure(path, 'is not a file of ours');
    if (checksModes && (found.mode & OTHERS) !== 0)
      throw failure(path, 'can be read by others', `Close it, and think of its content as known: chmod 600 ${path}`);
    return await file.readFile('utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw asFailure(error, path, codeOf(error) === 'ELOOP' ? 'is a link, which is not followed' : 'cannot be read');
  } finally {
    await file?.close();
  }
}

/** Writes it whole or not at all, mode 0600: beside its place first, then moved there. Throws STORE_FAILED. */
export async function writePrivateFile(folder: string, name: string, text: string): Promise<void> {
  const path = join(folder, name);
  const beside = join(folder, `.${name}.${randomBytes(6).toString('hex')}`);
  try {
    const file = await open(beside, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW, 0o600);
    try {
      await file.writeFile(text, 'utf8');
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await unlink(beside).catch(() => undefined);
    throw asFailure(error, path, 'cannot be written');
  }
}

export function failure(path: string, what: string, hint?: string): BridgeError {
  return new BridgeError('STORE_FAILED', `${path} ${what}`, hint === undefined ? {} : { hint });
}

export function asFailure(error: unknown, path: string, what: string): BridgeError {
  if (error instanceof BridgeError) return error;
  const code = codeOf(error);
  return new BridgeError('STORE_FAILED', `${path} ${what}${code === '' ? '' : ` (${code})`}`, { cause: error });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
