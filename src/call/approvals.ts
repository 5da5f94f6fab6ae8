import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { CellStore } from '../store/types.ts';

/** What an approval was made for: `state` travels with a question and comes back with its answer, `token` is the answer. */
export type ApprovalUse = 'state' | 'token';

/** `foreign`: made for something else, by somebody else, or not by this bridge; which of them cannot be told. */
export type Verdict = 'good' | 'expired' | 'used' | 'foreign';

export interface Approval {
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Signed slips (HMAC-SHA-256) that are good once, for a while, for one caller and one request. They hold no secret. */
export interface Approvals {
  make(use: ApprovalUse, bound: string): Promise<Approval>;
  /** Whether it may be acted upon; it is spent when the answer is `good`. */
  redeem(use: ApprovalUse, bound: string, text: string): Promise<Verdict>;
}

export interface ApprovalsOptions {
  /** Holds the key and which approvals are spent: replicas that share it take each other's. A shared one is strict. */
  readonly cells: CellStore;
  readonly clock: Clock;
  /** Default 10 minutes. */
  readonly ttlMs?: number;
}

export const APPROVAL_TTL_MS = 600_000;

const KEY_TTL_MS = 30 * 86_400_000;
const NONCE_BYTES = 10;
const MAC_BYTES = 16;
const HEAD_BYTES = 4 + NONCE_BYTES;

/**
 * What a slip is bound to is not in it, but in its signature: changed arguments make another signature. The key is made by
 * whoever needs it first, and stays in the store.
 */
export function createApprovals({ cells, clock, ttlMs = APPROVAL_TTL_MS }: ApprovalsOptions): Approvals {
  async function sign(use: ApprovalUse, bound: string, head: Uint8Array): Promise<Uint8Array> {
    const key = await cells.update<string, string>('confirm:key', KEY_TTL_MS, (state) => {
      const known = state ?? randomBytes(32).toString('base64');
      return { state: known, result: known };
    });
    const mac = createHmac('sha256', Buffer.from(key, 'base64'));
    return mac.update(`${use}\n${bound}\n`).update(head).digest().subarray(0, MAC_BYTES);
  }

  async function spend(nonce: string, ms: number): Promise<boolean> {
    return cells.update<true, boolean>(`confirm:used:${nonce}`, ms, (state) => ({
      state: true,
      result: state === undefined,
    }));
  }

  return {
    async make(use, bound) {
      const seconds = Math.ceil((clock.now() + ttlMs) / 1000);
      const head = Buffer.concat([Buffer.alloc(4), randomBytes(NONCE_BYTES)]);
      head.writeUInt32BE(seconds);
      const text = Buffer.concat([head, await sign(use, bound, head)]).toString('base64url');
      return { text, expiresAt: seconds * 1000 };
    },
    async redeem(use, bound, text) {
      const bytes = Buffer.from(text, 'base64url');
      if (bytes.length !== HEAD_BYTES + MAC_BYTES || bytes.toString('base64url') !== text) return 'foreign';
      const head = bytes.subarray(0, HEAD_BYTES);
      if (!timingSafeEqual(bytes.subarray(HEAD_BYTES), await sign(use, bound, head))) return 'foreign';
      const left = head.readUInt32BE() * 1000 - clock.now();
      if (left <= 0) return 'expired';
      return (await spend(head.toString('hex', 4), left)) ? 'good' : 'used';
    },
  };
}
