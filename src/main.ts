import { mkdirSync } from 'node:fs';
import module from 'node:module';
import { cacheFolder } from './store/cache-folder.ts';

keepCompiledCode();
const { run } = await import('./command-line.ts');
process.exitCode = await run(process.argv.slice(2));

/**
 * Machine code is kept for the next start, where Node can (22.8 and later). On before anything else is loaded, and in a
 * folder that is the user's alone: what lies there is run.
 */
function keepCompiledCode(): void {
  const { enableCompileCache } = module as { enableCompileCache?: (folder: string) => unknown };
  if (!enableCompileCache) return;
  try {
    const folder = cacheFolder('code');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    enableCompileCache(folder);
  } catch {
    // A start without a cache only takes longer.
  }
}
