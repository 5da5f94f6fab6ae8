import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import type { JSONRPCRequest } from '@modelcontextprotocol/server';
import type { Clock } from '../clock.ts';
import type { HttpConfig } from '../config/http-types.ts';
import type { CellStore } from '../store/types.ts';
import { RequestRefused } from './refusal.ts';

/** All that a session is made of: who the client is, and what it said first. */
export interface SessionRecord {
  readonly principal: string | null;
  readonly initialize: JSONRPCRequest;
}

/** Session ids that say what a session is made of, signed: any replica with the same key goes on with it, without asking anybody. */
export interface SessionIds {
  /** Throws RequestRefused (400) when the client says more of itself than a header can carry. */
  make(record: SessionRecord): Promise<string>;
  /** Undefined for an id that is not ours, was changed, or is older than a day. */
  read(id: string): Promise<SessionRecord | undefined>;
}

export const MAX_AGE_MS = 24 * 3_600_000;
const MAX_LENGTH = 4_096;

type Written = readonly [nonce: string, madeAt: number, principal: string | null, params: JSONRPCRequest['params']];

export function createSessionIds(keyOf: () => Promise<Buffer>, clock: Clock): SessionIds {
  let key: Promise<Buffer> | undefined;
  const sign = async (payload: string) => {
    key ??= keyOf();
    return createHmac('sha256', await key)
      .update(payload)
      .digest();
  };
  return {
    async make({ principal, initialize }) {
      const written: Written = [randomBytes(12).toString('base64url'), clock.now(), principal, essence(initialize)];
      const payload = Buffer.from(JSON.stringify(written)).toString('base64url');
      const id = `${payload}.${(await sign(payload)).toString('base64url')}`;
      if (id.length > MAX_LENGTH)
        throw new RequestRefused({ status: 400, code: 'TOO_LARGE', message: 'The client says too much of itself' });
      return id;
    },
    async read(id) {
      const [, payload, mac] = /^([\w-]+)\.([\w-]{43})$/.exec(id.length <= MAX_LENGTH ? id : '') ?? [];
      if (payload === undefined) return undefined;
      if (!timingSafeEqual(await sign(payload), Buffer.from(mac!, 'base64url'))) return undefined;
      const [, madeAt, principal, params] = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Written;
      if (madeAt <= clock.now() - MAX_AGE_MS) return undefined;
      return { principal, initialize: { jsonrpc: '2.0', id: 0, method: 'initialize', params: params! } };
    },
  };
}

/** What a server does anything with: the rest (icons, descriptions) would only travel along. */
function essence({ params }: JSONRPCRequest): JSONRPCRequest['params'] {
  const { protocolVersion, capabilities, clientInfo } = (params ?? {}) as {
    readonly protocolVersion?: string;
    readonly capabilities?: object;
    readonly clientInfo?: { readonly name?: string; readonly version?: string };
  };
  return {
    protocolVersion,
    capabilities,
    clientInfo: { name: clientInfo?.name ?? '', version: clientInfo?.version ?? '' },
  };
}

/**
 * The key of the session ids of all replicas: from their tokens, which they have in common (dearly, so that nobody who has one
 * token can try out what another one is); without tokens one that they share in the store.
 */
export async function sessionKey({ tokens }: HttpConfig, cells: CellStore): Promise<Buffer> {
  if (tokens.length > 0) return derive(JSON.stringify(tokens.map(({ token }) => token).sort()));
  const made = randomBytes(32).toString('base64');
  const shared = await cells.update<string, string>('mcp-session-key', 30 * MAX_AGE_MS, (known) => {
    const key = known ?? made;
    return { state: key, result: key };
  });
  return Buffer.from(shared, 'base64');
}

function derive(secret: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(secret, 'actionbridge mcp sessions', 32, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
