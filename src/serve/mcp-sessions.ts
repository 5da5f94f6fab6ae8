import type { IncomingMessage, ServerResponse } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import type { JSONRPCRequest, RequestId, Server } from '@modelcontextprotocol/server';
import { type Clock, systemClock } from '../clock.ts';
import type { Caller } from '../config/http-types.ts';
import type { McpServers } from '../mcp/server.ts';
import { tellChanged } from '../mcp/tell.ts';
import type { Part } from '../remote/types.ts';
import type { CellStore } from '../store/types.ts';
import { createEndedSessions } from './ended-sessions.ts';
import { RequestRefused } from './refusal.ts';
import { createSessionIds, type SessionRecord } from './session-ids.ts';
import { SessionTransport } from './session-transport.ts';

export interface SessionsOptions {
  readonly serversFor: (caller: Caller) => McpServers;
  readonly listBytesFor: (caller: Caller) => Uint8Array;
  /** Where the replicas learn that a session has ended. */
  readonly cells: CellStore;
  /** Of the session ids; replicas with the same one go on with each other's sessions. */
  readonly sessionKey: () => Promise<Buffer>;
  /** Of this replica; beyond it the one that lay idle longest ends. Default 1,000. */
  readonly maxSessions?: number;
  /** Default 30 minutes. */
  readonly idleMs?: number;
  readonly clock?: Clock;
}

/** A client of a revision before 2026-07-28, from `initialize` to DELETE. */
export interface Session {
  readonly server: Server;
  readonly transport: SessionTransport;
  /** The SDK's way: anything but calls. */
  handle(request: IncomingMessage, response: ServerResponse, body?: unknown): Promise<void>;
  /** Ends the HTTP request of a cancelled call. */
  abandon(id: RequestId): void;
}

export interface Sessions {
  /** The session of this id, from any replica, if it is this caller's; nobody learns of another's. */
  find(id: string, caller: Caller): Session | undefined | Promise<Session | undefined>;
  /** A session that begins with this `initialize` request. Throws RequestRefused: 503 when there is no room, 400 for a client that says too much. */
  begin(initialize: JSONRPCRequest, caller: Caller): Promise<Session>;
  changed(part: Part): void;
  /** Ends the streams on which clients wait for changes; they may open them again, elsewhere. */
  endStreams(): void;
  close(): Promise<void>;
}

interface Held extends Session {
  readonly id: string;
  readonly record: SessionRecord;
  usedAt: number;
  /** When it was last asked whether it has ended elsewhere. */
  askedAt: number;
  streams: number;
}

const DEFAULTS = { maxSessions: 1_000, idleMs: 30 * 60_000 };
const CHECK_MS = 60_000;

export function createSessions(options: SessionsOptions): Sessions {
  const { maxSessions, idleMs } = { ...DEFAULTS, ...options };
  const clock = options.clock ?? systemClock;
  const ids = createSessionIds(options.sessionKey, clock);
  const ended = createEndedSessions(options.cells);
  const sessions = new Map<string, Held>();
  const restoring = new Map<string, Promise<Held | undefined>>();
  const sweep = setInterval(() => endIdle(clock.now() - idleMs), CHECK_MS).unref();

  /** A session that is held as soon as the client's `initialize` has been accepted. */
  async function prepare(id: string, caller: Caller, record: SessionRecord): Promise<Held> {
    makeRoom();
    const servers = options.serversFor(caller);
    const server = servers.create(true);
    const transport = new SessionTransport({
      quick: (message, signal) => servers.quickOn(server, message, { signal, sessionId: id }),
      sessionIdGenerator: () => id,
      listBytes: () => options.listBytesFor(caller),
      onsessioninitialized: () => void sessions.set(id, held),
      onsessionclosed: () => forget(id),
    });
    await server.connect(transport);
    const handle = toNodeHandler({
      fetch: (request, given) => transport.handleRequest(request, given),
    }) as unknown as Session['handle'];
    const held: Held = {
      id,
      record,
      server,
      transport,
      usedAt: clock.now(),
      askedAt: clock.now(),
      streams: 0,
      async handle(request, response, body) {
        if (request.method === 'GET') {
          held.streams++;
          response.once('close', () => {
            held.streams--;
            held.usedAt = clock.now();
          });
        }
        await handle(request, response, body);
      },
      abandon: (request) => transport.abandon(request),
    };
    return held;
  }

  function makeRoom(): void {
    if (sessions.size < maxSessions) return;
    const oldest = [...sessions.values()].filter((held) => !isInUse(held)).sort((a, b) => a.usedAt - b.usedAt)[0];
    if (!oldest)
      throw new RequestRefused({
        status: 503,
        code: 'BUSY',
        message: 'Too many sessions',
        headers: { 'retry-after': '30' },
      });
    drop(oldest);
  }

  function endIdle(before: number): void {
    for (const held of sessions.values()) if (held.usedAt < before && !isInUse(held)) drop(held);
  }

  /** Ends it here; whoever has its id may go on with it. */
  function drop(held: Held): void {
    sessions.delete(held.id);
    held.server.close().catch(() => undefined);
  }

  async function forget(id: string): Promise<void> {
    sessions.delete(id);
    await ended.add(id);
  }

  /** Another replica's session, or one that was dropped here: made again by saying what the client said at first. */
  async function restore(id: string, caller: Caller): Promise<Held | undefined> {
    const record = await ids.read(id);
    if (!record || record.principal !== (caller.principal ?? null) || (await ended.has(id))) return undefined;
    const held = await prepare(id, caller, record);
    const answer = await held.transport.handleRequest(initializeRequest(), { parsedBody: record.initialize });
    await answer.body?.cancel();
    return held;
  }

  async function unlessEnded(held: Held): Promise<Held | undefined> {
    if (!(await ended.has(held.id))) return held;
    drop(held);
    return undefined;
  }

  function restoreOnce(id: string, caller: Caller): Promise<Held | undefined> {
    const key = JSON.stringify([id, caller.principal ?? null]);
    const pending = restoring.get(key) ?? restore(id, caller).finally(() => restoring.delete(key));
    restoring.set(key, pending);
    return pending;
  }

  return {
    find(id, caller) {
      const held = sessions.get(id);
      if (!held) return restoreOnce(id, caller);
      if (held.record.principal !== (caller.principal ?? null)) return undefined;
      const now = clock.now();
      held.usedAt = now;
      if (now - held.askedAt < CHECK_MS) return held;
      held.askedAt = now;
      return unlessEnded(held);
    },
    async begin(initialize, caller) {
      const record: SessionRecord = { principal: caller.principal ?? null, initialize };
      return prepare(await ids.make(record), caller, record);
    },
    changed(part) {
      for (const { server } of sessions.values()) tellChanged(server, part).catch(() => undefined);
    },
    endStreams() {
      for (const { transport } of sessions.values()) transport.closeStandaloneSSEStream();
    },
    async close() {
      clearInterval(sweep);
      const all = [...sessions.values()];
      sessions.clear();
      await Promise.all(all.map(({ server }) => server.close().catch(() => undefined)));
    },
  };
}

function isInUse({ streams, transport }: Held): boolean {
  return streams > 0 || transport.busy;
}

function initializeRequest(): Request {
  return new Request('http://localhost/mcp', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
  });
}
