/** A tools/list result whose tools are to be filled in: see `mcp/server.ts`, `listIsWrittenByTransport`. */
export function isEmptyList(message: object): boolean {
  const { result } = message as { readonly result?: { readonly tools?: unknown } };
  return Array.isArray(result?.tools) && result.tools.length === 0;
}

/**
 * The JSON of a message in pieces, an empty list filled in with one that is already JSON. For GitHub's 1,223 tools that saves 70 ms and
 * 30 MB of checking and copying what the bridge itself has just made.
 */
export function writeWithList(message: object, list: () => Uint8Array): readonly (string | Uint8Array)[] {
  const text = JSON.stringify(message);
  if (!isEmptyList(message)) return [text];
  const place = text.indexOf('"tools":[]') + '"tools":'.length;
  return [text.slice(0, place), list(), text.slice(place + 2)];
}
