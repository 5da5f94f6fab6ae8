import {
  type Attributes,
  type Context,
  createTraceState,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Handler, Middleware } from '../call/compose.ts';
import type { Call, CallTrace, Exchange, WireMiddleware } from '../call/execute.ts';
import type { CallResult, RawResponse } from '../call/types.ts';
import { BridgeError } from '../errors.ts';
import { NetError } from '../net/errors.ts';
import { version } from '../version.ts';
import { errorKindOf } from './observer.ts';

/** Trace context as a caller hands it over (W3C Trace Context; MCP `_meta.traceparent`, `_meta.tracestate`). */
export interface TraceParent {
  readonly traceparent: string;
  readonly tracestate?: string;
}

export interface TracingOptions {
  /** What the caller handed over with a call. */
  readonly parentOf: (call: Call) => TraceParent | undefined;
  /** Also hand the trace on to the API in `traceparent` and `tracestate`. */
  readonly propagate: boolean;
  /** Default: of the SDK in the process, or one that does nothing. */
  readonly tracer?: Tracer;
}

/** Spans by the MCP and GenAI semantic conventions: `calls` outermost around a call, `attempts` around each request. */
export interface Tracing {
  readonly calls: Middleware<Call, CallResult>;
  readonly attempts: WireMiddleware;
}

export function createTracing(options: TracingOptions): Tracing {
  const tracer = options.tracer ?? trace.getTracer('actionbridge', version);
  const contexts = new WeakMap<CallTrace, Context>();

  const counts = () => options.propagate || options.tracer !== undefined || hasProvider();

  const calls: Middleware<Call, CallResult> = (next) => (call) => (counts() ? traced(next, call) : next(call));
  const attempts: WireMiddleware = (next) => (exchange) =>
    options.propagate || counts() ? tracedAttempt(next, exchange) : next(exchange);
  return { calls, attempts };

  async function traced(next: Handler<Call, CallResult>, call: Call): Promise<CallResult> {
    const parent = options.parentOf(call);
    const context = parent ? joined(parent) : ROOT_CONTEXT;
    const span = tracer.startSpan(
      `execute_tool ${call.tool.name}`,
      { kind: SpanKind.INTERNAL, attributes: ofCall(call) },
      context,
    );
    contexts.set(call.trace, trace.setSpan(context, span));
    try {
      const result = await next(call);
      endCall(span, call, result);
      return result;
    } catch (error) {
      fail(span, 'internal');
      throw error;
    } finally {
      span.end();
    }
  }

  async function tracedAttempt(next: Handler<Exchange, RawResponse>, exchange: Exchange): Promise<RawResponse> {
    const context = contexts.get(exchange.call.trace) ?? ROOT_CONTEXT;
    const { method, path } = exchange.call.tool.request;
    const span = tracer.startSpan(
      `${method} ${path}`,
      { kind: SpanKind.CLIENT, attributes: ofRequest(exchange) },
      context,
    );
    try {
      const response = await next(options.propagate ? withParent(exchange, span) : exchange);
      span.setAttribute('http.response.status_code', response.status);
      if (response.status >= 400) fail(span, String(response.status));
      return response;
    } catch (error) {
      fail(
        span,
        error instanceof NetError ? error.kind : error instanceof BridgeError ? error.code.toLowerCase() : 'internal',
      );
      throw error;
    } finally {
      span.end();
    }
  }
}

/** Without an SDK in the process nobody sees spans; one may come at any time. */
function hasProvider(): boolean {
  const provider = trace.getTracerProvider();
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer('actionbridge') !== undefined;
}

function ofCall({ tool, context }: Call): Attributes {
  return {
    'mcp.method.name': 'tools/call',
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': tool.name,
    'gen_ai.tool.type': 'extension',
    'gen_ai.tool.call.id': context.requestId,
    'actionbridge.api': tool.api,
    'actionbridge.surface': context.surface,
  };
}

/** The template, not the URL: paths and queries hold what a model wrote, and some credentials. */
function ofRequest({ plan, call }: Exchange): Attributes {
  const { hostname, port, protocol } = new URL(plan.url);
  const resend = call.trace.attempts > 0 ? { 'http.request.resend_count': call.trace.attempts } : {};
  return {
    'http.request.method': plan.method,
    'url.template': call.tool.request.path,
    'server.address': hostname,
    'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
    ...resend,
  };
}

function endCall(span: Span, { trace: { attempts, cached } }: Call, result: CallResult): void {
  span.setAttributes({ 'actionbridge.attempts': attempts, 'actionbridge.cached': cached });
  const kind = errorKindOf(result);
  if (kind !== undefined) fail(span, kind);
}

function fail(span: Span, kind: string): void {
  span.setAttribute('error.type', kind);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
const TRACESTATE = /^[\x20-\x7e]{1,512}$/;

/** The caller's span as parent (W3C Trace Context §3.2); what is not well-formed begins a trace of its own. */
function joined({ traceparent, tracestate }: TraceParent): Context {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined) return ROOT_CONTEXT;
  const traceFlags = Number.parseInt(flags!, 16) & TraceFlags.SAMPLED;
  const state =
    tracestate !== undefined && TRACESTATE.test(tracestate) ? { traceState: createTraceState(tracestate) } : {};
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true, ...state });
}

function withParent(exchange: Exchange, span: Span): Exchange {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  if (/^0+$/.test(traceId)) return exchange;
  const flags = traceFlags.toString(16).padStart(2, '0');
  const state = traceState?.serialize() ?? '';
  const headers = exchange.plan.headers.filter(([name]) => !/^trace(parent|state)$/i.test(name));
  return {
    ...exchange,
    plan: {
      ...exchange.plan,
      headers: [
        ...headers,
        ['traceparent', `00-${traceId}-${spanId}-${flags}`],
        ...(state === '' ? [] : [['tracestate', state] as const]),
      ],
    },
  };
}
