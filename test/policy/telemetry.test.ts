import {
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
  type SpanOptions,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { compose } from '../../src/call/compose.ts';
import type { Exchange } from '../../src/call/execute.ts';
import type { CallResult, RawResponse } from '../../src/call/types.ts';
import { NetError } from '../../src/net/errors.ts';
import { createInstruments } from '../../src/telemetry/instruments.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { errorKindOf, observeAll } from '../../src/telemetry/observer.ts';
import { createTracing, type TraceParent } from '../../src/telemetry/spans.ts';
import { makeExchange, makeResponse, makeTool } from './exchange.ts';

interface Recorded {
  readonly name: string;
  readonly attributes: Attributes;
  readonly context: SpanContext;
  readonly parent: SpanContext | undefined;
  failed: boolean;
  ended: number;
}

/** A tracer that keeps what it is told. */
function createRecorder() {
  const spans: Recorded[] = [];
  const startSpan = (name: string, options: SpanOptions = {}, context?: Context): Span => {
    const parent = context && trace.getSpanContext(context);
    const attributes = { ...options.attributes };
    const number = String(spans.length + 1);
    const spanContext = {
      traceId: parent?.traceId ?? number.padStart(32, 'a'),
      spanId: number.padStart(16, '0'),
      traceFlags: TraceFlags.SAMPLED,
      ...(parent?.traceState ? { traceState: parent.traceState } : {}),
    };
    const recorded: Recorded = { name, attributes, context: spanContext, parent, failed: false, ended: 0 };
    spans.push(recorded);
    return {
      spanContext: () => spanContext,
      setAttribute: (key: string, value: string) => Object.assign(attributes, { [key]: value }),
      setAttributes: (more: Attributes) => Object.assign(attributes, more),
      setStatus: () => Object.assign(recorded, { failed: true }),
      end: () => void recorded.ended++,
    } as unknown as Span;
  };
  return { spans, tracer: { startSpan } as unknown as Tracer };
}

const OK: CallResult = { kind: 'ok', status: 200, statusText: '', content: { kind: 'none' } };

async function run(send: () => RawResponse, parent?: TraceParent, propagate = false, result: CallResult = OK) {
  const { spans, tracer } = createRecorder();
  const sent: Exchange[] = [];
  const { calls, attempts } = createTracing({ tracer, parentOf: () => parent, propagate });
  const wire = compose<Exchange, RawResponse>(
    async (exchange) => {
      sent.push(exchange);
      return send();
    },
    [attempts],
  );
  const exchange = makeExchange({ url: 'http://shop.test:8080/things/1?q=private' });
  await calls(async () => {
    await wire(exchange).catch(() => undefined);
    return result;
  })(exchange.call);
  return { spans, headers: sent[0]!.plan.headers };
}

const PARENT = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'vendor=1' };

