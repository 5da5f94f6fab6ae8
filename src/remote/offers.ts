import { cleanText } from '../operation/text.ts';
import { nameOperations } from '../tool/names.ts';
import type { RemoteServers, ServerState } from './servers.ts';
import type { UriSpace } from './uris.ts';

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
  /** Undefined for an address that is not of a server, or not of one that may be seen. Throws BridgeError when the server fails. */
  read(uri: string, within: Within): Promise<readonly ReadContents[] | undefined>;
  prompt(name: string, args: { readonly [name: string]: string }, within: Within): Promise<object | undefined>;
}

export interface ReadContents {
  readonly uri: string;
  readonly mimeType?: string;
  readonly text?: string;
  readonly blob?: string;
}

const TIMEOUT_MS = 45_000;

export function createOffers(remote: RemoteServers): RemoteOffers {
  const { servers, uris } = remote;
  return {
    resources: (within) => resourcesOf(servers, uris, within),
    templates: (within) => templatesOf(servers, uris, within),
    prompts: (within) => promptsOf(servers, within).map(({ listed }) => listed),
    async read(uri, within) {
      const found = uris.inside(uri);
      if (!found || (within && !within(found.server))) return undefined;
      return remote.readResource(found.server, found.uri, AbortSignal.timeout(TIMEOUT_MS));
    },
    async prompt(name, args, within) {
      const found = promptsOf(servers, within).find(({ listed }) => listed.name === name);
      return found && remote.getPrompt(found.server, found.own, args, AbortSignal.timeout(TIMEOUT_MS));
    },
  };
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
