import { BridgeError } from '../errors.ts';
import { NetError } from '../net/errors.ts';
import { Abort, type Signal } from '../signal.ts';
import { isSafeMethod } from '../tool/hints.ts';
import type { Tool } from '../tool/types.ts';
import { checkLimits, normalizeArguments } from './arguments.ts';
import { checkIntegers } from './big-integers.ts';
import type { Handler, Middleware } from './compose.ts';
import type { Decision } from './decision.ts';
import { failureOf } from './failure.ts';
import { isMcpResponse, planMcpCall, readMcpResponse } from './mcp-request.ts';
import { planRequest } from './plan.ts';
import type { AskPerson, Question } from './question.ts';
import { readContent } from './receive.ts';
import { parseRetryAfter } from './retry-after.ts';
import { resolveServer, type ServerChoice } from './server.ts';
import type { ServerInput } from './server-input.ts';
import type { Answer, ArgumentIssue, CallFailure, CallResult, RawResponse, RequestPlan } from './types.ts';
import { createValidator } from './validate.ts';
import { visibleContent } from './visible.ts';

export type Surface = 'stdio' | 'mcp' | 'chat' | 'api' | 'cli';

/** What a client says about the person it acts for. It is not proven, and decides nothing but limits, correlation and ids. */
export interface ClientHints {
  /** Tells the client's users apart. */
  readonly subject?: string;
  /** The conversation. */
  readonly session?: string;
  /** Codes of ISO 3166, where the client gives codes. */
  readonly location?: { readonly country?: string; readonly region?: string };
}

export interface CallContext {
  readonly surface: Surface;
  readonly requestId: string;
  /** Who calls: selects credentials, limits and the audit's principal. Absent on local surfaces: the operator. */
  readonly principal?: string;
  readonly signal?: Signal;
  readonly client?: ClientHints;
  /** The caller's span (W3C Trace Context), when it handed one over. */
  readonly traceParent?: { readonly traceparent: string; readonly tracestate?: string };
  /** Reads a file named by a `path` argument; absent where files may not be read. */
  readonly readFile?: (path: string) => Uint8Array;
  /** The caller's own: calls of one key happen once. */
  readonly idempotencyKey?: string;
  /** Asks the person behind the client before a call with consequences; absent where nobody can be asked. */
  readonly confirm?: AskPerson;
  /** Why the surface does not permit this call: nothing is sent, and the refusal is put on record. */
  readonly refusal?: BridgeError;
  /** Told how far the call is, where what is called says so. */
  readonly onProgress?: (progress: CallProgress) => void;
  /** The token of a second step, from surfaces where it does not come among the arguments. */
  readonly approval?: string;
  /** Told of the question whose answer lets the call go out. */
  readonly onConsent?: (question: Question) => void;
  /** What the MCP server that has the tool may ask of the client; absent where it may not. */
  readonly serverInput?: ServerInput;
}

/** How far a call is, as MCP has it: any numbers that grow. */
export interface CallProgress {
  readonly progress: number;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
}

export interface Call {
  readonly tool: Tool;
  readonly args: unknown;
  readonly context: CallContext;
  readonly trace: CallTrace;
}

/** What the steps of a call note down as it goes, for `_meta.actionbridge`, the audit log and metrics. */
export interface CallTrace {
  attempts: number;
  cached: boolean;
  /** When the call ends in any case, in milliseconds since the epoch. */
  deadlineAt?: number;
  /** What came of asking a person; absent when nobody was to be asked. */
  confirmation?: Decision;
  /** Milliseconds per stop: validate, wait, connect, upstream, shape. */
  readonly timings: { [stop: string]: number };
}

/** A planned request on its way out, and what came back. */
export interface Exchange {
  readonly call: Call;
  readonly plan: RequestPlan;
  readonly signal: Signal;
  /** Whose credential goes with it: sockets, pools and cache entries are never shared across keys. Set by `authorize`. */
  readonly credentialKey?: string;
}

/** Around sending: the list in `call-path.ts` is the policy. A middleware refuses by throwing BridgeError. */
export type WireMiddleware = Middleware<Exchange, RawResponse>;

