/** What policies remember between calls. Methods are asynchronous, so that Redis can stand behind the same names; cells may answer at once. */
export interface PolicyStore {
  readonly windows: WindowStore;
  readonly cells: CellStore;
  /** The same cells, but that a shared store which cannot be reached throws STORE_FAILED instead of going on alone. */
  readonly strict: CellStore;
  /** Texts that every replica can read again. */
  readonly texts: TextStore;
  readonly cache: CacheStore;
  close(): Promise<void>;
}

export interface WindowLimit {
  readonly calls: number;
  readonly windowMs: number;
}

/** `waitMs`: the earliest moment at which a place may become free. */
export type Taken = { readonly taken: true } | { readonly taken: false; readonly waitMs: number };

/** Sliding windows: at most `calls` places are taken in any stretch of `windowMs`. */
export interface WindowStore {
  /** Takes a place, or tells how long until there may be one. A refused take occupies nothing. */
  take(key: string, limit: WindowLimit): Promise<Taken>;
}

/** Small pieces of JSON that are changed as one step, however many replicas change them. */
export interface CellStore {
  /**
   * Replaces a cell's value by what `change` makes of it and gives `change`'s result. `change` must be pure: a shared
   * store runs it again when another replica was faster. A cell is forgotten `ttlMs` after its last change.
   */
  update<State, Result>(
    key: string,
    ttlMs: number,
    change: (state: State | undefined) => { readonly state: State; readonly result: Result },
  ): Result | Promise<Result>;
}

/** An answer kept for later. `policy` is `http-cache-semantics`' own serialisation. */
export interface CacheEntry {
  readonly status: number;
  readonly statusText: string;
  readonly headers: { readonly [name: string]: string | readonly string[] };
  readonly body: Uint8Array;
  readonly policy: object;
}

export interface CacheStore {
  get(key: string): Promise<CacheEntry | undefined>;
  /** Keeps the entry for at most `ttlMs`, or not at all when there is no room. `tags` are what it can be dropped by. */
  set(
    key: string,
    entry: CacheEntry,
    keep: { readonly ttlMs: number; readonly tags: readonly string[] },
  ): Promise<void>;
  delete(key: string): Promise<void>;
  /** Drops every entry that has one of the tags. */
  dropTagged(tags: readonly string[]): Promise<void>;
}

/** Texts kept for a while, as a whole. */
export interface TextStore {
  set(key: string, text: string, ttlMs: number): Promise<void>;
  get(key: string): Promise<string | undefined>;
}
