import { createHash } from 'node:crypto';
import type { Tool } from './types.ts';

const known = new WeakMap<Tool, string>();

/** sha-256 (16 hexadecimal digits) over canonical JSON of all that gives the tool its meaning. The same document gives the same one, whatever its key order. */
export function fingerprint(tool: Tool): string {
  const remembered = known.get(tool);
  if (remembered !== undefined) return remembered;
  const { name, title, description, input, hints, request, bindings } = tool;
  const hash = createHash('sha256')
    .update(canonical({ name, title, description, input, hints, request, bindings }))
    .digest('hex')
    .slice(0, 16);
  known.set(tool, hash);
  return hash;
}

/** JSON with object members sorted by name, as RFC 8785 orders them. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}
