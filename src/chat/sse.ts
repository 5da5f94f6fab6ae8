import { UpstreamRefused } from './upstream-error.ts';

/** One event of a `text/event-stream` (WHATWG HTML §9.2). */
export interface SseEvent {
  readonly event: string;
  readonly data: string;
}

/** What a single event may hold: a base64 image fits, an endless line does not. */
const MAX_EVENT_CHARACTERS = 32 * 2 ** 20;

/**
 * Events of a byte stream, those of one piece together. Lenient: any line ending, a byte order mark, comments, fields without
 * the space, and a last event that no empty line ends. Throws UpstreamRefused for an event that does not end within 32 MiB.
 */
export async function* readEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<readonly SseEvent[], void> {
  const decoder = new TextDecoder();
  const parser = createEventParser();
  for await (const chunk of bytes) yield parser.push(decoder.decode(chunk, { stream: true }));
  yield parser.push(`${decoder.decode()}\n\n`);
}

/** The same for text that comes in pieces. */
export function createEventParser(): { push(text: string): SseEvent[] } {
  let held: string[] = [];
  let length = 0;
  let afterCarriage = false;
  let event = '';
  let data: string[] = [];
  let size = 0;

  function line(text: string, found: SseEvent[]): void {
    if (text === '') {
      if (data.length > 0) found.push({ event, data: data.join('\n') });
      event = '';
      data = [];
      size = 0;
      return;
    }
    const colon = text.indexOf(':');
    if (colon === 0) return;
    const name = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(text[colon + 1] === ' ' ? colon + 2 : colon + 1);
    size += text.length;
    if (name === 'data') data.push(value);
    else if (name === 'event') event = value;
  }

  return {
    push(text) {
      held.push(text);
      length += text.length;
      if (length + size > MAX_EVENT_CHARACTERS) throw endless();
      // Joined once a line: a long one would be copied for each of its pieces otherwise.
      if (!afterCarriage && !/[\r\n]/.test(text)) return [];
      const found: SseEvent[] = [];
      const whole = held.join('');
      const breaks = /\r\n|\n|\r/g;
      breaks.lastIndex = Math.max(0, length - text.length - 1);
      let start = 0;
      for (let hit = breaks.exec(whole); hit; hit = breaks.exec(whole)) {
        // A lone CR at the end may be half of CRLF.
        if (hit[0] === '\r' && breaks.lastIndex === whole.length) break;
        line(whole.slice(start, hit.index), found);
        start = breaks.lastIndex;
      }
      held = [whole.slice(start)];
      length = whole.length - start;
      afterCarriage = whole.endsWith('\r');
      return found;
    },
  };
}

function endless(): UpstreamRefused {
  return new UpstreamRefused(502, { error: { message: 'An event of the stream does not end', type: 'server_error' } });
}

/** One event as it is written; `event` only where the dialect names its events. */
export function writeEvent(data: unknown, event?: string): string {
  return `${event === undefined ? '' : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** Keeps proxies between us and the client from closing the connection; clients ignore it. */
export const KEEP_ALIVE = ': keep-alive\n\n';
