import { createHash } from 'node:crypto';
import type { CellStore } from '../store/types.ts';
import { MAX_AGE_MS } from './session-ids.ts';

/** The sessions that clients ended, at any replica. While the store cannot be reached, none has. */
export interface EndedSessions {
  has(id: string): Promise<boolean>;
  add(id: string): Promise<void>;
}

/** A store has no way to look without writing: what was asked for is remembered no longer than this. */
const ASKED_MS = 60_000;

export function createEndedSessions(cells: CellStore): EndedSessions {
  const update = async (id: string, ttlMs: number, change: (state: string | undefined) => string) =>
    cells.update<string, string>(
      `mcp-session:${createHash('sha256').update(id).digest('base64url')}`,
      ttlMs,
      (state) => {
        const next = change(state);
        return { state: next, result: next };
      },
    );
  const add = async (id: string) => {
    await update(id, MAX_AGE_MS, () => 'ended').catch(() => undefined);
  };
  return {
    async has(id) {
      const state = await update(id, ASKED_MS, (known) => known ?? 'asked').catch(() => undefined);
      if (state !== 'ended') return false;
      await add(id);
      return true;
    },
    add,
  };
}