export interface ApiRuntime extends ServerChoice {
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export type Planned =
  | { readonly ok: true; readonly plan: RequestPlan }
  | { readonly ok: false; readonly result: CallResult };

const validators = new WeakMap<Tool, ReturnType<typeof createValidator>>();

/** Checks the arguments and writes the request; nothing is sent. */
export function planCall(call: Call, api: ApiRuntime): Planned {
  const { tool, context } = call;
  const given = call.args ?? {};
  const limits = checkLimits(given);
  if (limits.length > 0) return invalid(limits);
  const args = normalizeArguments(tool.input, given as { [name: string]: unknown });
  const { rounded, issues: inexact } = checkIntegers(tool, args);
  const issues = inexact.length > 0 ? inexact : validatorOf(tool)(rounded);
  if (issues.length > 0) return invalid(issues);
  if (tool.remote) return { ok: true, plan: planMcpCall(tool, args) };
  try {
    const server = resolveServer(tool.request.servers, api);
    const planned = planRequest(tool.request, tool.bindings, args, {
      server,
      ...(context.readFile ? { readFile: context.readFile } : {}),
    });
    return planned.ok ? { ok: true, plan: withHeaders(planned.plan, api.headers) } : invalid(planned.issues);
  } catch (error) {
    if (error instanceof BridgeError) return { ok: false, result: { kind: 'failed', error: failureOf(error) } };
    throw error;
  }
}

/** The whole call: checked, planned, sent through `send`, and its answer read. Never throws for what the world may do. */
export function createExecutor(
  apiOf: (tool: Tool) => ApiRuntime,
  send: Handler<Exchange, RawResponse>,
): Handler<Call, CallResult> {
  return async (call) => {
    const { timings } = call.trace;
    const started = performance.now();
    const planned = planCall(call, apiOf(call.tool));
    timings['validate'] = performance.now() - started;
    if (!planned.ok) return planned.result;
    const signal = call.context.signal ?? NEVER;
    try {
      const response = await send({ call, plan: planned.plan, signal });
      const received = performance.now();
      const result = answered(response);
      timings['shape'] = performance.now() - received;
      return result;
    } catch (error) {
      if (error instanceof NetError) return broken(error, call.tool);
      if (error instanceof BridgeError) return { kind: 'failed', error: failureOf(error) };
      throw error;
    }
  };
}

const NEVER = new Abort();

function validatorOf(tool: Tool): ReturnType<typeof createValidator> {
  let validator = validators.get(tool);
  if (!validator) {
    validator = createValidator(tool.input);
    validators.set(tool, validator);
  }
  return validator;
}

function invalid(issues: readonly ArgumentIssue[]): Planned {
  return { ok: false, result: { kind: 'invalid', issues } };
}

/** Configured headers replace those of the same name: the operator has the last word. */
function withHeaders(plan: RequestPlan, headers: ApiRuntime['headers']): RequestPlan {
  if (headers.length === 0) return plan;
  const names = new Set(headers.map(([name]) => name.toLowerCase()));
  return { ...plan, headers: [...plan.headers.filter(([name]) => !names.has(name.toLowerCase())), ...headers] };
}

function answered(response: RawResponse): CallResult {
  if (isMcpResponse(response)) return readMcpResponse(response);
  const { status, statusText, headers } = response;
  const { content, removed } = visibleContent(readContent(response));
  const answer: Answer = {
    status,
    statusText,
    content,
    ...(response.partial ? { partial: true } : {}),
    ...(removed === 0 ? {} : { removed }),
  };
  const location = status >= 300 && status < 400 ? headers['location'] : undefined;
  if (typeof location === 'string') return { kind: 'refused', ...answer, location };
  if (status < 400) return { kind: 'ok', ...answer };
  const retryAfter = parseRetryAfter(headers['retry-after'], Date.now());
  return { kind: 'refused', ...answer, ...(retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter / 1000 }) };
}

const CODES = {
  address: 'ADDRESS_REFUSED',
  connect: 'CONNECT_FAILED',
  timeout: 'TIMEOUT',
  cancelled: 'CANCELLED',
  reset: 'CONNECT_FAILED',
  protocol: 'RESPONSE_INVALID',
  'too-large': 'RESPONSE_TOO_LARGE',
} as const;

/** A write that left and brought no answer has an unknown outcome; everything else failed. */
function broken(error: NetError, { request, remote }: Tool): CallResult {
  const code = remote && CODES[error.kind] === 'CONNECT_FAILED' ? 'MCP_SERVER_FAILED' : CODES[error.kind];
  const lost = error.sent && !isSafeMethod(request.method) && error.kind !== 'too-large';
  const failure: CallFailure = {
    code,
    message: error.message,
    hint: lost ? 'The request may have taken effect: look before trying again.' : new BridgeError(code, '').hint,
    retryable: !lost && (error.kind === 'connect' || error.kind === 'timeout' || error.kind === 'reset'),
  };
  return { kind: lost ? 'unknown' : 'failed', error: failure };
}
