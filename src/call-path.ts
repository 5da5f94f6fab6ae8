import type { AuditLog } from './audit/log.ts';
import { type Auth, createAuth } from './auth/auth.ts';
import { createApprovals } from './call/approvals.ts';
import { compose, type Handler, type Middleware } from './call/compose.ts';
import { type Call, createExecutor, type Exchange, type Planned, planCall } from './call/execute.ts';
import { createFileLinks, type FileLinks } from './call/file-links.ts';
import { prepareGptFiles } from './call/gpt-files-in.ts';
import { admission } from './call/middleware/admission.ts';
import { createAuditMiddleware } from './call/middleware/audit.ts';
import {
  type AuthDescription,
  type AuthorizedExchange,
  createAuthorizer,
  createIdentityOf,
  describeAuth,
} from './call/middleware/authorize.ts';
import { breaker } from './call/middleware/breaker.ts';
import { cache } from './call/middleware/cache.ts';
import { concurrency } from './call/middleware/concurrency.ts';
import { confirm } from './call/middleware/confirm.ts';
import { createDeadline } from './call/middleware/deadline.ts';
import { deduplicate } from './call/middleware/deduplicate.ts';
import { gptFiles } from './call/middleware/gpt-files.ts';
import { limit } from './call/middleware/limit.ts';
import { mask } from './call/middleware/mask.ts';
import { redirect } from './call/middleware/redirect.ts';
import { retry } from './call/middleware/retry.ts';
import type { RetryBudget } from './call/middleware/retry-budget.ts';
import { createPolicyOf } from './call/policy.ts';
import type { CallResult, RawResponse } from './call/types.ts';
import { type Clock, systemClock } from './clock.ts';
import type { BridgeConfig } from './config/types.ts';
import { type ApiOf, createAuthApis, createRuntimes } from './known-apis.ts';
import type { Log } from './log.ts';
import type { HttpClient } from './net/client.ts';
import { fetchText } from './net/fetch-text.ts';
import { createNetwork, type NetworkOverrides } from './network.ts';
import { createMasker, registerSecret } from './secrets.ts';
import { createMemoryStore } from './store/memory.ts';
import type { PolicyStore } from './store/types.ts';
import { createInstruments, isMeasured } from './telemetry/instruments.ts';
import { type Observer, observeAll } from './telemetry/observer.ts';
import { createTracing } from './telemetry/spans.ts';
import { configFor } from './tool/configure.ts';
import { takeToken } from './tool/confirmation.ts';

/** The way of a call from arguments to result. The lists of middleware are the policy: first listed is outermost. */
export interface CallPath {
  readonly execute: Handler<Call, CallResult>;
  readonly plan: (call: Call) => Promise<Planned>;
  /** The planned request with its credentials masked, or why there is none. Nothing is fetched. */
  readonly describe: (call: Call, planned: Planned & { readonly ok: true }) => Promise<AuthDescription>;
  readonly fetchText: (
    url: string,
    limits: { maxBytes: number; timeoutMs: number },
  ) => Promise<{ text: string; url: string }>;
  readonly auth: Auth;
  readonly http: HttpClient;
  readonly store: PolicyStore;
  readonly observer: Observer;
  /** Links to files that callers give, for backends that fetch them. */
  readonly files: FileLinks;
  close(): Promise<void>;
}

export interface CallPathDependencies {
  /** By the name an API is served under; it may change when documents do. */
  readonly apiOf: ApiOf;
  readonly log: Log;
  /** The end of the wire for tools of MCP servers. */
  readonly sendToServer?: Handler<Exchange, RawResponse>;
  readonly observers?: readonly Observer[];
  readonly clock?: Clock;
  /** Aborts when calls under way are to end. */
  readonly ending?: AbortSignal;
  readonly subjectToken?: (principal: string) => Promise<string | undefined>;
  /** From 0 up to 1. */
  readonly random?: () => number;
  readonly network?: NetworkOverrides;
}

