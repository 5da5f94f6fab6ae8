import type { InputSchema, JsonSchema } from '../tool/types.ts';
import type { ArgumentIssue } from './types.ts';

type Arguments = { readonly [name: string]: unknown };

/** SECURITY.md, "Defaults": what one call's arguments may hold. File content (long base64 strings) is bounded by the total alone. */
const LIMITS = { bytes: 1 << 20, depth: 64, items: 10_000, string: 256 * 1024, fileBytes: 16 << 20 };

/** Whether the arguments are an object within the limits; looked at before anything else is done with them. */
export function checkLimits(args: unknown): readonly ArgumentIssue[] {
  if (typeof args !== 'object' || args === null || Array.isArray(args))
    return [{ argument: 'arguments', message: 'must be an object' }];
  let size = 0;
  let files = 0;
  const stack: (readonly [path: string, value: unknown, depth: number])[] = Object.entries(args).map(
    ([name, value]) => [name, value, 1] as const,
  );
  for (let next = stack.pop(); next; next = stack.pop()) {
    const [path, value, depth] = next;
    if (depth > LIMITS.depth)
      return [{ argument: path.slice(0, 60), message: `is nested deeper than ${LIMITS.depth} levels` }];
    if (typeof value === 'string') {
      const file = value.length > LIMITS.string && /^(?:data:[^,]{0,200},)?[A-Za-z0-9+/_=\s-]*$/.test(value);
      if (value.length > LIMITS.string && !file)
        return [{ argument: path, message: `is longer than ${LIMITS.string} characters` }];
      if (file) files += value.length;
      else size += value.length;
    } else if (typeof value === 'object' && value !== null) {
      if (Array.isArray(value) && value.length > LIMITS.items)
        return [{ argument: path, message: `has more than ${LIMITS.items} items` }];
      for (const [key, member] of Object.entries(value)) {
        size += key.length + 4;
        stack.push([Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, member, depth + 1]);
      }
    } else size += 8;
    if (size > LIMITS.bytes || files > LIMITS.fileBytes)
      return [{ argument: 'arguments', message: `are larger than ${LIMITS.bytes} bytes in all` }];
  }
  return [];
}

/**
 * The two slips of models that are mended, and no others: JSON text where only an object or array is allowed, and null for
 * an optional argument that cannot be null, which means that it was left out.
 */
export function normalizeArguments(input: InputSchema, args: Arguments): Arguments {
  let copy: { [name: string]: unknown } | undefined;
  for (const name of Object.keys(args)) {
    const schema = Object.hasOwn(input.properties, name) ? input.properties[name]! : undefined;
    if (!schema) continue;
    const value = args[name];
    const normal =
      value === null
        ? normalizeNull(schema, input.required?.includes(name) ?? false)
        : typeof value === 'string'
          ? parseStructured(schema, value)
          : value;
    if (normal === value) continue;
    copy ??= { ...args };
    if (normal === undefined) delete copy[name];
    else copy[name] = normal;
  }
  return copy ?? args;
}

function normalizeNull(schema: JsonSchema, required: boolean): null | undefined {
  return required || typesOf(schema)?.includes('null') !== false ? null : undefined;
}

function parseStructured(schema: JsonSchema, value: string): unknown {
  const types = typesOf(schema);
  if (!types?.length || !types.every((type) => type === 'object' || type === 'array') || !/^\s*[[{]/.test(value))
    return value;
  try {
    const parsed: unknown = JSON.parse(value);
    return types.includes(Array.isArray(parsed) ? 'array' : 'object') ? parsed : value;
  } catch {
    return value;
  }
}

/** The types a schema names; undefined when it leaves them open. */
function typesOf(schema: JsonSchema): readonly string[] | undefined {
  const type = schema['type'];
  if (typeof type === 'string') return [type];
  if (Array.isArray(type)) return type as string[];
  return Array.isArray(schema['enum']) && !schema['enum'].includes(null) ? [] : undefined;
}
