import { own } from '../spec/references.ts';
import type { JsonObject } from '../spec/types.ts';
import { asObject, asString, at, type OperationPlace, type Reading } from './reading.ts';
import type { Server } from './types.ts';

/** Servers of the operation, else of its path item, else of the document, else `/` (OAS 3.2 §4.1.2, §4.9, §4.10). */
export function readServers(reading: Reading, place: OperationPlace): readonly Server[] {
  return (
    readList(reading, place.node, place.pointer) ??
    readList(reading, place.item, place.itemPointer) ??
    readList(reading, reading.spec.document, '') ?? [{ url: absolute(reading, '/'), variables: {} }]
  );
}

/** Undefined where there are none. */
function readList(reading: Reading, holder: JsonObject, pointer: string): readonly Server[] | undefined {
  const written = holder['servers'];
  if (!Array.isArray(written)) return undefined;
  let servers = reading.shared?.servers.get(written);
  if (!servers) {
    servers = readEntries(reading, written, at(pointer, 'servers'));
    reading.shared?.servers.set(written, servers);
  }
  return servers.length > 0 ? servers : undefined;
}

function readEntries(reading: Reading, written: readonly unknown[], pointer: string): Server[] {
  const servers: Server[] = [];
  for (const [index, entry] of written.entries()) {
    const url = asString(own(asObject(entry) ?? {}, 'url'));
    if (url === undefined)
      reading.report('warning', 'server-invalid', at(pointer, index), 'A server needs a url; it is ignored');
    else
      servers.push({ url: absolute(reading, url), variables: readVariables(asObject(own(entry, 'variables')) ?? {}) });
  }
  return servers;
}

function readVariables(written: object): Server['variables'] {
  const variables: Record<string, { default: string; enum?: readonly string[] }> = {};
  for (const [name, value] of Object.entries(written)) {
    const variable = asObject(value);
    const values = own(variable ?? {}, 'enum');
    const fallback = own(variable ?? {}, 'default');
    variables[name] = {
      default: fallback === undefined || fallback === null ? '' : String(fallback),
      ...(Array.isArray(values) ? { enum: values.map(String) } : {}),
    };
  }
  return variables;
}

/**
 * OAS 3.2 §4.6.1: a relative server URL is relative to the document's own URL (RFC 3986 §5). Braces of variables survive:
 * only the part before the first variable is resolved.
 */
function absolute(reading: Reading, url: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url) || url.startsWith('{')) return url;
  const base = reading.spec.source.url;
  if (base === undefined) return url;
  const brace = url.indexOf('{');
  const fixed = brace < 0 ? url : url.slice(0, brace);
  return new URL(fixed, base).href + (brace < 0 ? '' : url.slice(brace));
}
