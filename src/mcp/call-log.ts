import { LOG_LEVEL_META_KEY, type LoggingLevel, type Server, type ServerContext } from '@modelcontextprotocol/server';
import type { CallOutcome } from '../bridge.ts';
import type { Tool } from '../tool/types.ts';

const LEVELS: readonly LoggingLevel[] = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
];

/** Says one thing about a call to the client that made it; never more than the level it asked for. */
export type Say = (level: LoggingLevel, text: string) => void;

/** The log messages of one connection. */
export interface ClientLog {
  /** The client has asked for messages, for all requests to come. */
  readonly asked: boolean;
  /** Undefined for a client that asked for no messages: with `logging/setLevel` before 2026-07-28, with each request since. */
  sayer(context: ServerContext): Say | undefined;
}

/**
 * Log messages for clients that ask for them. The SDK alone would also send them to older clients that never did. What is
 * said holds no argument, URL or header.
 */
export function createClientLog(server: Server): ClientLog {
  let lowest: number | undefined;
  server.setRequestHandler('logging/setLevel', ({ params }) => {
    lowest = LEVELS.indexOf(params.level);
    return {};
  });
  return {
    get asked() {
      return lowest !== undefined;
    },
    sayer({ mcpReq }) {
      const envelope: { readonly [key: string]: unknown } = mcpReq.envelope ?? {};
      const asked = envelope[LOG_LEVEL_META_KEY] !== undefined;
      if (!asked && lowest === undefined) return undefined;
      return (level, text) => {
        if (!asked && LEVELS.indexOf(level) < lowest!) return;
        mcpReq.log(level, text, 'actionbridge').catch(() => undefined);
      };
    },
  };
}

/** A call that begins, in words. */
export function describeTool({ name, api, request }: Tool): string {
  return `${name} is ${request.method} ${request.path} of ${api}`;
}

/** A call that ended, in words. */
export function describeOutcome({ tool, result, trace, ms }: CallOutcome): string {
  const what = 'status' in result ? `HTTP ${result.status}` : result.kind;
  const how = trace.cached ? 'from the cache' : `${trace.attempts} sent`;
  return `${tool.name} ended: ${what}, ${how}, ${Math.round(ms)} ms`;
}
