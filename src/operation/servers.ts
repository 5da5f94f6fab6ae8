import { own } from '../spec/references.ts';
import { asObject, asString, at, type OperationPlace, type Reading } from './reading.ts';
import type { Server } from './types.ts';

/** Servers of the operation, else of its path item, else of the document, else `/` (OAS 3.2 §4.1.2, §4.9, §4.10). */
export function readServers(reading: Reading, place: OperationPlace): readonly Server[] {
  for (const [holder, pointer] of [
    [place.node, place.pointer],
    [place.item, place.itemPointer],
    [reading.spec.document, ''],
  ] as const) {
    const servers = readList(reading, own(holder, 'servers'), at(pointer, 'servers'));
    if (servers.length > 0) return servers;
  }
  return [{ url: absolute(reading, '/'), variables: {} }];
}

function readList(reading: Reading, written: unknown, pointer: string): Server[] {
  if (!Array.isArray(written)) return [];
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
