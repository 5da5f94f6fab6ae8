import { createNoopMeter, type MeterProvider, metrics } from '@opentelemetry/api';
import { version } from '../version.ts';
import { errorKindOf, type Observer } from './observer.ts';

/** Whether there is an SDK in the process that measures; it has to be there first. */
export function isMeasured(): boolean {
  return metrics.getMeterProvider().getMeter('actionbridge').constructor !== createNoopMeter().constructor;
}

/**
 * The same events through the OpenTelemetry API: `mcp.server.operation.duration` (MCP semantic conventions) and counters of
 * our own. Without an SDK in the process they cost next to nothing.
 */
export function createInstruments(provider: MeterProvider = metrics.getMeterProvider()): Observer {
  const meter = provider.getMeter('actionbridge', version);
  const duration = meter.createHistogram('mcp.server.operation.duration', {
    unit: 's',
    description: 'Duration of tool calls.',
    advice: { explicitBucketBoundaries: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300] },
  });
  const wait = meter.createHistogram('actionbridge.wait.duration', { unit: 's', description: 'Time in queues.' });
  const retries = meter.createCounter('actionbridge.retries', { description: 'Requests that were tried again.' });
  const cache = meter.createCounter('actionbridge.cache', { description: 'Look-ups in the cache.' });
  const breaker = meter.createCounter('actionbridge.breaker.changes', { description: 'Changes of circuit breakers.' });
  const audit = meter.createCounter('actionbridge.audit.failures', { description: 'Audit records not written.' });
  const ofTool = ({ api, tool }: { readonly api: string; readonly tool: string }) => ({
    'actionbridge.api': api,
    'gen_ai.tool.name': tool,
  });
  return {
    observeCall({ tool, result, ms }) {
      const kind = errorKindOf(result);
      duration.record(ms / 1000, {
        'mcp.method.name': 'tools/call',
        'gen_ai.operation.name': 'execute_tool',
        ...ofTool({ api: tool.api, tool: tool.name }),
        ...(kind === undefined ? {} : { 'error.type': kind }),
      });
    },
    observeRetry: (event) => retries.add(1, ofTool(event)),
    observeWait: (event) => wait.record(event.ms / 1000, { ...ofTool(event), 'actionbridge.wait.kind': event.kind }),
    observeCache: (event) => cache.add(1, { ...ofTool(event), 'actionbridge.cache.event': event.event }),
    observeBreaker: ({ origin, safe, change }) =>
      breaker.add(1, {
        'server.address': origin,
        'actionbridge.breaker.safe': safe,
        'actionbridge.breaker.change': change,
      }),
    observeAuditFailure: () => audit.add(1),
  };
}
