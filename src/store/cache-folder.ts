import { homedir } from 'node:os';
import { join } from 'node:path';

/** A folder of ours in the user's cache folder: XDG Base Directory, `~/Library/Caches`, `%LOCALAPPDATA%`. */
export function cacheFolder(name: string): string {
  const base =
    process.env['XDG_CACHE_HOME'] ??
    (process.platform === 'win32' ? process.env['LOCALAPPDATA'] : undefined) ??
    (process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache'));
  return join(base, 'actionbridge', name);
}
