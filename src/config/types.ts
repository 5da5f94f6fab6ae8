/** One API to serve. */
export interface ApiConfig {
  /** From `name=<spec>` or the config's key; absent: from the document's title. */
  readonly name?: string;
  readonly spec: string;
  readonly baseUrl?: string;
  /** Sent with every request of this API; the values are secrets. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly serverVariables: { readonly [name: string]: string };
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** Everything the operator decided, from file, environment and flags, checked. */
export interface BridgeConfig {
  readonly apis: readonly ApiConfig[];
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly readOnly: boolean;
  readonly allowHosts: readonly string[];
  readonly timeoutMs: number;
  readonly outputSchema: boolean;
  /** Keep compiled tools in the user's cache folder. */
  readonly cacheTools: boolean;
}

export const DEFAULT_TIMEOUT_MS = 45_000;
