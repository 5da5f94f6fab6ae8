// Bundles src/ into dist/: one entry for the command, one for the library, and chunks that are loaded when needed.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { groupChunks } from './group-chunks.mjs';
import { lazySchemas } from './lazy-schemas.mjs';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
/** Tools compiled by other code are never taken from the cache: a version alone does not tell a build from the next. */
const sources = createHash('sha256');
for (const file of readdirSync('src', { recursive: true }).sort())
  if (/\.(?:ts|css|html|js)$/.test(file)) sources.update(`${file}\0`).update(readFileSync(`src/${file}`));
/** commander only starts programs for subcommands in files of their own, which there are none of: loading it is 3 ms of every start. */
const withoutChildProcess = {
  name: 'commander-without-child-process',
  setup(bundler) {
    bundler.onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      /[\\/]commander[\\/]/.test(importer) ? { path: 'child_process', namespace: 'empty' } : undefined,
    );
    bundler.onLoad({ filter: /./, namespace: 'empty' }, () => ({ contents: 'module.exports = {};' }));
  },
};
/** `import text from './file?raw'`: the file as a string, as the tests' bundler has it. */
const rawFiles = {
  name: 'raw-files',
  setup(bundler) {
    bundler.onResolve({ filter: /\?raw$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.slice(0, -'?raw'.length)),
      namespace: 'raw',
    }));
    bundler.onLoad({ filter: /./, namespace: 'raw' }, ({ path }) => ({
      contents: readFileSync(path, 'utf8'),
      loader: 'text',
    }));
  },
};
const options = {
  entryPoints: { actionbridge: 'src/main.ts', index: 'src/index.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  minify: true,
  legalComments: 'none',
  define: {
    __VERSION__: JSON.stringify(version),
    __BUILD__: JSON.stringify(sources.digest('hex').slice(0, 16)),
  },
  banner: { js: "import{createRequire as _cr}from'node:module';const require=_cr(import.meta.url);" },
  alias: { '@modelcontextprotocol/server/_shims': './src/mcp/sdk-shims.ts' },
  plugins: [rawFiles, lazySchemas, withoutChildProcess],
  logLevel: 'warning',
};
/** What a start over stdio loads, then what compiling a document and the first call do. */
const GROUPS = [
  ['src/command-line.ts', 'src/commands/serve.ts', 'src/serve/stdio.ts'],
  ['src/load-apis.ts'],
  ['src/call-path.ts'],
];
const groups = await groupChunks(options, GROUPS, ['src/main.ts', 'src/store/cache-folder.ts']);
rmSync('dist', { recursive: true, force: true });
await build({ ...options, plugins: [...options.plugins, groups] });
