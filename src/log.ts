import type { Logger } from 'pino';
import { type Clock, systemClock } from './clock.ts';

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogFields {
  /** The same in the answer's `_meta`, the audit record and the span. */
  readonly requestId?: string;
  readonly [name: string]: unknown;
}

/** Lines for people and machines, never on stdout: that is the MCP wire. */
export interface Log {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** The same log with these members in every line. */
  with(fields: LogFields): Log;
  /** Writes at once what still waits for the logger to be loaded; for the end of the process. */
  flush(): void;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** Takes secrets out of a line. */
  readonly mask: (text: string) => string;
  /** Lines for a person instead of JSON; default: whether stderr is a terminal. */
  readonly human?: boolean;
  /** Default: stderr, synchronous. */
  readonly write?: (line: string) => void;
  readonly clock?: Clock;
}

type Level = Exclude<LogLevel, 'silent'>;

interface Line {
  readonly at: number;
  readonly level: Level;
  readonly message: string;
  readonly fields: LogFields;
}

/** A log on stderr. pino is loaded by the first line that is written, not before: serving over stdio starts without it. */
export function createLog(options: LogOptions): Log {
  const clock = options.clock ?? systemClock;
  const human = options.human ?? process.stderr.isTTY === true;
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const put = (line: Line) => write(`${options.mask(human ? humanLine(line) : jsonLine(line))}\n`);
  const waiting: Line[] = [];
  let logger: Logger | undefined;
  let loading: Promise<void> | undefined;

  const flush = () => {
    for (const line of waiting.splice(0)) put(line);
  };

  async function load(): Promise<void> {
    const { pino } = await import('pino');
    const stream = {
      write: (text: string) => write(`${options.mask(human ? humanFromJson(text) : text.trimEnd())}\n`),
    };
    logger = pino(
      {
        level: options.level,
        base: null,
        timestamp: false,
        messageKey: 'message',
        formatters: { level: (label) => ({ level: label }) },
      },
      stream,
    );
    for (const line of waiting.splice(0)) emit(logger, line);
  }

  function log(line: Line): void {
    if (logger) return emit(logger, line);
    waiting.push(line);
    if (loading) return;
    loading = load().catch(flush);
    process.once('exit', flush);
  }

  const child = (shared: LogFields): Log => {
    const at = (level: Level) =>
      LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf(options.level)
        ? () => undefined
        : (message: string, fields?: LogFields) =>
            log({ at: clock.now(), level, message, fields: { ...shared, ...fields } });
    return {
      error: at('error'),
      warn: at('warn'),
      info: at('info'),
      debug: at('debug'),
      with: (fields) => child({ ...shared, ...fields }),
      flush,
    };
  };
  return child({});
}

function emit(logger: Logger, { at, level, message, fields }: Line): void {
  logger[level]({ time: new Date(at).toISOString(), ...fields }, message);
}

function jsonLine({ at, level, message, fields }: Line): string {
  return JSON.stringify({ level, time: new Date(at).toISOString(), ...fields, message });
}

function humanFromJson(text: string): string {
  const { level, time, message, ...fields } = JSON.parse(text) as { level: Level; time: string; message: string };
  return humanLine({ at: Date.parse(time), level, message, fields });
}

function humanLine({ at, level, message, fields }: Line): string {
  const members = Object.entries(fields).map(([name, value]) => `${name}=${plain(value)}`);
  return [new Date(at).toISOString().slice(11, 19), level.padEnd(5), oneLine(message), ...members].join(' ').trimEnd();
}

function plain(value: unknown): string {
  const text =
    typeof value === 'string' && /^[\w.:/@+-]+$/.test(value) ? value : (JSON.stringify(value) ?? 'undefined');
  return oneLine(text);
}

/** What others wrote must not move a terminal's cursor or begin a line of its own. */
function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ');
}
