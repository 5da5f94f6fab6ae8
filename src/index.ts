import { type Bridge, openBridge as open } from './bridge.ts';
import { EMPTY_CONFIG, parseSpecArgument } from './config/flags.ts';
import type { ApiConfig, BridgeConfig } from './config/types.ts';

export type { Bridge, CallOptions, CallOutcome } from './bridge.ts';
export { renderResult } from './call/render.ts';
export type { CallResult, Content, RequestPlan } from './call/types.ts';
export type { Diagnostic } from './diagnostic.ts';
export { formatDiagnostic } from './diagnostic.ts';
export { BridgeError, type ErrorCode } from './errors.ts';
export { fingerprint } from './tool/fingerprint.ts';
export type { Tool } from './tool/types.ts';

/** What `openBridge` takes: the options of the command line under the names of the config file. */
export type BridgeOptions = Partial<Omit<BridgeConfig, 'apis'>> & {
  /** Paths or URLs, `name=<spec>`, or APIs with their own options. */
  readonly specs: readonly (string | (Partial<ApiConfig> & { readonly spec: string }))[];
};

/** Opens documents as tools, without any transport: list `registry.tools`, call with `call`, end with `close`. Throws BridgeError. */
export async function openBridge({ specs, ...options }: BridgeOptions): Promise<Bridge> {
  const apis = specs.map((spec) =>
    typeof spec === 'string' ? parseSpecArgument(spec) : { ...parseSpecArgument(''), ...spec },
  );
  return open({ ...EMPTY_CONFIG, cacheTools: false, environment: process.env, ...options, apis });
}
