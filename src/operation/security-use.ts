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
  const visit: VisitHolder = (node, pointer) => {
    const written = node['security'];
    if (!Array.isArray(written)) return;
    declared = true;
    for (const [index, requirement] of written.entries()) {
      for (const name of Object.keys(asObject(requirement) ?? {}))
        if (!named.has(name)) named.set(name, at(at(at(pointer(), 'security'), index), name));
    }
  };
  visit(spec.document, () => '');
  eachItem(spec, (item, pointer) => eachOperation(item, pointer, visit));
  return { declared, named };
}

/** Few holders have anything to say: a pointer is made when it is asked for. */
type VisitHolder = (node: JsonObject, pointer: () => string) => void;

function eachItem(spec: LoadedSpec, visit: VisitHolder): void {
  const paths = asObject(own(spec.document, 'paths')) ?? {};
  for (const path of Object.keys(paths)) {
    const ref = asString(own(paths[path], '$ref'));
    const resolved = ref === undefined ? undefined : spec.references.resolve(ref);
    const item = asObject(resolved?.node ?? paths[path]);
    if (item) visit(item, () => resolved?.pointer ?? at('/paths', path));
  }
}

function eachOperation(item: JsonObject, pointer: () => string, visit: VisitHolder): void {
  for (const key of Object.keys(item)) {
    const node = asObject(item[key]);
    if (!node) continue;
    const place = () => at(pointer(), key);
    if (key === 'additionalOperations') eachOperation(node, place, visit);
    else visit(node, place);
  }
}

/** Servers of the document, its path items and its operations, each once. */
export function declaredServers(reading: Reading): readonly Server[] {
  const servers = new Map<string, Server>();
  const visit = (node: JsonObject): void => {
    if (node['servers'] === undefined && node !== reading.spec.document) return;
    for (const server of serversOf(reading, node)) servers.set(JSON.stringify(server), server);
  };
  visit(reading.spec.document);
  eachItem(reading.spec, (item, pointer) => {
    visit(item);
    eachOperation(item, pointer, visit);
  });
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
