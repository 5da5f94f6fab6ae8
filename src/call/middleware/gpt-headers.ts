import { createHmac, randomBytes } from 'node:crypto';
import { type Clock, systemClock } from '../../clock.ts';
import type { CellStore } from '../../store/types.ts';
import type { CallContext, Exchange, WireMiddleware } from '../execute.ts';

/** What an operator says about an API that was written for GPT Actions. */
export interface GptHeaders {
  /** For `openai-gpt-id`; absent: one made from the API's name. */
  readonly gptId?: string;
}

export interface GptHeadersOptions {
  /** By the name of the API; undefined: its requests carry none of them. */
  readonly of: (api: string) => GptHeaders | undefined;
  /** Holds the key of the ids, so that replicas make the same ones. */
  readonly cells: CellStore;
  readonly clock?: Clock;
}

const KEY_TTL_MS = 30 * 86_400_000;
const DAY_MS = 86_400_000;

/**
 * Adds the headers that ChatGPT sends to actions and that their backends may rely on (facts: "Headers ChatGPT sends"). They
 * come from the connection, never from arguments: the conversation from the client's session, the user id from the caller,
 * another one each day as ChatGPT's is. A header that the request has already stays.
 */
export function gptHeaders(options: GptHeadersOptions): WireMiddleware {
  const clock = options.clock ?? systemClock;
  const keyOf = () =>
    options.cells.update<string, string>('gpt-headers:key', KEY_TTL_MS, (state) => {
      const known = state ?? randomBytes(32).toString('base64');
      return { state: known, result: known };
    });

  return (next) => async (exchange) => {
    const { api } = exchange.call.tool;
    const settings = options.of(api);
    if (!settings) return next(exchange);
    const sign = signerOf(await keyOf());
    const headers = headersFor(exchange, { settings, sign, day: Math.floor(clock.now() / DAY_MS) });
    const given = new Set(exchange.plan.headers.map(([name]) => name.toLowerCase()));
    const added = headers.filter(([name]) => !given.has(name));
    return next({ ...exchange, plan: { ...exchange.plan, headers: [...exchange.plan.headers, ...added] } });
  };
}

type Sign = (...parts: readonly unknown[]) => string;

interface Ids {
  readonly settings: GptHeaders;
  readonly sign: Sign;
  /** Since the epoch. */
  readonly day: number;
}

function headersFor({ call }: Exchange, { settings, sign, day }: Ids): (readonly [name: string, value: string])[] {
  const { context, tool } = call;
  const { client } = context;
  const who = [context.principal ?? null, client?.subject ?? null];
  const subdivision = subdivisionOf(client);
  return [
    ['openai-conversation-id', uuidOf(sign('conversation', ...who, client?.session ?? day))],
    ['openai-ephemeral-user-id', uuidOf(sign('user', ...who, day))],
    ['openai-gpt-id', settings.gptId ?? `g-${sign('gpt', tool.api).slice(0, 9)}`],
    ...(subdivision === undefined ? [] : [['openai-subdivision-1-iso-code', subdivision] as const]),
  ];
}

/** `US-CA`, where the client tells country and region by their codes (ISO 3166). */
function subdivisionOf(client: CallContext['client']): string | undefined {
  const { country = '', region = '' } = client?.location ?? {};
  return /^[A-Za-z]{2}$/.test(country) && /^[A-Za-z0-9]{1,3}$/.test(region)
    ? `${country}-${region}`.toUpperCase()
    : undefined;
}

function signerOf(key: string): Sign {
  return (...parts) => createHmac('sha256', Buffer.from(key, 'base64')).update(JSON.stringify(parts)).digest('hex');
}

/** In the form of a UUID of version 8 (RFC 9562), which is for ids of one's own making. */
function uuidOf(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
