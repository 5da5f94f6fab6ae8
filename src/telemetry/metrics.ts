import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Registry } from 'prom-client';
import type { Tool } from '../tool/types.ts';
import { createDistribution, type Series } from './distribution.ts';
import { errorKindOf, type Observer } from './observer.ts';

/** Prometheus metrics of one process. */
export interface Metrics extends Observer {
  readonly contentType: string;
  /** The text of `GET /metrics`. */
  text(): Promise<string>;
  close(): void;
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const RESOLUTION_MS = 10;
const BREAKER = { opened: 1, 'half-open': 0.5, closed: 0 } as const;

/** Tools of documents that have changed since are not kept for a reader who never comes. */
const MAX_COUNTED = 5_000;

interface Counts {
  readonly durations: Series;
  fresh: number;
  cached: number;
  sent: number;
}

/** A registry of its own: two bridges in one process do not share numbers. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const ofTool = ['api', 'tool'] as const;
  const calls = new Counter({
    name: 'actionbridge_calls_total',
    help: 'Calls of tools that ended.',
    labelNames: [...ofTool, 'cached'],
    registers,
  });
  const errors = new Counter({
    name: 'actionbridge_call_errors_total',
    help: 'Calls that ended in an error, by kind.',
    labelNames: [...ofTool, 'kind'],
    registers,
  });
  const durations = createDistribution({
    name: 'actionbridge_call_duration_seconds',
    help: 'From the arguments to the result, waits and retries in it.',
    buckets: SECONDS,
    registry,
  });
  const requests = new Counter({
    name: 'actionbridge_upstream_requests_total',
    help: 'Requests that left for an API, tries after the first one in it.',
    labelNames: ofTool,
    registers,
  });
  const retries = new Counter({
    name: 'actionbridge_retries_total',
    help: 'Requests that were tried again.',
    labelNames: ofTool,
    registers,
  });
  const waits = createDistribution({
    name: 'actionbridge_wait_seconds',
    help: 'Time in the queue of the rate limiter (limit) or for a free place (concurrency).',
    buckets: SECONDS,
    registry,
  });
  const cache = new Counter({
    name: 'actionbridge_cache_total',
    help: 'Look-ups in the cache: hit, miss, revalidated.',
    labelNames: ['api', 'event'],
    registers,
  });
  const breakers = new Gauge({
    name: 'actionbridge_breaker_open',
    help: 'Circuit breaker: 0 closed, 0.5 probing, 1 open.',
    labelNames: ['origin', 'methods'],
    registers,
  });
  const auditFailures = new Counter({
    name: 'actionbridge_audit_failures_total',
    help: 'Audit records that could not be written.',
    registers,
  });
  const stopWatching = watchProcess(registers);
  /** Counted here, call by call, and handed over when somebody reads: each `inc` looks its labels up anew. */
  const counted = new Map<Tool, Counts>();
  /** By API. */
  const waited = { limit: new Map<string, Series>(), concurrency: new Map<string, Series>() };

  function countsOf(tool: Tool): Counts {
    let counts = counted.get(tool);
    if (!counts) {
      if (counted.size >= MAX_COUNTED) handOver();
      counts = { durations: durations.series({ api: tool.api, tool: tool.name }), fresh: 0, cached: 0, sent: 0 };
      counted.set(tool, counts);
    }
    return counts;
  }

  function handOver(): void {
    for (const [{ api, name }, { fresh, cached, sent }] of counted) {
      const labels = { api, tool: name };
      if (fresh > 0) calls.inc({ ...labels, cached: 'false' }, fresh);
      if (cached > 0) calls.inc({ ...labels, cached: 'true' }, cached);
      if (sent > 0) requests.inc(labels, sent);
    }
    counted.clear();
  }

  return {
    contentType: registry.contentType,
    text() {
      handOver();
      return registry.metrics();
    },
    close: stopWatching,
    observeCall({ tool, result, trace, ms }) {
      const counts = countsOf(tool);
      if (trace.cached) counts.cached++;
      else counts.fresh++;
      counts.sent += trace.attempts;
      counts.durations.observe(ms / 1000);
      const kind = errorKindOf(result);
      if (kind !== undefined) errors.inc({ api: tool.api, tool: tool.name, kind });
    },
    observeRetry: (labels) => retries.inc(labels),
    observeWait({ api, kind, ms }) {
      const series = waited[kind].get(api) ?? waits.series({ api, kind });
      waited[kind].set(api, series);
      series.observe(ms / 1000);
    },
    observeCache: ({ api, event }) => cache.inc({ api, event }),
    observeBreaker: ({ origin, safe, change }) =>
      breakers.set({ origin, methods: safe ? 'safe' : 'unsafe' }, BREAKER[change]),
    observeAuditFailure: () => auditFailures.inc(),
  };
}

/** Event-loop delay since the last reading, and memory. */
function watchProcess(registers: Registry[]): () => void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  new Gauge({
    name: 'actionbridge_event_loop_delay_seconds',
    help: 'Delay of the event loop since the last reading.',
    labelNames: ['quantile'],
    registers,
    collect() {
      this.set({ quantile: '0.5' }, beyondResolution(delay.percentile(50)));
      this.set({ quantile: '0.99' }, beyondResolution(delay.percentile(99)));
      this.set({ quantile: '1' }, beyondResolution(delay.max));
      delay.reset();
    },
  });
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory of the process.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  return () => void delay.disable();
}

/** Seconds. Node counts the time from one look to the next, so an idle loop shows the resolution; before the first look, nonsense. */
function beyondResolution(nanoseconds: number): number {
  const seconds = nanoseconds / 1e9;
  return Number.isFinite(seconds) && seconds < 1e6 ? Math.max(0, seconds - RESOLUTION_MS / 1e3) : 0;
}
