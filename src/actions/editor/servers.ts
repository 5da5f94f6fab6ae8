import { own } from '../../spec/references.ts';
import type { Keys, Say } from './finding.ts';

/** The editor takes the first server, and drops those on other hosts. */
export function checkServers(document: unknown, say: Say): void {
  const urls = urlsOf(own(document, 'servers'));
  const valid = urls.filter(({ url }) => isCallable(url));
  const [first] = valid;
  if (!first) say('gpt-server-missing', ['servers'], 'Could not find a valid URL in `servers`');
  else if (urls.length > 1) say('gpt-servers', ['servers'], `Multiple servers found, using ${first.url}`);
  const host = first && hostOf(first.url);
  for (const { url, keys } of urls) {
    if (host !== undefined && hostOf(url) !== host) dropHost(url, keys, say);
  }
  if (host !== undefined) checkOverrides(own(document, 'paths'), host, say);
}

/** Servers of path items and operations. */
function checkOverrides(paths: unknown, host: string, say: Say): void {
  for (const [path, item] of Object.entries(paths ?? {})) {
    const holders: (readonly [unknown, Keys])[] = [[item, ['paths', path]]];
    for (const [method, operation] of Object.entries((item as object | null) ?? {}))
      if (method !== 'servers' && method !== 'parameters') holders.push([operation, ['paths', path, method]]);
    for (const [holder, keys] of holders)
      for (const server of urlsOf(own(holder, 'servers')))
        if (hostOf(server.url) !== host) dropHost(server.url, [...keys, ...server.keys], say);
  }
}

function dropHost(url: string, keys: Keys, say: Say): void {
  say('gpt-hostname', keys, `Found multiple hostnames, dropping ${url}`);
}

function urlsOf(servers: unknown): { readonly url: string; readonly keys: Keys }[] {
  if (!Array.isArray(servers)) return [];
  return servers.flatMap((server, index) => {
    const url = own(server, 'url');
    return typeof url === 'string' ? [{ url, keys: ['servers', String(index), 'url'] }] : [];
  });
}

/** Absolute and https: ChatGPT calls nothing else. Variables are not filled in. */
function isCallable(url: string): boolean {
  return /^https:\/\/[^{}]+$/i.test(url) && URL.canParse(url);
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname.replace(/^www\./, '') : url;
}
