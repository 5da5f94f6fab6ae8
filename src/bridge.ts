import { randomUUID } from 'node:crypto';
import type { CallContext, CallTrace, Planned } from './call/execute.ts';
import type { CallResult } from './call/types.ts';
import type { ApiConfig, BridgeConfig } from './config/types.ts';
import type { Diagnostic } from './diagnostic.ts';
import { BridgeError } from './errors.ts';
import type { ServedApi } from './load-apis.ts';
import { loadTools } from './load-tools.ts';
import type { Registry } from './tool/registry.ts';
import type { Tool } from './tool/types.ts';

/** What became of a call, and what `_meta.actionbridge` tells about it. */
export interface CallOutcome {
  readonly tool: Tool;
  readonly result: CallResult;
  readonly requestId: string;
  readonly trace: CallTrace;
  readonly ms: number;
}

export type CallOptions = Omit<CallContext, 'requestId'> & { readonly requestId?: string };

/** One engine: the tools, and the one way to call them. Every surface is a view of it. */
export interface Bridge {
  readonly registry: Registry;
  readonly apis: readonly ServedApi[];
  readonly diagnostics: readonly Diagnostic[];
  /** Throws TOOL_UNKNOWN; anything else the world may do is a result. */
  call(name: string, args: unknown, options: CallOptions): Promise<CallOutcome>;
  /** The request a call would send; nothing is sent. Throws TOOL_UNKNOWN. */
  plan(name: string, args: unknown, options: CallOptions): Promise<Planned>;
  close(): Promise<void>;
}

export interface BridgeDependencies {
  /** Text of the document given as `-`. */
  readonly stdin?: () => Promise<string>;
}

/**
 * Composition root: documents → registry, and the way of a call. What only calls need (network, validation, encoding) is
 * loaded by the first call. Throws BridgeError when a document cannot be served at all.
 */
export async function openBridge(config: BridgeConfig, dependencies: BridgeDependencies = {}): Promise<Bridge> {
  const names = new Map<string, ApiConfig>();
  const callPath = once(async () => (await import('./call-path.ts')).createCallPath(config, (api) => names.get(api)));
  const loaded = await loadTools(config, {
    ...dependencies,
    fetchText: async (url, limits) => (await callPath()).fetchText(url, limits),
  });
  const { registry } = loaded;
  for (const [index, { name }] of loaded.apis.entries()) names.set(name, config.apis[index]!);

  return {
    registry,
    apis: loaded.apis,
    diagnostics: loaded.diagnostics,
    async call(name, args, options) {
      const tool = find(registry, name);
      const path = callPath.value ?? (await callPath());
      const context: CallContext = { ...options, requestId: options.requestId ?? randomUUID() };
      const trace: CallTrace = { attempts: 0, cached: false, timings: {} };
      const started = performance.now();
      const result = await path.execute({ tool, args, context, trace });
      return { tool, result, requestId: context.requestId, trace, ms: performance.now() - started };
    },
    async plan(name, args, options) {
      const tool = find(registry, name);
      const trace: CallTrace = { attempts: 0, cached: false, timings: {} };
      return (await callPath()).plan({
        tool,
        args,
        context: { ...options, requestId: options.requestId ?? randomUUID() },
        trace,
      });
    },
    async close() {
      await (await callPath.pending)?.close();
    },
  };
}

function find(registry: Registry, name: string): Tool {
  const tool = registry.get(name);
  if (!tool) throw new BridgeError('TOOL_UNKNOWN', `There is no tool named ${JSON.stringify(name)}`);
  return tool;
}

interface Once<T> {
  (): Promise<T>;
  pending?: Promise<T>;
  value?: T;
}

function once<T>(make: () => Promise<T>): Once<T> {
  const get: Once<T> = () => {
    get.pending ??= make().then((value) => {
      get.value = value;
      return value;
    });
    return get.pending;
  };
  return get;
}
