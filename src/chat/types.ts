import type { Json } from './lenient.ts';

export type DialectName = 'chat' | 'responses';

/** A tool call as the model made it. */
export interface ModelCall {
  /** The upstream's id; unique in its turn. */
  readonly id: string;
  readonly name: string;
  /** JSON text as the model wrote it: not yet parsed, maybe broken. Of custom tools: their free text. */
  readonly arguments: string;
  readonly kind: 'function' | 'custom';
  /** Functions inside a namespace of the client's. */
  readonly namespace?: string;
  /** The model's answer was cut off in this call, or right behind it. */
  readonly cut?: true;
}

export type Finish = 'stop' | 'length' | 'tool_calls' | 'content_filter';

/** One answer of the model, whatever dialect it came in. */
export interface Turn {
  readonly dialect: DialectName;
  readonly id: string;
  readonly model: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly text: string;
  readonly refusal: string;
  /** What of its reasoning the model shows. */
  readonly reasoning: string;
  /** How likely each piece of the text was, where the client asked for it: the same in both dialects. */
  readonly logprobs: readonly unknown[];
  readonly calls: readonly ModelCall[];
  readonly finish: Finish;
  /** As the dialect counts. */
  readonly usage?: Json;
  /** What the next request of the same dialect must repeat: reasoning and signatures included. */
  readonly items: readonly Json[];
  /** The whole answer in its dialect. */
  readonly answer: Json;
}

/** A piece of an answer that is still coming. `raw` is the piece in the upstream's own dialect. */
export type Part =
  | {
      readonly kind: 'begin';
      readonly id: string;
      readonly model: string;
      readonly created: number;
      readonly raw: Json;
    }
  | {
      readonly kind: 'delta';
      readonly text?: string;
      readonly refusal?: string;
      readonly reasoning?: string;
      /** Of the text. */
      readonly logprobs?: readonly unknown[];
      readonly raw: Json;
    }
  /** A call whose name is known; its arguments follow. */
  | { readonly kind: 'call'; readonly call: ModelCall; readonly raw?: Json }
  | { readonly kind: 'arguments'; readonly call: ModelCall; readonly text: string; readonly raw?: Json }
  | { readonly kind: 'call-done'; readonly call: ModelCall; readonly raw?: Json }
  | { readonly kind: 'raw'; readonly raw: Json };

/** `ours`: a tool of the bridge; `client`: the client runs it; `unknown`: nobody does, and the model is told. */
export type Owner = 'ours' | 'client' | 'unknown';

/** What a model is given as the result of a call. */
export interface ToolAnswer {
  readonly text: string;
  /** Images and files, where the dialect can carry them. */
  readonly media: readonly { readonly mediaType: string; readonly base64: string; readonly filename?: string }[];
  readonly error?: ToolError;
}

/** The triple that OpenAI's `mcp_call.error` has, plus what a model should know of a tool that cannot be reached. */
export interface ToolError {
  readonly type: 'mcp_protocol_error' | 'mcp_tool_execution_error' | 'http_error' | 'tool_unavailable';
  readonly code: string | number;
  readonly message: string;
  readonly retryable?: boolean;
  readonly retry_after_s?: number;
  readonly outcome?: 'unknown';
  /** The schema of the arguments that were wrong. */
  readonly parameters?: Json;
}

/** A call, whose it is, and what came of it. */
export interface SettledCall {
  readonly call: ModelCall;
  readonly owner: Owner;
  /** What the client knows the call by. */
  readonly clientId: string;
  /** Of all but the client's own calls. */
  readonly answer?: ToolAnswer;
}

export interface Round {
  readonly turn: Turn;
  readonly calls: readonly SettledCall[];
}

export type StopReason = 'rounds' | 'calls' | 'bytes' | 'seconds' | 'repeated';

/** A call that waits for a person. */
export interface PendingApproval {
  readonly id: string;
  readonly call: ModelCall;
  readonly api: string;
  readonly message: string;
}

/** How a request ended. */
export interface LoopEnd {
  readonly rounds: readonly Round[];
  readonly stopped?: { readonly reason: StopReason; readonly notDone: readonly string[] };
  /** Told by the bridge in the model's place. */
  readonly notice?: string;
  readonly approvals: readonly PendingApproval[];
}
