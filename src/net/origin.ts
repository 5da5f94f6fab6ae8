/** Scheme, host and port of an absolute URL with an authority, in WHATWG form; of a tool of an MCP server `mcp://<server>`. */
export function originOf(url: string): string {
  for (let at = url.indexOf('://') + 3; at < url.length; at++) {
    const character = url.charCodeAt(at);
    if (character === SLASH || character === QUESTION_MARK || character === HASH) return url.slice(0, at);
  }
  return url;
}

const [SLASH, QUESTION_MARK, HASH] = [0x2f, 0x3f, 0x23];
