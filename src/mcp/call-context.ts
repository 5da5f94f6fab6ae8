import type { CallContext } from '../call/execute.ts';
import { isIdempotencyKey } from '../call/idempotency-key.ts';
import type { Signal } from '../signal.ts';
import { clientHintsOf } from './client-hints.ts';
import { INVALID_PARAMS, ProtocolFault } from './protocol.ts';

/** What a request says beside the tool and its arguments. */
export interface RequestFacts {
  readonly meta: { readonly [key: string]: unknown } | undefined;
  readonly sessionId: string | undefined;
  readonly signal: Signal;
}

/** How a call is made for this request. Throws ProtocolFault for an idempotency key that is none. */
export function callContextOf(
  { surface, readFile }: Pick<CallContext, 'surface' | 'readFile'>,
  { meta, sessionId, signal }: RequestFacts,
): Omit<CallContext, 'requestId'> {
  const traceParent = traceParentOf(meta);
  const idempotencyKey = keyOf(meta?.[IDEMPOTENCY_KEY]);
  const client = clientHintsOf(meta, sessionId);
  return {
    surface,
    signal,
    ...(readFile ? { readFile } : {}),
    ...(traceParent ? { traceParent } : {}),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(client ? { client } : {}),
  };
}

/** Member of a request's `_meta`: calls that have the same one happen once. */
const IDEMPOTENCY_KEY = 'actionbridge/idempotencyKey';

function keyOf(written: unknown): string | undefined {
  if (written === undefined || isIdempotencyKey(written)) return written;
  throw new ProtocolFault(INVALID_PARAMS, `_meta["${IDEMPOTENCY_KEY}"] is no text of 1 to 255 visible characters`);
}

/** `_meta.traceparent` and `_meta.tracestate` (MCP, W3C Trace Context). */
function traceParentOf(meta: RequestFacts['meta']): CallContext['traceParent'] {
  const { traceparent, tracestate } = meta ?? {};
  if (typeof traceparent !== 'string') return undefined;
  return { traceparent, ...(typeof tracestate === 'string' ? { tracestate } : {}) };
}