describe('createTracing', () => {
  test('makes an execute_tool span with a request below it, joined to the caller', async () => {
    const { spans, headers } = await run(() => makeResponse(200), PARENT);
    expect(spans.map(({ name }) => name)).toEqual(['execute_tool getThing', 'GET /things/{id}']);
    expect(spans[0]!.parent).toMatchObject({ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' });
    expect(spans[1]!.parent).toBe(spans[0]!.context);
    expect(spans[0]!.attributes).toMatchObject({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'getThing',
      'gen_ai.tool.call.id': 'r-1',
      'mcp.method.name': 'tools/call',
    });
    expect(spans[1]!.attributes).toEqual({
      'http.request.method': 'GET',
      'url.template': '/things/{id}',
      'server.address': 'shop.test',
      'server.port': 8080,
      'http.response.status_code': 200,
    });
    expect(spans.map(({ ended, failed }) => [ended, failed])).toEqual([
      [1, false],
      [1, false],
    ]);
    expect(headers).toEqual([['accept', 'application/json']]);
  });

  test('hands the trace on when told to', async () => {
    const { spans, headers } = await run(() => makeResponse(200), PARENT, true);
    expect(headers.slice(1)).toEqual([
      ['traceparent', `00-0af7651916cd43dd8448eb211c80319c-${spans[1]!.context.spanId}-01`],
      ['tracestate', 'vendor=1'],
    ]);
  });

  test.each([
    '',
    'x',
    '00-00000000000000000000000000000000-b7ad6b7169203331-01',
    '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01',
    'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    '00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01',
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nx: y',
  ])('begins its own trace for %j', async (traceparent) => {
    const { spans } = await run(() => makeResponse(200), { traceparent }, true);
    expect(spans[0]!.parent).toBeUndefined();
  });

  test('says what kind of error it was', async () => {
    const refused = await run(() => makeResponse(503), undefined, false, { ...OK, kind: 'refused', status: 503 });
    expect(refused.spans.map(({ attributes, failed }) => [attributes['error.type'], failed])).toEqual([
      ['http_5xx', true],
      ['503', true],
    ]);
    const lost = () => {
      throw new NetError('reset', true, 'reset');
    };
    expect((await run(lost)).spans[1]!.attributes['error.type']).toBe('reset');
  });

  test('does nothing, and hands on the caller only when told to, without an SDK', async () => {
    const { attempts, calls } = createTracing({ parentOf: () => PARENT, propagate: true });
    const exchange = makeExchange();
    let headers: Exchange['plan']['headers'] = [];
    await calls(async () => {
      await attempts(async ({ plan }) => {
        headers = plan.headers;
        return makeResponse();
      })(exchange);
      return OK;
    })(exchange.call);
    expect(headers.slice(1)).toEqual([
      ['traceparent', PARENT.traceparent],
      ['tracestate', PARENT.tracestate],
    ]);
  });
});

describe('createMetrics', () => {
  test('gives Prometheus text of everything it was told', async () => {
    const metrics = createMetrics();
    const observer = observeAll([metrics, createInstruments()]);
    const tool = makeTool({ tool: 'get"Thing', api: 'shop' });
    const observed = { tool, trace: { attempts: 2, cached: false, timings: {} }, ms: 120 };
    observer.observeCall({ ...observed, result: OK });
    observer.observeCall({ ...observed, result: { ...OK, kind: 'refused', status: 404 } });
    observer.observeCall({ ...observed, tool: makeTool({ tool: 'get"Thing', api: 'shop' }), result: OK, ms: 70_000 });
    observer.observeRetry({ api: 'shop', tool: 'x' });
    observer.observeWait({ api: 'shop', tool: 'x', kind: 'limit', ms: 30 });
    observer.observeCache({ api: 'shop', tool: 'x', event: 'hit' });
    observer.observeBreaker({ api: 'shop', origin: 'http://shop.test', safe: true, change: 'opened' });
    observer.observeAuditFailure();
    const text = await metrics.text();
    metrics.close();
    for (const line of [
      'actionbridge_calls_total{api="shop",tool="get\\"Thing",cached="false"} 3',
      'actionbridge_call_errors_total{api="shop",tool="get\\"Thing",kind="http_4xx"} 1',
      'actionbridge_call_duration_seconds_bucket{le="0.1",api="shop",tool="get\\"Thing"} 0',
      'actionbridge_call_duration_seconds_bucket{le="0.25",api="shop",tool="get\\"Thing"} 2',
      'actionbridge_call_duration_seconds_bucket{le="+Inf",api="shop",tool="get\\"Thing"} 3',
      'actionbridge_call_duration_seconds_sum{api="shop",tool="get\\"Thing"} 70.24',
      'actionbridge_call_duration_seconds_count{api="shop",tool="get\\"Thing"} 3',
      'actionbridge_upstream_requests_total{api="shop",tool="get\\"Thing"} 6',
      'actionbridge_retries_total{api="shop",tool="x"} 1',
      'actionbridge_wait_seconds_count{api="shop",kind="limit"} 1',
      'actionbridge_cache_total{api="shop",event="hit"} 1',
      'actionbridge_breaker_open{origin="http://shop.test",methods="safe"} 1',
      'actionbridge_audit_failures_total 1',
    ])
      expect(text).toContain(line);
    expect(text).toMatch(/^actionbridge_event_loop_delay_seconds\{quantile="0.99"\} [\d.e-]+$/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
  });

  test.each<[CallResult, string | undefined]>([
    [OK, undefined],
    [{ ...OK, kind: 'refused', status: 500 }, 'http_5xx'],
    [{ kind: 'invalid', issues: [] }, 'invalid'],
    [{ kind: 'failed', error: { code: 'BREAKER_OPEN', message: '', hint: '', retryable: true } }, 'breaker_open'],
    [{ kind: 'unknown', error: { code: 'TIMEOUT', message: '', hint: '', retryable: false } }, 'outcome_unknown'],
  ])('names the kind of %j', (result, kind) => {
    expect(errorKindOf(result)).toBe(kind);
  });
});
