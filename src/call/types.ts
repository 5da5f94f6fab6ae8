import type { WantedLogin } from '../auth/missing.ts';
import type { WantedInput } from './server-input.ts';

/** A request, fully written. Serialisable: dry run, audit and golden files show exactly what is sent. */
export interface RequestPlan {
  readonly method: string;
  /** Absolute; equal to its own WHATWG serialisation. */
  readonly url: string;
  /** In order; names as the document writes them. Neither credentials nor Host nor Content-Length. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: string | Uint8Array;
}

/** One thing wrong with the arguments. `argument` is the argument's name, or a path such as `filter.tags[2]`. */
export interface ArgumentIssue {
  readonly argument: string;
  readonly message: string;
}

/** An answer as it came off the wire, decoded (content-encoding removed). */
export interface RawResponse {
  readonly status: number;
  readonly statusText: string;
  /** Lower-case names. */
  readonly headers: { readonly [name: string]: string | readonly string[] };
  readonly body: Uint8Array;
  /** The deadline came while a stream of events went on: these are the events so far. */
  readonly partial?: boolean;
}

/** An answer by media type. */
export type Content =
  | { readonly kind: 'none' }
  | { readonly kind: 'json'; readonly value: unknown; readonly text: string }
  | { readonly kind: 'text'; readonly text: string; readonly mediaType: string }
  | {
      readonly kind: 'image' | 'audio' | 'binary';
      readonly bytes: Uint8Array;
      readonly mediaType: string;
      readonly filename?: string;
    }
  /** Several in one: `bytes` and `mediaType`, its boundary among them, as they came. */
  | {
      readonly kind: 'multipart';
      readonly parts: readonly Part[];
      readonly bytes: Uint8Array;
      readonly mediaType: string;
    }
  /** What a tool of an MCP server answered, its content blocks passed on as they came. */
  | { readonly kind: 'mcp'; readonly blocks: readonly ContentBlock[]; readonly structured?: unknown };

/** One of a multipart answer, itself none. `name`: of a form's field, or its Content-ID. */
export interface Part {
  readonly content: Content;
  readonly name?: string;
}

/** A content block of MCP (revision 2026-07-28; the older ones have the same). */
export type ContentBlock = { readonly _meta?: object; readonly annotations?: object } & (
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image' | 'audio'; readonly data: string; readonly mimeType: string }
  | {
      readonly type: 'resource';
      readonly resource: {
        readonly uri: string;
        readonly mimeType?: string;
        readonly text?: string;
        readonly blob?: string;
      };
    }
  | {
      readonly type: 'resource_link';
      readonly uri: string;
      readonly name: string;
      readonly description?: string;
      readonly mimeType?: string;
    }
);

export interface CallFailure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly retryable: boolean;
  readonly retryAfterSeconds?: number;
  /** Of the JSON-RPC error with which an MCP server refused the request. */
  readonly rpcCode?: number;
  /** What that error tells besides. */
  readonly rpcData?: unknown;
  /** A credential is missing or has ended: what a person could log in to. */
  readonly login?: WantedLogin;
  /** CONFIRMATION_REQUIRED, where nobody could be asked: what the second step takes. */
  readonly confirmation?: PendingConfirmation;
  /** INPUT_REQUIRED: what the MCP server asks of the client before it answers. */
  readonly input?: WantedInput;
}

/** A call that waits for the consent of a person. */
export interface PendingConfirmation {
  /** Good once, for this caller and exactly these arguments. */
  readonly token: string;
  /** Of the tool: carries the token. */
  readonly argument: string;
  /** ISO 8601, UTC. */
  readonly expiresAt: string;
  /** What would be sent, for the person; secrets masked. */
  readonly request: string;
}

/** An answer of the API. */
export interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly content: Content;
  /** A stream of events that went on when the deadline came. */
  readonly partial?: true;
  /** Characters that only a model would have seen, taken out of the content. */
  readonly removed?: number;
}

/** What became of a call. */
export type CallResult =
  | ({ readonly kind: 'ok' } & Answer)
  /** The API said no (HTTP >= 400), or sent us somewhere else: the model may correct itself. */
  | ({ readonly kind: 'refused'; readonly location?: string; readonly retryAfterSeconds?: number } & Answer)
  /** The arguments were wrong: nothing was sent. */
  | { readonly kind: 'invalid'; readonly issues: readonly ArgumentIssue[] }
  /** It broke before an answer; nothing happened upstream, or it is safe to try again. */
  | { readonly kind: 'failed'; readonly error: CallFailure }
  /** Sent, and the outcome could not be learned. */
  | { readonly kind: 'unknown'; readonly error: CallFailure };
