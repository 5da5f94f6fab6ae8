import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { writeWithList } from './prepared-list.ts';

/**
 * Messages to stdout. Those of one turn of the event loop go out in one write: with many calls in flight, writing was most of a
 * call. A list is filled in: `writeWithList`.
 */
export class StdioOutput {
  readonly #listBytes: () => Uint8Array;
  #waiting = '';
  #drain: Promise<void> | undefined;

  constructor(listBytes: () => Uint8Array) {
    this.#listBytes = listBytes;
  }

  /** Resolves when the next message may be sent: a client that reads more slowly than it asks is waited for. */
  send(message: JSONRPCMessage): Promise<void> {
    const [text, ...rest] = writeWithList(message, this.#listBytes);
    if (rest.length > 0) return this.#sendInPieces([text!, ...rest]);
    if (this.#waiting === '') setImmediate(() => this.flush());
    this.#waiting += `${text}\n`;
    if (!process.stdout.writableNeedDrain) return SENT;
    this.#drain ??= drained().finally(() => {
      this.#drain = undefined;
    });
    return this.#drain;
  }

  flush(): void {
    const text = this.#waiting;
    this.#waiting = '';
    if (text !== '') process.stdout.write(text);
  }

  #sendInPieces(pieces: readonly (string | Uint8Array)[]): Promise<void> {
    this.flush();
    for (const piece of pieces) process.stdout.write(piece);
    return new Promise((resolve, reject) => {
      process.stdout.write('\n', (error) => (error ? reject(error) : resolve()));
    });
  }
}

const SENT = Promise.resolve();

function drained(): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      process.stdout.off('drain', done).off('close', done);
      resolve();
    };
    process.stdout.on('drain', done).on('close', done);
  });
}