export async function createCallPath(config: BridgeConfig, dependencies: CallPathDependencies): Promise<CallPath> {
  const { apiOf, log } = dependencies;
  const clock = dependencies.clock ?? systemClock;
  const random = dependencies.random ?? Math.random;
  for (const [, value] of config.apis.flatMap(({ headers }) => headers)) registerSecret(value);
  const http = createNetwork(config, dependencies.network);
  const observers = [...(isMeasured() ? [createInstruments()] : []), ...(dependencies.observers ?? [])];
  const observer = observeAll(observers);
  const store = await openStore(config, log, clock);
  const auditLog = config.audit && (await openAudit(config.audit));
  if (auditLog && auditLog.reported > 0)
    log.warn(`${auditLog.reported} requests were open when the last process ended: they are on record as unknown`);
  const audit =
    auditLog &&
    createAuditMiddleware({
      log: auditLog,
      clock,
      unauditedReads: config.audit?.unauditedReads ?? false,
      onFailure: (error) => {
        observer.observeAuditFailure();
        log.error(error.message, { code: error.code });
      },
    });
  const auth = createAuth({
    apiOf: createAuthApis(apiOf),
    http,
    environment: config.environment,
    warn: (message) => log.warn(message),
    clock,
    ...(dependencies.subjectToken ? { subjectToken: dependencies.subjectToken } : {}),
  });
  const policyOf = createPolicyOf({
    bridge: config.policy,
    api: (name) => apiOf(name)?.config.policy,
    tool: (tool) => configFor(tool, apiOf(tool.api)?.config.tools ?? {})?.policy,
  });
  const deadline = createDeadline(policyOf, clock, dependencies.ending);
  const { deadlineAt } = deadline;
  const tracing = createTracing({ parentOf: ({ context }) => context.traceParent, propagate: config.propagateTrace });
  const named = ({ call: { tool } }: Exchange) => ({ api: tool.api, tool: tool.name });
  const tellWaits = (kind: 'limit' | 'concurrency') =>
    observers.length === 0
      ? {}
      : { onWait: (exchange: Exchange, ms: number) => observer.observeWait({ kind, ms, ...named(exchange) }) };

  const runtimeOf = createRuntimes(apiOf);
  const masker = createMasker();
  const files = createFileLinks({ cells: store.cells, texts: store.texts, clock });
  const around: Middleware<Call, CallResult>[] = [
    tracing.calls,
    ...(audit ? [audit.calls] : []),
    admission(),
    deduplicate({ cells: store.strict, clock }),
    mask(masker),
    ...(config.select ? [(await import('./call/select.ts')).select()] : []),
    confirm({
      approvals: createApprovals({ cells: store.strict, clock }),
      cells: store.cells,
      plan: (call) => planCall(call, runtimeOf(call.tool)),
      mask: masker.mask,
    }),
    deadline.calls,
    gptFiles(files),
  ];
  const limited = limit({
    policyOf,
    windows: store.windows,
    deadlineAt,
    clock,
    bySubject: config.chatgpt !== undefined,
    ...tellWaits('limit'),
  });
  const onRetry = (exchange: Exchange) => observer.observeRetry(named(exchange));
  const guarded: Middleware<Exchange, RawResponse>[] = [
    breaker({
      policyOf,
      cells: store.cells,
      clock,
      random,
      onChange: (event) => {
        observer.observeBreaker(event);
        log.warn(`The circuit breaker of ${event.origin} is ${event.change}`, { api: event.api, safe: event.safe });
      },
    }),
    concurrency({
      policyOf,
      clock,
      ...tellWaits('concurrency'),
    }),
    ...(audit ? [audit.attempts] : []),
    tracing.attempts,
  ];
  const cached = cache({
    policyOf,
    store: store.cache,
    identityOf: createIdentityOf(auth),
    clock,
    onEvent: (exchange, event) => observer.observeCache({ event, ...named(exchange) }),
  });
  const wire: Middleware<Exchange, RawResponse>[] = [
    redirect(),
    ...(await gptHeadersFor(config, { apiOf, store, clock })),
    cached,
    limited,
    retry({ policyOf, deadlineAt, clock, random, onRetry }),
    ...guarded,
    createAuthorizer({ auth, missing: config.missingCredential }),
  ];
  // A process of our own that has died is not an outage that retries would make worse: there is no budget of them.
  const unlimited = retry({ policyOf, deadlineAt, clock, random, onRetry, budget: UNLIMITED });
  const serverWire = [cached, limited, unlimited, ...guarded];
  const toApi = compose(createSender(http), wire);
  const toServer = dependencies.sendToServer && compose(dependencies.sendToServer, serverWire);
  const send: typeof toApi = (exchange) =>
    exchange.call.tool.remote && toServer ? toServer(exchange) : toApi(exchange);
  return {
    execute: compose(createExecutor(runtimeOf, send), around),
    async plan(call) {
      const { args } = takeToken(call.tool, call.args);
      const prepared = await prepareGptFiles(call.tool, args, { link: files.add });
      if (!prepared.ok) return { ok: false, result: { kind: 'invalid', issues: prepared.issues } };
      return planCall({ ...call, args: prepared.args }, runtimeOf(call.tool));
    },
    describe: (call, { plan }) => describeAuth(auth, call.tool, plan, call.context.principal),
    fetchText: (url, limits) => fetchText(http, url, limits),
    auth,
    http,
    store,
    observer,
    files,
    async close() {
      await Promise.all([http.close(), store.close()]);
      auditLog?.close();
    },
  };
}

