/** Scheme, host and port of an absolute URL with an authority, in WHATWG form; of a tool of an MCP server `mcp://<server>`. */
export function originOf(url: string): string {
  const start = url.indexOf('://') + 3;
  const end = url.slice(start).search(/[/?#]/);
  return end < 0 ? url : url.slice(0, end + start);
}
