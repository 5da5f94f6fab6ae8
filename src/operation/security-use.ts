import { own } from '../spec/references.ts';
import type { JsonObject, LoadedSpec } from '../spec/types.ts';
import { asObject, asString, at, type Reading } from './reading.ts';
import { readServers } from './servers.ts';
import type { Server } from './types.ts';

/** Names of security schemes in the document's requirements, each with the first place it stands at; `declared`: `security` stands somewhere. */
export function namedInRequirements(spec: LoadedSpec): {
  readonly declared: boolean;
  readonly named: ReadonlyMap<string, string>;
} {
  const named = new Map<string, string>();
  let declared = false;
  for (const { node, pointer } of holders(spec)) {
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

interface Holder {
  readonly node: JsonObject;
  readonly pointer: string;
}

/** What may have `security`: the document and its operations. `withItems`: path items too, which may have servers. */
function* holders(spec: LoadedSpec, withItems = false): Generator<Holder> {
  yield { node: spec.document, pointer: '' };
  for (const [path, written] of Object.entries(asObject(own(spec.document, 'paths')) ?? {})) {
    const ref = asString(own(written, '$ref'));
    const resolved = ref === undefined ? undefined : spec.references.resolve(ref);
    const [item, pointer] = [resolved?.node ?? written, resolved?.pointer ?? at('/paths', path)];
    const node = withItems ? asObject(item) : undefined;
    if (node) yield { node, pointer };
    yield* operationsOf(item, pointer);
  }
}

function* operationsOf(item: unknown, pointer: string): Generator<Holder> {
  for (const [key, value] of Object.entries(asObject(item) ?? {})) {
    const node = asObject(value);
    if (!node) continue;
    if (key === 'additionalOperations') yield* operationsOf(node, at(pointer, key));
    else yield { node, pointer: at(pointer, key) };
  }
}

/** Servers of the document, its path items and its operations, each once. */
export function declaredServers(reading: Reading): readonly Server[] {
  const servers = new Map<string, Server>();
  for (const { node } of holders(reading.spec, true)) {
    if (own(node, 'servers') === undefined && node !== reading.spec.document) continue;
    for (const server of serversOf(reading, node)) servers.set(JSON.stringify(server), server);
  }
  return [...servers.values()];
}

/** What is wrong with a server is reported by the operations that use it. */
function serversOf({ spec }: Reading, node: JsonObject): readonly Server[] {
  return readServers({ spec, report: () => undefined }, { ...NOWHERE, node });
}

const NOWHERE = { api: '', path: '', method: '', item: {}, itemPointer: '', node: {}, pointer: '' };

/** The URL that relative API URLs begin at (OAS 3.1 §4.6, "Relative References in URLs"): the first server, its variables by default. */
export function declaredBase(reading: Reading): string | undefined {
  const [server] = serversOf(reading, {});
  const url = (server?.url ?? '').replace(/\{([^{}]+)\}/g, (whole, name: string) =>
    server && Object.hasOwn(server.variables, name) ? server.variables[name]!.default : whole,
  );
  return /^https?:\/\//i.test(url) && URL.canParse(url) ? url : reading.spec.source.url;
}
