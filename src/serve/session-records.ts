import type { JSONRPCRequest } from '@modelcontextprotocol/server';
import type { CellStore } from '../store/types.ts';

/** All that a session is made of: what the client said first, and who it is. Any replica can make it again from this. */
export interface SessionRecord {
  readonly principal: string | null;
  readonly initialize: JSONRPCRequest;
}

/** The sessions of all replicas. A store that cannot be reached knows none: the client then begins a new one. */
export interface SessionRecords {
  /** Undefined for a session that was never begun, has ended or lay idle too long. Reading keeps it alive. */
  read(id: string): Promise<SessionRecord | undefined>;
  /** Keeps it alive, or puts it back where the store has lost it; false when it has ended elsewhere, true also when nobody can tell. */
  touch(id: string, record: SessionRecord): Promise<boolean>;
  write(id: string, record: SessionRecord): Promise<void>;
  end(id: string): Promise<void>;
}

/** `unknown`: somebody asked for it; a store has no way to look without writing. */
type State = SessionRecord | 'ended' | 'unknown';

/** What was asked for and is not there is remembered no longer than this: ids can be made up. */
const UNKNOWN_MS = 60_000;

export function createSessionRecords(cells: CellStore, idleMs: number): SessionRecords {
  const update = (id: string, ttlMs: number, change: (state: State | undefined) => State) =>
    cells.update<State, State>(`mcp-session:${id}`, ttlMs, (state) => {
      const next = change(state);
      return { state: next, result: next };
    });
  return {
    async read(id) {
      const state = await update(id, UNKNOWN_MS, (known) => known ?? 'unknown').catch(() => 'unknown' as const);
      if (typeof state === 'string') return undefined;
      await update(id, idleMs, (known) => known ?? state).catch(() => undefined);
      return state;
    },
    async touch(id, record) {
      const kept = (known: State | undefined) => (known === undefined || known === 'unknown' ? record : known);
      return (await update(id, idleMs, kept).catch(() => undefined)) !== 'ended';
    },
    async write(id, record) {
      await update(id, idleMs, () => record).catch(() => undefined);
    },
    async end(id) {
      await update(id, idleMs, () => 'ended').catch(() => undefined);
    },
  };
}
