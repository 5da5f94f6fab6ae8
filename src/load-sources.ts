import type { ActionInfo } from './actions/types.ts';
import type { ApiConfig } from './config/types.ts';
import type { Diagnostic } from './diagnostic.ts';
import { BridgeError } from './errors.ts';
import { type ReadOptions, readSource, type SourceBytes } from './spec/read.ts';
import type { SourceFile } from './spec/types.ts';

/** One document to serve, and the config it is served under. */
export interface ApiSource extends SourceBytes {
  readonly api: ApiConfig;
  /** What a manifest or a GPT says about it. */
  readonly action?: ActionInfo;
  /** Files it was read from besides the one that was named. */
  readonly files: readonly SourceFile[];
  readonly diagnostics: readonly Diagnostic[];
}

/** The documents of a config, in order. A manifest stands for one document, a GPT for as many as it has actions. Throws what reading throws. */
export async function readSources(apis: readonly ApiConfig[], options: ReadOptions): Promise<readonly ApiSource[]> {
  return (await Promise.all(apis.map((api) => readApi(api, options)))).flat();
}

/** In the texts of manifests and GPT exports, and hardly ever in documents: a look that costs next to nothing. */
const MARKS = ['"name_for_', '"raw_spec"', '"gizmo"', '"manifest"'];
/** Manifests are small, and a GPT's first action stands in front. */
const LOOKED_AT = 2 ** 20;

async function readApi(api: ApiConfig, options: ReadOptions): Promise<readonly ApiSource[]> {
  const source = await readNamed(api.spec, options);
  if (mayBeAction(source.bytes)) {
    const { readActionSources } = await import('./load-actions.ts');
    const read = await readActionSources(api, source, options);
    if (read) return read;
  }
  return [{ ...source, api, files: [], diagnostics: [] }];
}

function mayBeAction(bytes: Uint8Array): boolean {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, LOOKED_AT));
  if (/^\s*\{\s*"(?:openapi|swagger)"/.test(start.toString('latin1', 0, 100))) return false;
  return MARKS.some((mark) => start.includes(mark));
}

/** A site stands for its manifest, if it has one. */
async function readNamed(spec: string, options: ReadOptions): Promise<SourceBytes> {
  if (!isSite(spec)) return readSource(spec, options);
  try {
    const manifest = await readSource(new URL('/.well-known/ai-plugin.json', spec).href, options);
    if (mayBeAction(manifest.bytes)) return manifest;
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
  }
  return readSource(spec, options);
}

function isSite(spec: string): boolean {
  if (!/^https?:\/\//i.test(spec) || !URL.canParse(spec)) return false;
  const { pathname, search } = new URL(spec);
  return pathname === '/' && search === '';
}
