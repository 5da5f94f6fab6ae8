import type { Clock } from '../clock.ts';
import { KEEP_ALIVE } from './sse.ts';

export interface StreamBodyOptions {
  /** Of silence, after which a comment is sent. */
  readonly keepAliveMs: number;
  readonly clock: Clock;
  /** The client is gone. */
  readonly onCancel: () => void;
}

/** A response's body out of pieces of text; comments keep the connection open while there are none. */
export function streamBody(
  pieces: AsyncGenerator<string, void>,
  { keepAliveMs, clock, onCancel }: StreamBodyOptions,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const ended = new AbortController();
  let sentAt = clock.now();

  async function keepAlive(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    while (!ended.signal.aborted) {
      await clock.sleep(Math.max(1, sentAt + keepAliveMs - clock.now()), ended.signal);
      if (clock.now() - sentAt < keepAliveMs) continue;
      sentAt = clock.now();
      controller.enqueue(encoder.encode(KEEP_ALIVE));
    }
  }

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        keepAlive(controller).catch(() => undefined);
      },
      async pull(controller) {
        for (;;) {
          const { done, value } = await pieces.next();
          if (done) {
            ended.abort();
            return controller.close();
          }
          if (value === '') continue;
          sentAt = clock.now();
          return controller.enqueue(encoder.encode(value));
        }
      },
      cancel() {
        ended.abort();
        onCancel();
      },
    },
    { highWaterMark: 0 },
  );
}
