import { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';

/** Bytes of one message: what arguments may hold, files in them, and a little around. */
const MAX_LINE = 18 * 2 ** 20;
const NEWLINE = 0x0a;

/**
 * Whole lines of a stream, for a transport that reads messages from it. A line is put together once, however many chunks it
 * comes in. The stream's end is ours to pass on: answers to what came before it can still be written.
 */
export class MessageInput extends EventEmitter {
  readonly #source: Readable;
  /** Told of each line first; true: it is dealt with, and the transport does not see it. */
  #taker: ((line: Uint8Array) => boolean) | undefined;
  #rest: Buffer[] = [];
  #length = 0;
  readableEnded = false;
  destroyed = false;

  /** `tooLong` is told once when a line passes 18 MiB; nothing is read any more then. */
  constructor(source: Readable, tooLong: (bytes: number) => void) {
    super();
    this.#source = source;
    source.on('data', (chunk: Buffer) => {
      if (this.destroyed) return;
      this.#take(chunk);
      if (this.#length <= MAX_LINE) return;
      this.finish();
      tooLong(MAX_LINE);
    });
    source.on('error', (error) => this.emit('error', error));
  }

  #take(chunk: Buffer): void {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      const lines =
        this.#rest.length === 0 ? chunk.subarray(0, end) : Buffer.concat([...this.#rest, chunk.subarray(0, end)]);
      this.#rest = [];
      this.#length = 0;
      this.#passAll(lines);
    }
    if (end === chunk.length) return;
    this.#rest.push(chunk.subarray(end));
    this.#length += chunk.length - end;
  }

  #passAll(lines: Buffer): void {
    let from = 0;
    for (let end = lines.indexOf(NEWLINE); end >= 0; end = lines.indexOf(NEWLINE, from)) {
      const line = lines.subarray(from, end + 1);
      from = end + 1;
      this.pass(line);
    }
  }

  /** A whole line, to the taker or else to the transport. */
  pass(line: Uint8Array): void {
    if (!this.#taker?.(line)) this.emit('data', line);
  }

  /** Lets `taker` have the lines it wants; the transport gets the others. */
  offerTo(taker: (line: Uint8Array) => boolean): void {
    this.#taker = taker;
  }

  /** The last message may lack its line end. */
  takeRest(): void {
    if (this.#length > 0 && !this.destroyed) this.#take(Buffer.from('\n'));
  }

  /** Tells the transport that there is no more. */
  finish(): void {
    if (this.destroyed) return;
    this.readableEnded = true;
    this.destroyed = true;
    this.#rest = [];
    this.emit('end');
    this.emit('close');
  }

  pause(): this {
    this.#source.pause();
    return this;
  }
}
