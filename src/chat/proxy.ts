import { type Clock, systemClock } from '../clock.ts';
import type { ProxyConfig } from '../config/proxy-types.ts';
import type { Log } from '../log.ts';
import type { ToolSource } from '../mcp/server.ts';
import { createAddressPolicy } from '../net/address.ts';
import { createHttpClient, type HttpClient } from '../net/client.ts';
import { registerSecret } from '../secrets.ts';
import type { CellStore } from '../store/types.ts';
import { type Asked, readAsked } from './asked.ts';
import { composeChat } from './chat-answer.ts';
import { openConversation } from './conversation.ts';
import { createDialectChoice } from './dialect-choice.ts';
import { functionsFor } from './functions.ts';
import { rememberEnd } from './hand-over.ts';
import { type Json, listOf, recordOf } from './lenient.ts';
import type { Ended } from './loop.ts';
import { createTurnMemory } from './memory.ts';
import { createOffer, type Offer } from './offer.ts';
import { failedBy } from './openai-error.ts';
import { createProviderLimit } from './provider-limit.ts';
import {
  checkModel,
  forwardedHeaders,
  keyFor,
  limitsFor,
  offerOptions,
  requestIdOf,
  ruleFor,
} from './request-options.ts';
import { beginHeaders, endHeaders, errorResponse, passedHeaders } from './response-headers.ts';
import { composeResponse } from './responses-answer.ts';
import { restore } from './restore.ts';
import { createSession, type Session } from './session.ts';
import { streamBody } from './stream-body.ts';
import type { DialectName } from './types.ts';
import { createUpstream } from './upstream.ts';
import { UpstreamRefused } from './upstream-error.ts';
import { askForUsage, totalTokens } from './usage.ts';

/** A request as the HTTP surface hands it over: admitted, its body parsed. */
export interface ProxyRequest {
  readonly body: unknown;
  readonly headers: Headers;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
  /** The tools of the caller. */
  readonly source: ToolSource;
  readonly principal?: string;
  /** The listener asks for no token of its own, so `Authorization` is the provider's. */
  readonly unsecured: boolean;
}

/** The OpenAI-compatible surface, web-standard on both sides. Whatever goes wrong is an answer. */
export interface ChatProxy {
  /** `POST /v1/chat/completions` and `POST /v1/responses`. */
  complete(dialect: DialectName, request: ProxyRequest): Promise<Response>;
  /** `GET /v1/models` and below. */
  models(path: string, request: Omit<ProxyRequest, 'body'>): Promise<Response>;
  close(): Promise<void>;
}

export interface ProxyDependencies {
  readonly clock?: Clock;
  /** Replicas that share it continue each other's conversations. */
  readonly cells?: CellStore;
  readonly client?: HttpClient;
  readonly keepAliveMs?: number;
  /** Told of refusals of the provider, and of faults of ours. */
  readonly log?: Pick<Log, 'warn' | 'error'>;
}

const KEEP_ALIVE_MS = 10_000;
const CONNECTIONS = 256;

