import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Environment } from '../expand.ts';

/** The folder of what actionbridge keeps for its user: ACTIONBRIDGE_HOME, else by the platform's custom. */
export function homeFolder(environment: Environment, platform: NodeJS.Platform = process.platform): string {
  const own = environment['ACTIONBRIDGE_HOME'];
  if (own !== undefined && own !== '') return own;
  const folder = platform === 'win32' ? environment['APPDATA'] : environment['XDG_CONFIG_HOME'];
  // The XDG base directory specification: a relative path is invalid and to be ignored.
  const base = folder !== undefined && isAbsolute(folder) ? folder : join(homedir(), '.config');
  return join(base, 'actionbridge');
}
