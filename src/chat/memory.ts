import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { CellStore } from '../store/types.ts';
import type { Json } from './lenient.ts';
import type { DialectName } from './types.ts';

/** What happened behind the client's back in a turn that it goes on with. */
export interface Remembered {
  readonly dialect: DialectName;
  /** In the dialect's own form: what stands in the place of the message that the client was shown. */
  readonly items: readonly Json[];
  /** The client's ids of its calls → the upstream's. */
  readonly ids: { readonly [clientId: string]: string };
  /** Responses: what `previous_response_id` stands for at the upstream. */
  readonly previous?: string;
  /** Calls that wait for a person. */
  readonly pending?: readonly RememberedCall[];
}

export interface RememberedCall {
  readonly approval: string;
  /** The upstream's. */
  readonly id: string;
  readonly clientId: string;
  readonly name: string;
  readonly arguments: string;
  /** Proves that the consent is for this very call. */
  readonly state: string;
}

/** Results that belong to a conversation, for a while. A principal finds only what was put there for it. */
export interface TurnMemory {
  put(principal: string | undefined, id: string, turn: Remembered): Promise<void>;
  get(principal: string | undefined, id: string): Promise<Remembered | undefined>;
}

const TTL_MS = 24 * 3_600_000;
/** Characters that a process keeps; the oldest turns go first. */
const MAX_CHARACTERS = 64 * 2 ** 20;
const MAX_TURN = 4 * 2 ** 20;

/** Memory of one process; with `cells` (a shared store) of all replicas. What is forgotten is gone, and never made up. */
export function createTurnMemory(clock: Clock, cells?: CellStore): TurnMemory {
  const local = createLocalTexts(clock);
  return {
    async put(principal, id, turn) {
      const text = JSON.stringify(turn);
      if (text.length > MAX_TURN) return;
      const key = keyOf(principal, id);
      if (!cells) return local.put(key, text);
      await cells.update(key, TTL_MS, () => ({ state: text, result: undefined }));
    },
    async get(principal, id) {
      const key = keyOf(principal, id);
      const text = cells ? await readCell(cells, key) : local.get(key);
      return text ? (JSON.parse(text) as Remembered) : undefined;
    },
  };
}

function keyOf(principal: string | undefined, id: string): string {
  return `chat:${createHash('sha256')
    .update(JSON.stringify([principal ?? null, id]))
    .digest('base64url')}`;
}

async function readCell(cells: CellStore, key: string): Promise<string | null> {
  return cells.update<string | null, string | null>(key, TTL_MS, (state = null) => ({ state, result: state }));
}

function createLocalTexts(clock: Clock) {
  const texts = new Map<string, { readonly text: string; readonly until: number }>();
  let size = 0;
  const drop = (key: string) => {
    size -= texts.get(key)?.text.length ?? 0;
    texts.delete(key);
  };
  return {
    put(key: string, text: string): void {
      drop(key);
      texts.set(key, { text, until: clock.now() + TTL_MS });
      size += text.length;
      for (const [oldest, { until }] of texts) {
        if (size <= MAX_CHARACTERS && until > clock.now()) break;
        drop(oldest);
      }
    },
    get(key: string): string | undefined {
      const known = texts.get(key);
      return known && known.until > clock.now() ? known.text : undefined;
    },
  };
}
