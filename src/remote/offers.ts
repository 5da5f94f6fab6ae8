import { cleanText } from '../operation/text.ts';
import { nameOperations } from '../tool/names.ts';
import type { PromptCall, ResourceCall } from './connection.ts';
import type { RemoteServers, ServerState } from './servers.ts';
import type { Completion, CompletionRequest } from './types.ts';
import { matchesTemplate, type UriSpace } from './uris.ts';

/** A resource of a server as the bridge lists it. */
export interface RemoteResource {
  readonly uri: string;
  readonly name: string;
  readonly mimeType?: string;
  readonly description?: string;
}

export interface RemoteTemplate extends Omit<RemoteResource, 'uri'> {
  readonly uriTemplate: string;
}

/** A prompt of a server as the bridge lists it, and where it is found. */
export interface RemotePrompt {
  readonly server: string;
  /** As the server names it. */
  readonly own: string;
  readonly listed: { readonly name: string; readonly description?: string; readonly arguments?: readonly object[] };
}

/** Which servers a caller may see; undefined: all. */
export type Within = ((server: string) => boolean) | undefined;

/** What servers offer besides tools, under the names and addresses of the bridge. */
export interface RemoteOffers {
  resources(within: Within): readonly RemoteResource[];
  templates(within: Within): readonly RemoteTemplate[];
  prompts(within: Within): readonly RemotePrompt['listed'][];
  /**
   * Undefined for an address that is not of a server, or not of one that may be seen. An address as its server writes it will do
   * when no other server has it too. Throws BridgeError when the server fails.
   */
  read(asked: ResourceCall, within: Within): Promise<ReadResult | undefined>;
  /** Undefined as for `read`. */
  watch(uri: string, onUpdated: () => void, within: Within): Promise<(() => void) | undefined>;
  prompt(asked: PromptCall, within: Within): Promise<object | undefined>;
  /** Undefined for a prompt or template that there is not. */
  complete(request: CompletionRequest, within: Within): Promise<Completion | undefined>;
}

export interface ReadContents {
  readonly uri: string;
  readonly mimeType?: string;
  readonly text?: string;
  readonly blob?: string;
}

/** Without contents when it is a question (`resultType: 'input_required'`). */
export interface ReadResult {
  readonly contents?: readonly ReadContents[];
}

const TIMEOUT_MS = 45_000;

export function createOffers(remote: RemoteServers): RemoteOffers {
  const { servers, uris } = remote;
  const find = (uri: string, within: Within) => {
    const found = uris.inside(uri) ?? ownerOf(servers, uri, within);
    return found && (!within || within(found.server)) ? found : undefined;
  };
  const promptNamed = (name: string, within: Within) =>
    promptsOf(servers, within).find(({ listed }) => listed.name === name);
  return {
    resources: (within) => resourcesOf(servers, uris, within),
    templates: (within) => templatesOf(servers, uris, within),
    prompts: (within) => promptsOf(servers, within).map(({ listed }) => listed),
    async read(asked, within) {
      const found = find(asked.uri, within);
      return found && remote.readResource(found.server, { ...asked, uri: found.uri }, AbortSignal.timeout(TIMEOUT_MS));
    },
    async watch(uri, onUpdated, within) {
      const found = find(uri, within);
      return found && remote.watchResource(found.server, found.uri, onUpdated);
    },
    async prompt(asked, within) {
      const found = promptNamed(asked.name, within);
      return found && remote.getPrompt(found.server, { ...asked, name: found.own }, AbortSignal.timeout(TIMEOUT_MS));
    },
    async complete(request, within) {
      const found = request.ref.type === 'ref/prompt' ? promptNamed(request.ref.name, within) : undefined;
      const inside = request.ref.type === 'ref/resource' ? uris.inside(request.ref.uri) : undefined;
      const server = found?.server ?? inside?.server;
      if (server === undefined || (within && !within(server))) return undefined;
      const ref = found
        ? ({ type: 'ref/prompt', name: found.own } as const)
        : ({ type: 'ref/resource', uri: inside!.uri } as const);
      return remote.complete(server, { ...request, ref }, AbortSignal.timeout(TIMEOUT_MS));
    },
  };
}

