import type { Diagnostic } from '../diagnostic.ts';

/**
 * `exact`: requests are what the document describes. `degraded`: served, but not as written, or described in less detail.
 * `refused`: not served. `left-out`: the operator's own filters or config hide it.
 */
export type Verdict = 'exact' | 'degraded' | 'refused' | 'left-out';

/** One operation of a document and what became of it. */
export interface OperationReport {
  readonly verdict: Verdict;
  readonly method: string;
  readonly path: string;
  /** JSON pointer to the operation. */
  readonly pointer: string;
  /** Absent unless it is served. */
  readonly tool?: string;
  /** Everything found in what its request is made of, components included. */
  readonly findings: readonly Diagnostic[];
}

/** A document and how faithfully it is served. */
export interface DocumentReport {
  readonly api: string;
  readonly file: string;
  readonly title: string;
  readonly openapi: string;
  readonly counts: { readonly [verdict in Verdict]: number };
  readonly operations: readonly OperationReport[];
  /** What is about no single operation. */
  readonly findings: readonly Diagnostic[];
  /** What the OpenAPI schemas object to; it is served nevertheless. */
  readonly validation: readonly Diagnostic[];
}
