import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { BridgeError } from '../errors.ts';
import type { Environment } from './expand.ts';

/**
 * The environment with the files of `--env-file` under it: what the environment itself sets counts more, a later file more
 * than an earlier one. Throws CONFIG_INVALID when a file cannot be read; never shows a line of it.
 */
export function readEnvFiles(paths: readonly string[], environment: Environment): Environment {
  const read = paths.map((path) => {
    try {
      return parseEnv(readFileSync(path, 'utf8'));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
      throw new BridgeError('CONFIG_INVALID', `--env-file ${path}: ${code === 'ENOENT' ? 'no such file' : code}`, {
        hint: 'Check the path given with --env-file.',
      });
    }
  });
  return Object.assign({}, ...read, definedIn(environment)) as Environment;
}

function definedIn(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined));
}
