import { randomUUID } from 'node:crypto';
import type { AuditLog } from '../../audit/log.ts';
import type { AuditEntry, AuditResult } from '../../audit/record.ts';
import { type Clock, systemClock } from '../../clock.ts';
import { BridgeError, unreachable } from '../../errors.ts';
import { NetError } from '../../net/errors.ts';
import { originOf } from '../../net/origin.ts';
import { takeToken } from '../../tool/confirmation.ts';
import { fingerprint } from '../../tool/fingerprint.ts';
import { isSafeMethod } from '../../tool/hints.ts';
import type { Middleware } from '../compose.ts';
import type { Call, CallTrace, ClientHints, WireMiddleware } from '../execute.ts';
import { failureOf } from '../failure.ts';
import type { CallResult, RawResponse, RequestPlan } from '../types.ts';

export interface AuditMiddlewareOptions {
  readonly log: AuditLog;
  readonly clock?: Clock;
  /** Safe requests go out also when they cannot be audited; default false. */
  readonly unauditedReads?: boolean;
  /** A record could not be written. */
  readonly onFailure?: (error: BridgeError) => void;
}

/** The two halves of the audit: `calls` stands around the whole call, `attempts` around each request, inside the retries. */
export interface AuditMiddleware {
  readonly calls: Middleware<Call, CallResult>;
  readonly attempts: WireMiddleware;
}

/** What is known of a call while it runs. */
interface Running {
  readonly call: string;
  attempts: number;
}

/**
 * Every request has a `started` record before it leaves and a `finished` one after; a call that sent nothing has `refused`,
 * and one answered from the cache a pair with attempt 0. Throws AUDIT_FAILED when `started` cannot be written: then nothing
 * is sent.
 */
export function createAuditMiddleware(options: AuditMiddlewareOptions): AuditMiddleware {
  const { log } = options;
  const clock = options.clock ?? systemClock;
  const running = new WeakMap<CallTrace, Running>();

  function runningOf(call: Call): Running {
    const known = running.get(call.trace) ?? { call: randomUUID(), attempts: 0 };
    running.set(call.trace, known);
    return known;
  }

  /** After the fact: what happened has happened, and is not taken back because it could not be written down. */
  function writeAfter(entry: AuditEntry): void {
    try {
      log.write(entry);
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error;
      options.onFailure?.(error);
    }
  }

  function writeBefore(entry: AuditEntry): void {
    try {
      log.write(entry);
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error;
      options.onFailure?.(error);
      if (!options.unauditedReads || !isSafeMethod(entry.method)) throw error;
    }
  }

  function entryOf(call: Call, attempt: number): AuditEntry {
    const { confirmation } = call.trace;
    return {
      ...blank(call),
      call: runningOf(call).call,
      attempt,
      ...(confirmation === undefined ? {} : { confirmation }),
    };
  }

  function finished(entry: AuditEntry, outcome: Partial<AuditEntry>): AuditEntry {
    return { ...entry, event: 'finished', arguments: null, ...outcome };
  }

  const calls: Middleware<Call, CallResult> = (next) => async (call) => {
    const started = clock.now();
    let result: CallResult;
    try {
      result = await next(call);
    } catch (error) {
      if (runningOf(call).attempts === 0)
        writeAfter({ ...entryOf(call, 0), ...given(call), event: 'refused', result: resultOfError(error, false) });
      throw error;
    }
    return runningOf(call).attempts > 0 ? result : withoutRequest(call, result, clock.now() - started);
  };

  /** Refused, or answered by the cache: then the record comes before the answer is given out. */
  function withoutRequest(call: Call, result: CallResult, ms: number): CallResult {
    const entry = { ...entryOf(call, 0), ...given(call) };
    if (result.kind !== 'ok' && result.kind !== 'refused') {
      writeAfter({ ...entry, event: 'refused', result: resultOf(result), ms });
      return result;
    }
    try {
      writeBefore(entry);
    } catch (error) {
      if (error instanceof BridgeError) return { kind: 'failed', error: failureOf(error) };
      throw error;
    }
    writeAfter(finished(entry, { result: resultOf(result), status: result.status, ms }));
    return result;
  }

  const attempts: WireMiddleware = (next) => async (exchange) => {
    const { call, plan } = exchange;
    const entry: AuditEntry = {
      ...entryOf(call, runningOf(call).attempts + 1),
      ...given(call),
      method: plan.method,
      origin: originOf(plan.url),
      bytes_out: sizeOf(plan),
    };
    const started = clock.now();
    writeBefore(entry);
    runningOf(call).attempts++;
    const finish = (outcome: Partial<AuditEntry>) =>
      writeAfter(finished(entry, { ms: clock.now() - started, ...outcome }));
    try {
      const response = await next(exchange);
      finish(answered(response));
      return response;
    } catch (error) {
      finish({ result: resultOfError(error, !isSafeMethod(plan.method)) });
      throw error;
    }
  };

  function given({ args, tool }: Call): { readonly arguments: unknown } {
    return { arguments: log.payloads.arguments(takeToken(tool, args).args ?? {}, tool.input) };
  }

  function answered(response: RawResponse): Partial<AuditEntry> {
    const type = response.headers['content-type'];
    return {
      status: response.status,
      result: response.status < 400 ? 'ok' : 'upstream_error',
      bytes_in: response.body.length,
      response: log.payloads.response(response.body, typeof type === 'string' ? type : ''),
    };
  }

  return { calls, attempts };
}

