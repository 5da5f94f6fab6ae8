import type { IncomingMessage } from 'node:http';
import { RequestRefused } from './refusal.ts';

export const MAX_BODY_BYTES = 2 ** 20;
export const MAX_DEPTH = 64;
const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;

/** A request body, read and checked. */
export interface JsonBody {
  readonly bytes: Buffer;
  readonly value: unknown;
}

/**
 * The JSON of a request: at most 1 MiB and 64 levels deep, no batch. Throws RequestRefused: 415 for another media type or
 * a content coding, 413 for too much (the rest stays unread), 400 for what is not JSON, too deep, or an array.
 */
export function readJsonBody(request: IncomingMessage): Promise<JsonBody> {
  checkMediaType(request);
  return readBytes(request).then(jsonOf);
}

function jsonOf(bytes: Buffer): JsonBody {
  if (isDeeper(bytes, MAX_DEPTH))
    refuse('TOO_DEEP', `The JSON is nested deeper than ${MAX_DEPTH} levels`, INVALID_REQUEST);
  return { bytes, value: parse(bytes) };
}

/** Only what a page cannot send to another origin without asking first (Fetch standard, "CORS-safelisted"). */
function checkMediaType({ headers }: IncomingMessage): void {
  const type = headers['content-type'];
  const coding = headers['content-encoding'];
  if (type === undefined || !/^application\/json[ \t]*(?:;|$)/i.test(type))
    throw unsupported('The body must be application/json');
  if (coding !== undefined && coding.toLowerCase() !== 'identity') throw unsupported('The body must not be compressed');
}

function unsupported(message: string): RequestRefused {
  return new RequestRefused({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE', message });
}

function readBytes(request: IncomingMessage): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > MAX_BODY_BYTES && request.headers.expect !== undefined) throw tooLarge();
  const chunks: Buffer[] = [];
  let length = 0;
  return new Promise((resolve, reject) => {
    const onData = (chunk: Buffer) => {
      const isBatch = length === 0 && beginsArray(chunk);
      length += chunk.length;
      if (!isBatch && Math.max(length, announced) <= MAX_BODY_BYTES) return void chunks.push(chunk);
      request.off('data', onData).pause();
      reject(isBatch ? batch() : tooLarge());
    };
    request
      .on('data', onData)
      .on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length)))
      .on('error', () => reject(cutOff()))
      // Every request closes at last: what comes after its end is not an error to be made.
      .on('close', () => request.readableEnded || reject(cutOff()));
  });
}

/** Told by its first character: a batch is a batch, also when it is too large. */
function beginsArray(chunk: Buffer): boolean {
  let index = 0;
  while (WHITESPACE.includes(chunk[index]!)) index++;
  return chunk[index] === OPEN_ARRAY;
}

function batch(): RequestRefused {
  const message = 'Batches are not served: send one message a request';
  return new RequestRefused({ status: 400, code: 'BATCH', message, rpcCode: INVALID_REQUEST });
}

function tooLarge(): RequestRefused {
  return new RequestRefused({
    status: 413,
    code: 'TOO_LARGE',
    message: `The body is larger than ${MAX_BODY_BYTES} bytes`,
  });
}

function cutOff(): RequestRefused {
  return new RequestRefused({ status: 400, code: 'INCOMPLETE', message: 'The body was cut off' });
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return refuse('INVALID_JSON', 'The body is not JSON', PARSE_ERROR);
  }
}

function refuse(code: string, message: string, rpcCode: number): never {
  throw new RequestRefused({ status: 400, code, message, rpcCode });
}

/** Looked at before anything is made of it: half a million levels fit into 1 MiB, and cost a parser and the collector dearly. */
function isDeeper(json: Buffer, levels: number): boolean {
  let depth = 0;
  for (let index = 0; index < json.length; index++) {
    const byte = json[index]!;
    if (byte === QUOTE) index = endOfString(json, index);
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (++depth > levels) return true;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth--;
  }
  return false;
}

/** RFC 8259 §2. */
const WHITESPACE: readonly number[] = [0x20, 0x09, 0x0d, 0x0a];
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/** The place of the quote that ends the string, or the end of the text. */
function endOfString(json: Buffer, start: number): number {
  for (let index = start + 1; index < json.length; index++) {
    if (json[index] === BACKSLASH) index++;
    else if (json[index] === QUOTE) return index;
  }
  return json.length;
}
