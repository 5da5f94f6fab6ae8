import { createHash } from 'node:crypto';
import { type Clock, systemClock } from '../../clock.ts';
import { BridgeError } from '../../errors.ts';
import type { CellStore } from '../../store/types.ts';
import { canonical } from '../../tool/fingerprint.ts';
import type { Handler, Middleware } from '../compose.ts';
import type { Call } from '../execute.ts';
import { failureOf } from '../failure.ts';
import type { CallResult, Content } from '../types.ts';

export interface DeduplicationOptions {
  /** Shared by all replicas; must throw rather than go on alone (SECURITY.md: "de-duplication … fail closed"). */
  readonly cells: CellStore;
  /** How long a result is given again; default one hour. */
  readonly ttlMs?: number;
  readonly clock?: Clock;
}

/** What is known of a key. `free`: its call sent nothing, and may be made again. */
type State =
  | { readonly phase: 'free' }
  | { readonly phase: 'running'; readonly arguments: string; readonly since: number }
  | { readonly phase: 'done'; readonly arguments: string; readonly result: string | null };

const HOUR_MS = 3_600_000;
/** A call that is under way longer than this has lost its process. */
const RUNNING_MS = 10 * 60_000;
/** Characters of a result that is kept. */
const MAX_RESULT = 1_000_000;

/**
 * A call to which its caller gave an idempotency key happens once: the same key brings the same result, whichever replica is
 * asked (a stateless client whose stream broke sends its call again under a new id). Another call under the key, or a second
 * one while the first is under way, is refused. Calls that sent nothing do not count.
 */
export function deduplicate(options: DeduplicationOptions): Middleware<Call, CallResult> {
  const { cells, ttlMs = HOUR_MS, clock = systemClock } = options;
  return (next) => (call) => {
    const { idempotencyKey } = call.context;
    return idempotencyKey === undefined ? next(call) : once(next, call, idempotencyKey);
  };

  async function once(next: Handler<Call, CallResult>, call: Call, idempotencyKey: string): Promise<CallResult> {
    const key = keyOf(call, idempotencyKey);
    const given = digest(canonical(call.args ?? {}));
    let known: State | undefined;
    try {
      known = await claim({ cells, ttlMs, key }, { phase: 'running', arguments: given, since: clock.now() });
    } catch (error) {
      if (error instanceof BridgeError) return { kind: 'failed', error: failureOf(error) };
      throw error;
    }
    if (known && known.phase !== 'free') return repeated(call, known, { given, now: clock.now() });
    let after: State = { phase: 'free' };
    try {
      const result = await next(call);
      if (call.trace.attempts > 0 && !isQuestion(result))
        after = { phase: 'done', arguments: given, result: written(result) };
      return result;
    } catch (error) {
      if (call.trace.attempts > 0) after = { phase: 'done', arguments: given, result: null };
      throw error;
    } finally {
      // What happened has happened; a store that is lost now forgets it with the claim.
      await settle({ cells, ttlMs, key }, after).catch(() => undefined);
    }
  }
}

interface Place {
  readonly cells: CellStore;
  readonly ttlMs: number;
  readonly key: string;
}

/** Undefined when the key is ours now; else what is known of it. */
async function claim({ cells, ttlMs, key }: Place, mine: State): Promise<State | undefined> {
  return cells.update<State, State | undefined>(key, ttlMs, (state) =>
    state === undefined || state.phase === 'free' ? { state: mine, result: undefined } : { state, result: state },
  );
}

async function settle({ cells, ttlMs, key }: Place, state: State): Promise<void> {
  await cells.update<State, null>(key, ttlMs, () => ({ state, result: null }));
}

function repeated(
  call: Call,
  known: Exclude<State, { phase: 'free' }>,
  { given, now }: { readonly given: string; readonly now: number },
): CallResult {
  if (known.arguments !== given)
    return {
      kind: 'invalid',
      issues: [{ argument: 'idempotency key', message: 'was used for another call; take a new one' }],
    };
  if (known.phase === 'running' && now - known.since < RUNNING_MS)
    return refused(
      new BridgeError('BUSY', 'The call with this idempotency key is still under way', { retryable: true }),
    );
  if (known.phase === 'running' || known.result === null)
    return refused(
      new BridgeError('BUSY', 'The call with this idempotency key has been made, and its result is not kept', {
        hint: 'Look whether it took effect; do not send it again under another key without looking.',
      }),
    );
  call.trace.cached = true;
  return read(known.result);
}

function refused(error: BridgeError): CallResult {
  return { kind: 'failed', error: failureOf(error) };
}

function keyOf({ tool, context }: Call, key: string): string {
  return `once:${digest(canonical([context.principal ?? null, tool.api, tool.name, key]))}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

/** The call is not made yet: it comes again with the answer. */
function isQuestion(result: CallResult): boolean {
  return result.kind === 'failed' && result.error.input !== undefined;
}

/** As JSON, bytes in base64; null when it is too large to be kept. */
function written(result: CallResult): string | null {
  const text = JSON.stringify(mapBytes(result, (bytes) => Buffer.from(bytes as Uint8Array).toString('base64')));
  return text.length > MAX_RESULT ? null : text;
}

function read(text: string): CallResult {
  const bytesOf = (base64: unknown) => new Uint8Array(Buffer.from(base64 as string, 'base64'));
  return mapBytes(JSON.parse(text) as CallResult, bytesOf) as CallResult;
}

function mapBytes(result: CallResult, change: (bytes: unknown) => unknown): unknown {
  if ((result.kind !== 'ok' && result.kind !== 'refused') || !('bytes' in result.content)) return result;
  return { ...result, content: mapContent(result.content, change) };
}

function mapContent(content: Content, change: (bytes: unknown) => unknown): unknown {
  if (!('bytes' in content)) return content;
  const mapped = { ...content, bytes: change(content.bytes) };
  if (content.kind !== 'multipart') return mapped;
  return { ...mapped, parts: content.parts.map((part) => ({ ...part, content: mapContent(part.content, change) })) };
}
