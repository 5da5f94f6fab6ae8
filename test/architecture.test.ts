import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Where the parts are put together: `bridge.ts` and the files it was divided into. */
const COMPOSITION_ROOT = [
  'bridge-types',
  'call-outcome',
  'known-apis',
  'load-sources',
  'load-actions',
  'load-apis',
  'load-servers',
  'load-tools',
  'network',
  'call-path',
  'watch',
  'resources',
  'chatgpt-answers',
  'chatgpt-aliases',
  'chatgpt-tools',
  'bridge',
];

/**
 * The steps of `src/`, each with the files and folders on it: a file imports only from its own step or from steps above it
 * in this list. "Direction" in `src/README.md` says why.
 */
const STEPS: readonly (readonly string[])[] = [
  ['errors', 'diagnostic', 'log', 'clock', 'secrets', 'secret-pattern', 'signal', 'version'],
  ['spec'],
  ['operation'],
  ['tool'],
  ['store', 'audit'],
  ['net'],
  ['auth'],
  ['call'],
  ['actions'],
  ['telemetry'],
  ['remote'],
  ['config'],
  COMPOSITION_ROOT,
  ['fidelity'],
  ['mcp', 'chat'],
  ['console'],
  ['serve'],
  ['demo'],
  ['commands'],
  ['command-line', 'main', 'index'],
];

/** Who may import `spec/` for more than its types. */
const READERS_OF_SPEC = ['spec', 'operation', 'actions', 'config', ...COMPOSITION_ROOT, 'fidelity'];

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const SOURCE = resolve(import.meta.dirname, '../src');
const files = (readdirSync(SOURCE, { recursive: true }) as string[]).filter(
  (file) => file.endsWith('.ts') && !file.endsWith('.d.ts'),
);
const imports = files.flatMap(importsOf);

describe('the source', () => {
  it('has a step for each file and folder', () => {
    expect(files.filter((file) => stepOf(file) < 0)).toEqual([]);
  });

  it('imports only files that exist', () => {
    expect(imports.filter(({ to }) => !files.includes(to)).map(describeImport)).toEqual([]);
  });

  it('imports only from its own step or from steps to the left', () => {
    expect(imports.filter(({ from, to }) => stepOf(from) < stepOf(to)).map(describeImport)).toEqual([]);
  });

  it('reads documents only in operation, config and bridge', () => {
    const values = imports.filter(({ to, typeOnly }) => unitOf(to) === 'spec' && !typeOnly);
    expect(values.filter(({ from }) => !READERS_OF_SPEC.includes(unitOf(from))).map(describeImport)).toEqual([]);
  });

  it('has no cycle', () => {
    expect(findCycle()).toBeUndefined();
  });
});

/** The step's place in the list; -1 for a file that is on none. */
function stepOf(file: string): number {
  return STEPS.findIndex((units) => units.includes(unitOf(file)));
}

/** The folder directly below `src/`, or the file's own name without ending. */
function unitOf(file: string): string {
  return file.split('/')[0]!.replace(/\.ts$/, '');
}

/** Static, re-exporting and dynamic imports of a file of `src/`, those of packages left out. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(SOURCE, file), 'utf8').replace(/^\s*(?:\/\/|\/?\*).*$/gm, '');
  const statements = text.matchAll(
    /^(?:import|export)\s+(type\s)?(?:[^'";]*?\bfrom\s*)?'(\.[^']+)'|\bimport\(\s*'(\.[^']+)'/gm,
  );
  const code = [...statements].filter(([, , named]) => !named?.endsWith('?raw'));
  return code.map(([, type, named, dynamic]) => ({
    from: file,
    to: relative(SOURCE, resolve(SOURCE, dirname(file), (named ?? dynamic)!)),
    typeOnly: type !== undefined,
  }));
}

function describeImport({ from, to }: Import): string {
  return `${from} imports ${to}`;
}

/** The files of one cycle, in order. Imports of types are erased and make none. */
function findCycle(): string[] | undefined {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const { to } of imports.filter(({ from, typeOnly }) => from === file && !typeOnly)) {
      const cycle = visit(to, [...path, file]);
      if (cycle) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of files) {
    const cycle = visit(file, []);
    if (cycle) return cycle;
  }
  return undefined;
}
