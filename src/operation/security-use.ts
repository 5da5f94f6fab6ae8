import { own } from '../spec/references.ts';
import type { JsonObject } from '../spec/types.ts';
import { asObject, at, type Reading } from './reading.ts';
import { readServers } from './servers.ts';

/** Names of security schemes in the document's requirements, each with the first place it stands at; `declared`: `security` stands somewhere. */
export function namedInRequirements(document: JsonObject): {
  readonly declared: boolean;
  readonly named: ReadonlyMap<string, string>;
} {
  const named = new Map<string, string>();
  let declared = false;
  for (const { node, pointer } of holders(document)) {
    const written = own(node, 'security');
    if (!Array.isArray(written)) continue;
    declared = true;
    for (const [index, requirement] of written.entries()) {
      for (const name of Object.keys(asObject(requirement) ?? {}))
        if (!named.has(name)) named.set(name, at(at(at(pointer, 'security'), index), name));
    }
  }
  return { declared, named };
}

/** What may have `security`: the document and its operations. */
function* holders(document: JsonObject): Generator<{ readonly node: JsonObject; readonly pointer: string }> {
  yield { node: document, pointer: '' };
  for (const [path, item] of Object.entries(asObject(own(document, 'paths')) ?? {})) {
    for (const [method, value] of Object.entries(asObject(item) ?? {})) {
      const node = asObject(value);
      if (node) yield { node, pointer: at(at('/paths', path), method) };
    }
  }
}

/** The URL that relative API URLs begin at (OAS 3.1 §4.6, "Relative References in URLs"): the first server, its variables by default. */
export function declaredBase(reading: Reading): string | undefined {
  const place = { api: '', path: '', method: '', item: {}, itemPointer: '', node: {}, pointer: '' };
  const [server] = readServers(reading, place);
  const url = (server?.url ?? '').replace(/\{([^{}]+)\}/g, (whole, name: string) =>
    server && Object.hasOwn(server.variables, name) ? server.variables[name]!.default : whole,
  );
  return /^https?:\/\//i.test(url) && URL.canParse(url) ? url : reading.spec.source.url;
}