export function createChatProxy(config: ProxyConfig, dependencies: ProxyDependencies = {}): ChatProxy {
  const { upstream: provider } = config;
  if (provider.apiKey !== undefined) registerSecret(provider.apiKey);
  const clock = dependencies.clock ?? systemClock;
  const client = dependencies.client ?? openClient(config);
  const limit = createProviderLimit(config.rate, clock);
  const upstream = createUpstream({ ...provider, client, limit, clock });
  const memory = createTurnMemory(clock, dependencies.cells);
  const functions = functionsFor(provider.baseUrl, provider.toolSchemas);
  const choice = createDialectChoice((model) => ruleFor(config, model)?.dialect ?? provider.dialect, provider.baseUrl);
  return { complete, models, close: () => client.close() };

  async function complete(dialect: DialectName, request: ProxyRequest): Promise<Response> {
    const requestId = requestIdOf(request);
    const gone = new AbortController();
    const signal = AbortSignal.any([request.signal, gone.signal]);
    let session: Session | undefined;
    try {
      const asked = readAsked(dialect, request.body);
      checkModel(config, asked.model);
      session = await openSession(asked, request, { signal, requestId });
      if (!session) return await passThrough(asked, request, signal);
      if (!asked.stream) return await answer(asked, session, { request, requestId });
      return await stream(asked, session, { request, gone, requestId });
    } catch (error) {
      return failed(error, requestId, session?.hasWritten());
    }
  }

  /** Undefined: the request goes through as it is. */
  async function openSession(
    asked: Asked,
    request: ProxyRequest,
    { signal, requestId }: { signal: AbortSignal; requestId: string },
  ): Promise<Session | undefined> {
    if (asked.plainBecause !== undefined) return undefined;
    const key = keyFor(config, request);
    const headers = forwardedHeaders(request, key !== provider.apiKey);
    const counted = config.rate.tokensPerMinute === undefined ? (body: Json) => body : askForUsage;
    return createSession({
      asked,
      offer: createOffer(request.source.registry, asked, {
        functions,
        ...offerOptions(config, asked, request.headers),
      }),
      restored: await restore(asked, (id) => memory.get(request.principal, id)),
      limits: limitsFor(config, asked),
      functions,
      source: request.source,
      choice,
      send: (path, body) =>
        upstream.send({ method: 'POST', path, model: asked.model, body: counted(body), key, headers, signal }),
      signal,
      clock,
      requestId,
      asksAlways: request.headers.get('x-actionbridge-approvals') === 'ask',
      onUsage: (usage) => limit.spent(totalTokens(usage)),
    });
  }

  async function answer(
    asked: Asked,
    session: Session,
    given: { request: ProxyRequest; requestId: string },
  ): Promise<Response> {
    const { request, requestId } = given;
    const run = session.run();
    let step = await run.next();
    while (!step.done) step = await run.next();
    const compose = asked.dialect === 'chat' ? composeChat : composeResponse;
    const body = compose(step.value.end, session.composeOptions(step.value));
    await remember(step.value, asked, { session, request, shown: listOf(body['output']).map(recordOf) });
    return Response.json(body, { headers: { ...beginHeaders(session, requestId), ...endHeaders(step.value) } });
  }

  async function stream(
    asked: Asked,
    session: Session,
    given: { request: ProxyRequest; gone: AbortController; requestId: string },
  ): Promise<Response> {
    const run = session.run();
    const first = await run.next();
    async function* pieces(): AsyncGenerator<string, void> {
      try {
        let step = first;
        for (; !step.done; step = await run.next()) yield step.value;
        const last = session.finish(step.value);
        await remember(step.value, asked, { session, request: given.request, shown: session.shown() });
        yield last;
      } catch (error) {
        if (!given.gone.signal.aborted && !given.request.signal.aborted)
          yield session.fail(errorObject(error, given.requestId));
      }
    }
    const body = streamBody(pieces(), {
      keepAliveMs: dependencies.keepAliveMs ?? KEEP_ALIVE_MS,
      clock,
      onCancel: () => given.gone.abort(),
    });
    return new Response(body, { headers: { ...STREAM_HEADERS, ...beginHeaders(session, given.requestId) } });
  }

  function remember(
    ended: Ended,
    asked: Asked,
    given: { session: Session; request: ProxyRequest; shown: readonly Json[] },
  ): Promise<void> {
    const { session, request, shown } = given;
    return rememberEnd(ended, asked, { memory, principal: request.principal, desk: session.desk, shown });
  }

  /** Several choices, background runs and the old function interface cannot be looped over: without our tools, byte for byte. Their tokens are not counted. */
  async function passThrough(asked: Asked, request: ProxyRequest, signal: AbortSignal): Promise<Response> {
    const key = keyFor(config, request);
    const restored = await restore(asked, (id) => memory.get(request.principal, id));
    const { dialect, request: body } = openConversation(asked, restored, { offer: NO_OFFER, dialect: asked.dialect });
    const headers = forwardedHeaders(request, key !== provider.apiKey);
    const answer = await upstream.send({
      method: 'POST',
      path: dialect.path,
      model: asked.model,
      body,
      key,
      headers,
      signal,
    });
    return new Response(ReadableStream.from(answer.body) as ReadableStream<Uint8Array>, {
      headers: {
        'content-type': answer.headers['content-type'] ?? 'application/json',
        ...passedHeaders(answer.headers),
        'x-actionbridge-tools': `none; because of ${asked.plainBecause}`,
      },
    });
  }

  async function models(path: string, request: Omit<ProxyRequest, 'body'>): Promise<Response> {
    const requestId = requestIdOf(request);
    try {
      const { listModels } = await import('./models.ts');
      const key = keyFor(config, request);
      const headers = forwardedHeaders(request, key !== provider.apiKey);
      return await listModels(path, config.models, (at) =>
        upstream.send({ method: 'GET', path: at, model: '', key, headers, signal: request.signal }),
      );
    } catch (error) {
      return failed(error, requestId);
    }
  }

  function failed(error: unknown, requestId: string, written = false): Response {
    note(error, requestId);
    return errorResponse(error, { requestId, written });
  }

  function errorObject(error: unknown, requestId: string): Json {
    note(error, requestId);
    return error instanceof UpstreamRefused ? error.error : { ...failedBy(error).error };
  }

  /** What an operator wants to know; what was said stays with the client. */
  function note(error: unknown, requestId: string): void {
    if (error instanceof UpstreamRefused) {
      const { status } = error;
      const code = String(error.error['code'] ?? error.error['type'] ?? '');
      return dependencies.log?.warn(`The model provider refused a request: HTTP ${status}`, {
        requestId,
        status,
        code,
      });
    }
    const { status } = failedBy(error);
    if (status >= 502) dependencies.log?.warn((error as Error).message, { requestId, status });
    else if (status === 500) dependencies.log?.error((error as Error).message, { requestId });
  }
}

const STREAM_HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' } as const;
const NO_OFFER: Offer = {
  names: [],
  functions: () => [],
  ownerOf: () => 'client',
  toolFor: () => undefined,
  isWithheld: () => false,
};

/** The operator named the provider, so it may be on this machine. */
function openClient({ upstream }: ProxyConfig): HttpClient {
  const { origin } = new URL(upstream.baseUrl.replaceAll('{model}', 'model'));
  return createHttpClient({
    policy: createAddressPolicy([origin]),
    firstByteTimeoutMs: upstream.timeoutMs,
    idleTimeoutMs: upstream.timeoutMs,
    connections: CONNECTIONS,
  });
}