const UNLIMITED: RetryBudget = { countCall: () => undefined, take: () => true };

/** Most APIs never heard of GPT Actions: what only some need is loaded for them. */
async function gptHeadersFor(
  { apis }: BridgeConfig,
  { apiOf, store, clock }: { apiOf: CallPathDependencies['apiOf']; store: PolicyStore; clock: Clock },
): Promise<Middleware<Exchange, RawResponse>[]> {
  if (apis.every((api) => api.gptHeaders === undefined)) return [];
  const { gptHeaders } = await import('./call/middleware/gpt-headers.ts');
  return [gptHeaders({ of: (api) => apiOf(api)?.config?.gptHeaders, cells: store.cells, clock })];
}

/** The end of the wire: one request, its time noted down. */
function createSender(http: HttpClient): Handler<Exchange, RawResponse> {
  return async (exchange) => {
    const { call, plan, signal, credentialKey } = exchange;
    const { tls } = exchange as AuthorizedExchange;
    const { trace } = call;
    trace.attempts++;
    const started = performance.now();
    let connectMs = 0;
    try {
      const response = await http.send({
        signal,
        ...plan,
        ...(credentialKey === undefined ? {} : { credentialKey }),
        ...(tls ? { tls } : {}),
      });
      connectMs = response.connectMs ?? 0;
      return response;
    } finally {
      trace.timings['connect'] = (trace.timings['connect'] ?? 0) + connectMs;
      trace.timings['upstream'] = (trace.timings['upstream'] ?? 0) + performance.now() - started - connectMs;
    }
  };
}

async function openStore({ redis }: BridgeConfig, log: Log, clock: Clock): Promise<PolicyStore> {
  if (!redis) return createMemoryStore({ clock });
  const { createRedisStore } = await import('./store/redis.ts');
  return createRedisStore({
    ...redis,
    onChange: (state) =>
      state === 'lost'
        ? log.warn('Redis is lost: limits, breakers and the cache go on with what this process knows')
        : log.info('Redis is back'),
  });
}

async function openAudit({ path, payloads }: NonNullable<BridgeConfig['audit']>): Promise<AuditLog> {
  const { openAuditLog } = await import('./audit/log.ts');
  const { mask: maskText } = createMasker();
  return openAuditLog({ path, payloads, mask: maskText });
}