function blank({ tool, context }: Call): Omit<AuditEntry, 'call' | 'attempt'> {
  return {
    event: 'started',
    request_id: context.requestId,
    surface: context.surface,
    principal: context.principal ?? null,
    api: tool.api,
    tool: tool.name,
    tool_version: fingerprint(tool),
    method: tool.request.method,
    origin: null,
    path_template: tool.request.path,
    arguments: null,
    status: null,
    result: null,
    bytes_in: null,
    bytes_out: null,
    ms: null,
    response: null,
    ...saidBy(context.client),
  };
}

function saidBy(client: ClientHints | undefined): Pick<AuditEntry, 'client_subject' | 'client_session'> {
  return {
    ...(client?.subject === undefined ? {} : { client_subject: client.subject }),
    ...(client?.session === undefined ? {} : { client_session: client.session }),
  };
}

function sizeOf({ body }: RequestPlan): number {
  if (body === undefined) return 0;
  return typeof body === 'string' ? Buffer.byteLength(body) : body.length;
}

const RESULTS: { readonly [code: string]: AuditResult } = {
  RATE_LIMITED: 'rate_limited',
  BUSY: 'rate_limited',
  BREAKER_OPEN: 'breaker_open',
  CANCELLED: 'cancelled',
  TIMEOUT: 'timeout',
};

function resultOf(result: CallResult): AuditResult {
  switch (result.kind) {
    case 'ok':
      return 'ok';
    case 'refused':
      return 'upstream_error';
    case 'invalid':
      return 'invalid';
    case 'unknown':
      return 'unknown';
    case 'failed':
      return RESULTS[result.error.code] ?? 'refused';
    default:
      return unreachable(result);
  }
}

/** As `CallResult` tells it: a write that left and brought no answer has an unknown outcome. */
function resultOfError(error: unknown, unsafe: boolean): AuditResult {
  if (error instanceof BridgeError) return RESULTS[error.code] ?? 'refused';
  if (!(error instanceof NetError)) return unsafe ? 'unknown' : 'upstream_error';
  if (error.kind === 'address') return 'refused';
  if (error.sent && unsafe && error.kind !== 'too-large') return 'unknown';
  return error.kind === 'cancelled' || error.kind === 'timeout' ? error.kind : 'upstream_error';
}
