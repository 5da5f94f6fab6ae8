import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, it } from 'vitest';

const SOURCE = resolve(import.meta.dirname, '../../src');

/** Every file that is loaded with the given ones: imports of values that are not dynamic. */
function loadedWith(files: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(join(SOURCE, file), 'utf8');
    for (const [, target] of text.matchAll(/^(?:import|export)\s+(?!type\s)(?:[^'";]*?\bfrom\s*)?'(\.[^']+)'/gm))
      visit(relative(SOURCE, resolve(SOURCE, dirname(file), target!)));
  };
  for (const file of files) visit(file);
  return seen;
}

it('serving documents over stdio loads nothing that is for MCP servers', () => {
  const loaded = loadedWith([
    'main.ts',
    'command-line.ts',
    'commands/serve.ts',
    'commands/open.ts',
    'bridge.ts',
    'serve/stdio.ts',
  ]);
  expect(loaded.size).toBeGreaterThan(20);
  const theirs = [...loaded].filter((file) => /^(?:remote\/|load-servers|config\/mcp-)/.test(file));
  expect(theirs).toEqual([]);
});
