import type { Json } from './lenient.ts';
import type { LoopEnd, ModelCall, Owner, Part, SettledCall } from './types.ts';

export interface ComposeOptions {
  /** The upstream speaks the client's dialect: what it sent is kept as it is. */
  readonly native: boolean;
  /** Members of the client's request that the answer repeats. */
  readonly asked?: Json;
}

export interface WriterOptions extends ComposeOptions {
  readonly clientIdOf: (call: ModelCall) => string;
  readonly ownerOf: (call: ModelCall) => Owner;
  /** Chat: the client asked for a last chunk with the count of tokens. */
  readonly includeUsage: boolean;
}

/** Writes the answer of one request as it comes, as events of the client's dialect. */
export interface ClientWriter {
  /** Text of the events, `''` for what the client does not see. */
  push(part: Part): string;
  /** One of our calls has come to its result. */
  ran(call: SettledCall): string;
  /** Responses: the items that the client was shown; all of them after `end`. */
  items(): readonly Json[];
  /** What ends the stream. */
  end(end: LoopEnd): string;
  /** A failure after the stream had begun. */
  fail(error: Json): string;
}
