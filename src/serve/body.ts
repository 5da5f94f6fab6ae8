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
export async function readJsonBody(request: IncomingMessage): Promise<JsonBody> {
  checkMediaType(request);
  const bytes = await readBytes(request);
  const value = parse(bytes);
  if (Array.isArray(value)) refuse('BATCH', 'Batches are not served: send one message a request', INVALID_REQUEST);
  if (isDeeper(value, MAX_DEPTH))
    refuse('TOO_DEEP', `The JSON is nested deeper than ${MAX_DEPTH} levels`, INVALID_REQUEST);
  return { bytes, value };
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

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let length = 0;
  return new Promise((resolve, reject) => {
    const onData = (chunk: Buffer) => {
      length += chunk.length;
      if (length <= MAX_BODY_BYTES) return void chunks.push(chunk);
      request.off('data', onData).pause();
      reject(tooLarge());
    };
    request
      .on('data', onData)
      .once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length)))
      .once('error', () => reject(cutOff()))
      .once('close', () => reject(cutOff()));
  });
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

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const key in value) if (isDeeper((value as { [key: string]: unknown })[key], levels - 1)) return true;
  return false;
}
