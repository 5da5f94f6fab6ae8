/** What the operator decided about the OpenAI-compatible proxy. */
export interface ProxyConfig {
  readonly upstream: ProxyUpstream;
  /** Clients bring their own key for the provider. */
  readonly passThroughKey: boolean;
  /** Globs over model names that may be asked for; absent: every one. */
  readonly models?: readonly string[];
  /** Globs over tool names that are offered; absent: every one. */
  readonly tools?: readonly string[];
  /** By globs over model names; the first that matches counts. */
  readonly perModel: readonly (readonly [model: string, rule: ModelRule])[];
  /** Functions of one request, the client's among them. */
  readonly maxTools: number;
  readonly limits: ProxyLimits;
  readonly rate: ProxyRate;
}

export interface ProxyUpstream {
  /** Up to and with `/v1`; `{model}` where the model's name belongs into the path. */
  readonly baseUrl: string;
  /** A secret. */
  readonly apiKey?: string;
  /** `authorization` carries the key as a bearer token. */
  readonly keyHeader: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly query: { readonly [name: string]: string };
  readonly dialect: ProxyDialect;
  readonly toolSchemas: ToolSchemas;
  /** Tries after the first. */
  readonly retries: number;
  /** Until the first byte of an answer, and between two. */
  readonly timeoutMs: number;
}

/** `auto`: by the model, and by what the provider refuses. */
export type ProxyDialect = 'auto' | 'chat' | 'responses';

/** In which maker's words tools are described; `auto`: by the host of the provider. */
export type ToolSchemas = 'auto' | 'plain' | 'openai' | 'gemini' | 'anthropic';

export interface ModelRule {
  readonly dialect?: ProxyDialect;
  readonly tools?: readonly string[];
}

/** Of one request. */
export interface ProxyLimits {
  /** Turns of the model in which our tools are run. */
  readonly rounds: number;
  /** Calls in all. */
  readonly calls: number;
  /** Calls at a time. */
  readonly parallel: number;
  /** Characters of results in all. */
  readonly resultBytes: number;
  /** For calls; the model itself may take longer. */
  readonly seconds: number;
  /** The same call with the same result may be made this often. */
  readonly repeats: number;
}

/** Towards the provider, of this process. */
export interface ProxyRate {
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  /** How long a request may wait for its turn before it is answered with 429. */
  readonly maxWaitSeconds: number;
}

/** SECURITY.md, "Defaults". */
export const DEFAULT_PROXY_LIMITS: ProxyLimits = {
  rounds: 8,
  calls: 64,
  parallel: 8,
  resultBytes: 2 ** 20,
  seconds: 120,
  repeats: 3,
};
