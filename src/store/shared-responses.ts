import type { ResponsePage, SavedResponse, SavedResponseOptions } from './saved-responses.ts';
import { createSavedResponses } from './saved-responses.ts';
import type { TextStore } from './types.ts';

/** `SavedResponses` that any replica can read. */
export interface SharedResponses {
  save(text: string, mediaType: string, principal: string | undefined): Promise<SavedResponse | undefined>;
  read(uri: string, principal: string | undefined): Promise<ResponsePage | undefined>;
  /** Those of this replica. */
  list(principal: string | undefined): readonly SavedResponse[];
}

interface Kept {
  readonly text: string;
  readonly mediaType: string;
  readonly principal: string | null;
}

const TTL_MS = 900_000;

/** Answers kept here, and in the shared store for the other replicas. Without the store each replica has its own. */
export function createSharedResponses(texts: TextStore, options: SavedResponseOptions = {}): SharedResponses {
  const local = createSavedResponses(options);
  return {
    async save(text, mediaType, principal) {
      const saved = local.save(text, mediaType, principal);
      const kept: Kept = { text, mediaType, principal: principal ?? null };
      if (saved) await texts.set(saved.uri, JSON.stringify(kept), options.ttlMs ?? TTL_MS);
      return saved;
    },
    async read(uri, principal) {
      const here = local.read(uri, principal);
      if (here) return here;
      const [whole = ''] = uri.split('?');
      const found = await texts.get(whole);
      if (found === undefined) return undefined;
      const kept = JSON.parse(found) as Kept;
      return kept.principal === (principal ?? null) ? pageOf(kept, uri, options) : undefined;
    },
    list: (principal) => local.list(principal),
  };
}

/** By the same rules as the replica that has it. */
function pageOf({ text, mediaType }: Kept, uri: string, options: SavedResponseOptions): ResponsePage | undefined {
  const [whole = '', query = ''] = uri.split('?');
  const id = whole.slice(whole.lastIndexOf('/') + 1);
  const copy = createSavedResponses({ ...options, newId: () => id });
  copy.save(text, mediaType, undefined);
  return copy.read(query === '' ? whole : `${whole}?${query}`, undefined);
}
