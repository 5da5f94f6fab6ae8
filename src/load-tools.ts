import type { ApiConfig, BridgeConfig } from './config/types.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Inspect, ServedApi } from './load-apis.ts';
import { type ApiSource, readSources } from './load-sources.ts';
import type { SecurityDeclarations } from './operation/security-schemes.ts';
import type { ReadOptions } from './spec/read.ts';
import type { SourceFile } from './spec/types.ts';
import { digest, readToolCache, type ToolCacheHeader, toolCacheKey, writeToolCache } from './store/tool-cache.ts';
import { createRegistry, type Registry } from './tool/registry.ts';
import type { Tool } from './tool/types.ts';

export interface LoadedTools {
  readonly registry: Registry;
  readonly apis: readonly ServedApi[];
  /** What each API is served under, in the same order: a GPT's actions share what was said about the GPT. */
  readonly configs: readonly ApiConfig[];
  readonly diagnostics: readonly Diagnostic[];
  /** In the order of the APIs. */
  readonly security: readonly SecurityDeclarations[];
  /** Further files the documents are made of. */
  readonly files: readonly SourceFile[];
}

interface Header extends ToolCacheHeader {
  readonly files: readonly SourceFile[];
  readonly security: readonly SecurityDeclarations[];
  readonly apis: readonly ServedApi[];
  readonly diagnostics: readonly Diagnostic[];
}

/** The tools of a config: from the cache when the documents are what they were, else compiled (and cached once the process is idle). */
export async function loadTools(
  config: BridgeConfig,
  options: ReadOptions & { readonly inspect?: Inspect },
): Promise<LoadedTools> {
  const sources = await readSources(config.apis, options);
  const key = config.cacheTools && !options.inspect ? cacheKeyOf(config, sources) : undefined;
  const configs = sources.map(({ api }) => api);
  const found = sources.flatMap(({ diagnostics }) => diagnostics);
  const beside = sources.flatMap(({ files }) => files);
  const cached = key === undefined ? undefined : readToolCache<Header>(key);
  if (cached) {
    const { apis, diagnostics, security, files } = cached.header;
    return {
      registry: cachedRegistry(cached),
      apis,
      configs,
      diagnostics: [...found, ...diagnostics],
      security,
      files: [...beside, ...files],
    };
  }

  const { loadApis } = await import('./load-apis.ts');
  const load = () => loadApis({ ...config, apis: configs }, sources, options.inspect);
  const large = sources.filter(({ bytes }) => bytes.length > LARGE_BYTES);
  const optimize = large.some(({ bytes }) => bytes[0] !== OPENING_BRACE);
  const loaded = await (large.length > 0 ? withFrugalEngine(load, { optimize }) : load());
  const registry = createRegistry(loaded.tools);
  if (key !== undefined) {
    const { tools: _, ...header } = loaded;
    setTimeout(() => writeToolCache(key, header, registry.listBytes(), loaded.tools), 500).unref();
  }
  const { tools: _, diagnostics, files, ...rest } = loaded;
  return { registry, ...rest, configs, diagnostics: [...found, ...diagnostics], files: [...beside, ...files] };
}

/** Of everything that shapes the tools. */
function cacheKeyOf(config: BridgeConfig, sources: readonly ApiSource[]): string {
  const { include, exclude, readOnly, outputSchema, select, confirm, chatgpt } = config;
  const shaping = sources.map(({ bytes, source, api, action }) => [
    digest(bytes),
    source,
    action,
    api.name,
    api.include,
    api.exclude,
    api.tools,
    api.confirm,
    api.baseUrl !== undefined,
  ]);
  return toolCacheKey([shaping, include, exclude, readOnly, outputSchema, select, confirm, chatgpt !== undefined]);
}

/** Smaller documents leave the young generation as small as it is. */
const LARGE_BYTES = 2 ** 20;
/** What JSON begins with: the engine parses that itself. */
const OPENING_BRACE = 0x7b;

/**
 * Compiling a large document makes garbage faster than V8 expects to see it go: left alone, the young generation grows to
 * 16 MB semi-spaces and stays there. Held at its first size meanwhile, GitHub's document takes 25 MB less and no more time.
 * Of JSON, optimised code does not come in time to be of use either: without it a start costs a third less, most of it on
 * other processors. Reading YAML needs it.
 */
async function withFrugalEngine<T>(work: () => Promise<T>, { optimize }: { optimize: boolean }): Promise<T> {
  const { setFlagsFromString } = await import('node:v8');
  setFlagsFromString('--semi-space-growth-factor=1');
  if (!optimize) setFlagsFromString('--no-opt');
  try {
    return await work();
  } finally {
    if (!optimize) setFlagsFromString('--opt');
    setFlagsFromString('--semi-space-growth-factor=2');
  }
}

/** A registry that parses a tool when it is first asked for. */
function cachedRegistry(cached: NonNullable<ReturnType<typeof readToolCache>>): Registry {
  const parsed = new Map<string, Tool>();
  const get = (name: string): Tool | undefined => {
    const known = parsed.get(name);
    if (known) return known;
    const tool = cached.tool(name);
    if (tool) parsed.set(name, tool);
    return tool;
  };
  return {
    get tools() {
      return cached.names.map((name) => get(name)!);
    },
    get,
    listBytes: () => cached.listBytes(),
  };
}
