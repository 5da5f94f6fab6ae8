/**
 * URIs of a server's resources as the bridge gives them out: `<server>+<uri>`, as in `git+https:`. Two servers may have
 * resources of one URI, and templates stay templates.
 */
export interface UriSpace {
  outside(server: string, uri: string): string;
  /** Undefined for what is no URI of ours. */
  inside(uri: string): { readonly server: string; readonly uri: string } | undefined;
}

/** `servers` by their names; schemes hold letters, digits, `-` and `.` only (RFC 3986 §3.1). */
export function createUriSpace(servers: readonly string[]): UriSpace {
  const schemes = new Map<string, string>();
  for (const server of servers) {
    const base = server.toLowerCase().replace(/[^a-z0-9.-]/g, '-');
    let scheme = base;
    for (let index = 2; [...schemes.values()].includes(scheme); index++) scheme = `${base}-${index}`;
    schemes.set(server, scheme);
  }
  const names = new Map([...schemes].map(([server, scheme]) => [scheme, server] as const));
  return {
    outside: (server, uri) => `${schemes.get(server)}+${uri}`,
    inside(uri) {
      const plus = uri.indexOf('+');
      const server = names.get(uri.slice(0, Math.max(plus, 0)).toLowerCase());
      return server === undefined ? undefined : { server, uri: uri.slice(plus + 1) };
    },
  };
}

/** Whether the literal parts of a URI template (RFC 6570) stand in a URI, in order; its scheme has to be one of them. */
export function matchesTemplate(template: unknown, uri: string): boolean {
  if (typeof template !== 'string') return false;
  const [first = '', ...rest] = template.split(/\{[^{}]*\}/);
  const last = rest.pop();
  if (last === undefined) return template === uri;
  if (!first.includes(':') || !uri.startsWith(first)) return false;
  let at = first.length;
  for (const literal of rest) {
    const found = uri.indexOf(literal, at);
    if (found < 0) return false;
    at = found + literal.length;
  }
  return uri.length - last.length >= at && uri.endsWith(last);
}

/** A result with the URIs of the server in it as the bridge gives them out: what is linked to can be read. */
export function withOutsideUris<T>(value: T, outside: (uri: string) => string): T {
  return rewrite(value, outside, 0) as T;
}

/** `uri` of resource links, and of what is embedded or read; other members are nobody's business. */
function rewrite(value: unknown, outside: (uri: string) => string, depth: number): unknown {
  if (depth > 4 || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => rewrite(item, outside, depth + 1));
  const { uri, resource, content, contents, messages } = value as { readonly [member: string]: unknown };
  return {
    ...value,
    ...(typeof uri === 'string' ? { uri: outside(uri) } : {}),
    ...(resource === undefined ? {} : { resource: rewrite(resource, outside, depth + 1) }),
    ...(content === undefined ? {} : { content: rewrite(content, outside, depth + 1) }),
    ...(contents === undefined ? {} : { contents: rewrite(contents, outside, depth + 1) }),
    ...(messages === undefined ? {} : { messages: rewrite(messages, outside, depth + 1) }),
  };
}
