// Bundles src/ into dist/: one entry for the command, one for the library, and chunks that are loaded when needed.
import { readFileSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
rmSync('dist', { recursive: true, force: true });
await build({
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
  define: { __VERSION__: JSON.stringify(version) },
  banner: { js: "import{createRequire as _cr}from'node:module';const require=_cr(import.meta.url);" },
  alias: { '@modelcontextprotocol/server/_shims': './src/mcp/sdk-shims.ts' },
  logLevel: 'warning',
});
