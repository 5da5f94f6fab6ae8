import { setFlagsFromString } from 'node:v8';
import type { BridgeConfig } from './config/types.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { ServedApi } from './load-apis.ts';
import type { SecurityDeclarations } from './operation/security-schemes.ts';
import { type ReadOptions, readSource } from './spec/read.ts';
import type { SourceFile } from './spec/types.ts';
import { digest, readToolCache, type ToolCacheHeader, toolCacheKey, writeToolCache } from './store/tool-cache.ts';
import { createRegistry, type Registry } from './tool/registry.ts';
import type { Tool } from './tool/types.ts';

export interface LoadedTools {
  readonly registry: Registry;
  readonly apis: readonly ServedApi[];
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
export async function loadTools(config: BridgeConfig, options: ReadOptions): Promise<LoadedTools> {
  const sources = await Promise.all(config.apis.map((api) => readSource(api.spec, options)));
  const { apis, include, exclude, readOnly, outputSchema, cacheTools, select, confirm } = config;
  const shaping = sources.map(({ bytes, source }, index) => [
    digest(bytes),
    source,
    apis[index]!.name,
    apis[index]!.include,
    apis[index]!.exclude,
    apis[index]!.tools,
    apis[index]!.confirm,
  ]);
  const key = toolCacheKey([shaping, include, exclude, readOnly, outputSchema, select, confirm]);
  const cached = cacheTools ? readToolCache<Header>(key) : undefined;
  if (cached) {
    const { apis: served, diagnostics, security, files } = cached.header;
    return { registry: cachedRegistry(cached), apis: served, diagnostics, security, files };
  }

  const { loadApis } = await import('./load-apis.ts');
  const loaded = await withSlowHeapGrowth(() => loadApis(config, sources));
  const registry = createRegistry(loaded.tools);
  if (cacheTools) {
    const { tools: _, ...header } = loaded;
    setTimeout(() => writeToolCache(key, header, registry.listBytes(), loaded.tools), 500).unref();
  }
  const { tools: _, ...rest } = loaded;
  return { registry, ...rest };
}

/**
 * Compiling a large document makes garbage faster than V8 expects to see it go: left alone, the young generation grows to
 * 16 MB semi-spaces and stays there. Held at its first size meanwhile, GitHub's document takes 25 MB less and no more time.
 */
async function withSlowHeapGrowth<T>(work: () => Promise<T>): Promise<T> {
  setFlagsFromString('--semi-space-growth-factor=1');
  try {
    return await work();
  } finally {
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
