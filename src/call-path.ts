import { compose, type Handler, type Middleware } from './call/compose.ts';
import { type ApiRuntime, type Call, createExecutor, type Exchange, type Planned, planCall } from './call/execute.ts';
import { withDeadline } from './call/middleware/deadline.ts';
import type { CallResult, RawResponse } from './call/types.ts';
import type { ApiConfig, BridgeConfig } from './config/types.ts';
import { createAddressPolicy } from './net/address.ts';
import { createHttpClient } from './net/client.ts';
import { fetchText } from './net/fetch-text.ts';
import type { Tool } from './tool/types.ts';

/** The way of a call from arguments to result. The lists of middleware are the policy: first listed is outermost. */
export interface CallPath {
  readonly execute: Handler<Call, CallResult>;
  readonly plan: (call: Call) => Planned;
  readonly fetchText: (
    url: string,
    limits: { maxBytes: number; timeoutMs: number },
  ) => Promise<{ text: string; url: string }>;
  close(): Promise<void>;
}

/** `configOf` gives the config of an API by the name it is served under. */
export function createCallPath(config: BridgeConfig, configOf: (api: string) => ApiConfig | undefined): CallPath {
  const client = createHttpClient({ policy: createAddressPolicy(namedHosts(config)) });
  const runtimes = new Map<string, ApiRuntime>();
  const runtimeFor = ({ api }: Tool): ApiRuntime => {
    const known = runtimes.get(api) ?? runtimeOf(configOf(api));
    runtimes.set(api, known);
    return known;
  };
  const around: Middleware<Call, CallResult>[] = [withDeadline(config.timeoutMs)];
  const send: Handler<Exchange, RawResponse> = ({ call, plan, signal, credentialKey }) => {
    call.trace.attempts++;
    return client.send({ ...plan, signal, ...(credentialKey === undefined ? {} : { credentialKey }) });
  };
  return {
    execute: compose(createExecutor(runtimeFor, send), around),
    plan: (call) => planCall(call, runtimeFor(call.tool)),
    fetchText: (url, limits) => fetchText(client, url, limits),
    close: () => client.close(),
  };
}

function runtimeOf(api: ApiConfig | undefined): ApiRuntime {
  if (!api) return { headers: [], variables: {} };
  return {
    ...(api.baseUrl === undefined ? {} : { baseUrl: api.baseUrl }),
    variables: api.serverVariables,
    headers: api.headers,
  };
}

/** What the operator named: base URLs, the documents' own URLs, and `--allow-host`. */
function namedHosts(config: BridgeConfig): string[] {
  const urls = config.apis
    .flatMap((api) => [api.baseUrl, api.spec])
    .filter((url): url is string => url !== undefined && /^https?:\/\//i.test(url));
  return [...config.allowHosts, ...urls.filter((url) => URL.canParse(url)).map((url) => new URL(url).origin)];
}
