import { isIP } from 'node:net';
import { BridgeError } from '../errors.ts';

/** Which proxy a URL goes through; undefined: none. */
export type ProxyOf = (origin: string) => string | undefined;

/**
 * `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, lower case first, as curl and Go read them. Loopback never goes
 * through a proxy. Throws CONFIG_INVALID for a proxy that is no http(s) URL; the message never shows its password.
 */
export function createProxyOf(environment: { readonly [name: string]: string | undefined }): ProxyOf {
  const read = (name: string) => environment[name.toLowerCase()] || environment[name] || undefined;
  const first = (...names: readonly string[]) => {
    const name = names.find((each) => read(each) !== undefined);
    return name === undefined ? undefined : proxyUrl(name, read(name)!);
  };
  const byScheme: { readonly [scheme: string]: string | undefined } = {
    'https:': first('HTTPS_PROXY', 'ALL_PROXY'),
    'http:': first('HTTP_PROXY', 'ALL_PROXY'),
  };
  const isDirect = createNoProxy(read('NO_PROXY') ?? '');
  return (origin) => {
    const url = new URL(origin);
    return isDirect(url) ? undefined : byScheme[url.protocol];
  };
}

function proxyUrl(name: string, written: string): string {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(written) ? written : `http://${written}`;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new BridgeError('CONFIG_INVALID', `${name} is not the URL of an HTTP proxy`, {
    hint: 'Set it to http://HOST:PORT, or unset it. SOCKS is not supported.',
  });
}

/** Entries: `*`, `host`, `.domain`, `*.domain`, any of them with `:port`. A host stands for its subdomains too. */
function createNoProxy(written: string): (url: URL) => boolean {
  const entries = written
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map((entry) => (isIP(entry) === 6 ? [entry, entry] : /^(.*?)(?::(\d+))?$/.exec(entry)!))
    .map(([, host, port]) => ({ host: host!.replace(/^\[|\]$/g, '').replace(/^\*?\./, ''), port }));
  return ({ hostname, port, protocol }) => {
    const host = hostname.replace(/^\[|\]$/g, '');
    if (host === 'localhost' || host.endsWith('.localhost') || isLoopback(host)) return true;
    const actual = port || (protocol === 'https:' ? '443' : '80');
    return entries.some(
      (entry) =>
        (entry.port === undefined || entry.port === actual) &&
        (entry.host === '*' || host === entry.host || host.endsWith(`.${entry.host}`)),
    );
  };
}

function isLoopback(host: string): boolean {
  return (isIP(host) === 4 && host.startsWith('127.')) || host === '::1';
}
