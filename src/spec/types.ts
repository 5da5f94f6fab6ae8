import type { Diagnostic } from '../diagnostic.ts';

/** How `spec/` says what it found. */
export type ReportFinding = (
  severity: Diagnostic['severity'],
  code: string,
  pointer: string,
  message: string,
  hint?: string,
) => void;

/** Any JSON object of a document, before its shape is known. Read members through `own`, never by bare indexing of user keys. */
export type JsonObject = { readonly [key: string]: unknown };

/**
 * A document after `spec/`: whatever version it was written in, its `paths`, parameters, request bodies, responses,
 * servers and security schemes have OpenAPI 3.1/3.2 shape. Files it referred to are mounted inside it, so that every
 * `$ref` is local. Schema keywords stay as written (3.0's `nullable` and boolean `exclusiveMinimum` included): the one
 * schema converter in `operation/` reads all dialects.
 */
export type OpenApiDocument = JsonObject;

export interface Resolved {
  readonly node: unknown;
  /** The pointer where the chain of references ends, e.g. `/components/schemas/Pet`. */
  readonly pointer: string;
}

/** Follows local references: `#/pointer` (RFC 6901, percent-encoded or not), `#anchor`, `#`, and `$self`/`$id` based ones. */
export interface References {
  /** The node at the end of the chain, or undefined when it leads nowhere or only to itself. Memoised; prototype-safe. */
  resolve(ref: string): Resolved | undefined;
}

export interface SpecSource {
  /** File path, URL, or `<stdin>`: how messages name the document. */
  readonly name: string;
  /** The URL it was retrieved from, for relative server URLs; absent for files and stdin. */
  readonly url?: string;
}

export interface LoadedSpec {
  readonly document: OpenApiDocument;
  /** As declared: `2.0`, `3.0.4`, `3.1.2`, `3.2.0`. */
  readonly version: string;
  readonly source: SpecSource;
  /** Files besides the entry document. */
  readonly files: readonly SourceFile[];
  readonly references: References;
  readonly diagnostics: readonly Diagnostic[];
}

/** What fetches a document's text; injected, since `spec/` does not reach the network. `url` is the one finally answered. */
export type FetchText = (
  url: string,
  limits: { maxBytes: number; timeoutMs: number },
) => Promise<{ text: string; url: string }>;

/** A further file a document was made of, as it was when it was read. */
export interface SourceFile {
  readonly path: string;
  readonly mtimeMs: number;
  readonly size: number;
}
