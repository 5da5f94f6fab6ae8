import { createHmac } from 'node:crypto';

/** How arguments and answers stand in the log. */
export interface Payloads {
  /** Of what a model sent, by the tool's input schema: passwords never appear. */
  arguments(value: unknown, schema: unknown): unknown;
  /** Of an answer's body. */
  response(body: Uint8Array, mediaType: string): unknown;
}

/**
 * Whole payloads when `whole`, else their shape and a hash. The hash is keyed (`hashKey`, made per process by default), so
 * that a reader of the log cannot find short values by trying; equal payloads of one process have equal hashes.
 */
export function createPayloads(options: { readonly whole: boolean; readonly hashKey: Uint8Array }): Payloads {
  const digest = (bytes: Uint8Array | string) => createHmac('sha256', options.hashKey).update(bytes).digest('hex');
  return {
    arguments(value, schema) {
      if (options.whole) return withoutPasswords(value, schema, 0);
      return { shape: shapeOf(value, 0), hash: digest(JSON.stringify(value) ?? '') };
    },
    response(body, mediaType) {
      const value = options.whole || body.length <= 65_536 ? readBody(body, mediaType) : undefined;
      if (options.whole && value !== undefined) return value;
      return { shape: value === undefined ? `${mediaType || 'bytes'}` : shapeOf(value, 0), hash: digest(body) };
    },
  };
}

const MAX_DEPTH = 6;
const MAX_MEMBERS = 50;

/** Types in place of values: `{"id":"integer","tags":["string"]}`. Deeper than 6 and more than 50 members are left out. */
function shapeOf(value: unknown, depth: number): unknown {
  if (value === null) return 'null';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  if (typeof value !== 'object') return typeof value;
  if (depth >= MAX_DEPTH) return Array.isArray(value) ? 'array' : 'object';
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0], depth + 1)];
  const members = Object.entries(value).slice(0, MAX_MEMBERS);
  return Object.fromEntries(members.map(([name, member]) => [name, shapeOf(member, depth + 1)]));
}

const HIDDEN = '[password]';

/** `format: password` and `writeOnly` values are replaced, also inside arrays and objects. */
function withoutPasswords(value: unknown, schema: unknown, depth: number): unknown {
  if (typeof schema !== 'object' || schema === null || depth > 64) return value;
  const { format, writeOnly, items, properties } = schema as { readonly [keyword: string]: unknown };
  if ((format === 'password' || writeOnly === true) && value !== null && value !== undefined) return HIDDEN;
  if (Array.isArray(value)) return value.map((item) => withoutPasswords(item, items, depth + 1));
  if (typeof value !== 'object' || value === null || typeof properties !== 'object' || properties === null)
    return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      Object.hasOwn(properties, name)
        ? withoutPasswords(member, (properties as { readonly [name: string]: unknown })[name], depth + 1)
        : member,
    ]),
  );
}

/** JSON as a value, text as a string; undefined for anything else. */
function readBody(body: Uint8Array, mediaType: string): unknown {
  const type = mediaType.split(';', 1)[0]!.trim().toLowerCase();
  const json = type === 'application/json' || type.endsWith('+json');
  if (!json && !type.startsWith('text/')) return undefined;
  const text = new TextDecoder().decode(body);
  if (!json) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