/** The server whose resource that is by its own address; undefined when none has it, or more than one. */
function ownerOf(servers: readonly ServerState[], uri: string, within: Within) {
  const owners = servers.filter(
    ({ name, offer }) =>
      (!within || within(name)) &&
      (offer?.resources.some((entry) => fieldOf(entry, 'uri') === uri) ||
        offer?.templates.some((entry) => matchesTemplate(fieldOf(entry, 'uriTemplate'), uri))),
  );
  return owners.length === 1 ? { server: owners[0]!.name, uri } : undefined;
}

function fieldOf(entry: unknown, name: string): unknown {
  return typeof entry === 'object' && entry !== null ? (entry as Fields)[name] : undefined;
}

type Fields = { readonly [member: string]: unknown };

/** Everything but addresses and names passes as it came; what lacks them is left out. */
export function resourcesOf(
  servers: readonly ServerState[],
  uris: UriSpace,
  within: Within,
): readonly RemoteResource[] {
  return entriesOf(servers, 'resources', within).flatMap(({ server, entry }) =>
    typeof entry['uri'] === 'string'
      ? [{ ...described(entry), name: named(entry, entry['uri']), uri: uris.outside(server, entry['uri']) }]
      : [],
  );
}

export function templatesOf(
  servers: readonly ServerState[],
  uris: UriSpace,
  within: Within,
): readonly RemoteTemplate[] {
  return entriesOf(servers, 'templates', within).flatMap(({ server, entry }) =>
    typeof entry['uriTemplate'] === 'string'
      ? [
          {
            ...described(entry),
            name: named(entry, entry['uriTemplate']),
            uriTemplate: uris.outside(server, entry['uriTemplate']),
          },
        ]
      : [],
  );
}

/** Named as tools are: `<server>_<prompt>`. */
export function promptsOf(servers: readonly ServerState[], within: Within): readonly RemotePrompt[] {
  const entries = entriesOf(servers, 'prompts', undefined).filter(({ entry }) => typeof entry['name'] === 'string');
  const names = nameOperations(
    entries.map(({ server, entry }) => ({
      api: server,
      id: `${server}_${String(entry['name'])}`,
      method: 'PROMPT',
      path: `/${server}/${String(entry['name'])}`,
    })),
  );
  return entries.flatMap(({ server, entry }, index) =>
    within && !within(server)
      ? []
      : [{ server, own: entry['name'] as string, listed: { ...described(entry), name: names[index]! } }],
  );
}

function entriesOf(servers: readonly ServerState[], part: 'resources' | 'templates' | 'prompts', within: Within) {
  return servers.flatMap(({ name, offer }) =>
    offer && (!within || within(name))
      ? offer[part]
          .filter((entry): entry is Fields => typeof entry === 'object' && entry !== null)
          .map((entry) => ({ server: name, entry }))
      : [],
  );
}

/** Texts that clients show are cleaned; what is of another type than the protocol says is left out. */
function described(entry: Fields): { readonly [member: string]: unknown } {
  const { description, title, mimeType, size, arguments: args, annotations, icons, _meta } = entry;
  return {
    ...(typeof title === 'string' ? { title: cleanText(title) } : {}),
    ...(typeof description === 'string' ? { description: cleanText(description) } : {}),
    ...(typeof mimeType === 'string' ? { mimeType } : {}),
    ...(typeof size === 'number' ? { size } : {}),
    ...(Array.isArray(args) ? { arguments: args } : {}),
    ...(typeof annotations === 'object' && annotations !== null ? { annotations } : {}),
    ...(Array.isArray(icons) ? { icons } : {}),
    ...(typeof _meta === 'object' && _meta !== null ? { _meta } : {}),
  };
}

function named({ name }: Fields, otherwise: string): string {
  return typeof name === 'string' && name !== '' ? cleanText(name) : otherwise;
}
